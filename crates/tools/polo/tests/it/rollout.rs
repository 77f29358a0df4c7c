//! `polo roles status`: what the StackSet has in each account, and what Polo has asked of it.

use serde_json::json;

use crate::support::{BROKEN, Database, SHOP, STRANGER, SUSPENDED};

async fn with_rollout() -> Database {
    let database = Database::with_accounts().await;
    for (account, status, detailed, reason) in [
        (SHOP, "CURRENT", "SUCCEEDED", ""),
        (BROKEN, "OUTDATED", "FAILED", "Role already exists."),
    ] {
        database
            .sql(&format!(
                "INSERT INTO stack_instances (account_id, stack_set_name, region, present, status, detailed_status, status_reason,
                     read_at, _version)
                 VALUES ('{account}', 'polo-roles', 'us-east-1', true, '{status}', '{detailed}', '{reason}', now64(3), 1)"
            ))
            .await;
    }
    // Two failed since one succeeded; what never began is the last, and is no failure of the account.
    for (days_ago, outcome, reason) in [
        (9, "failed", "before it ever worked"),
        (8, "succeeded", ""),
        (3, "failed", "quota"),
        (2, "cancelled", "stopped"),
        (
            1,
            "refused",
            "cloudformation:UpdateStackInstances failed (denied)",
        ),
    ] {
        database
            .sql(&format!(
                "INSERT INTO provisioning_attempts (account_id, operation_id, stack_set_name, action, asked_at, outcome, reason, _version)
                 VALUES ('{BROKEN}', generateUUIDv4(), 'polo-roles', 'update', now64(3) - INTERVAL {days_ago} DAY, '{outcome}', '{reason}', 1)"
            ))
            .await;
    }
    database
}

#[tokio::test(flavor = "multi_thread")]
async fn each_account_shows_its_instance_and_its_last_attempt() {
    let database = with_rollout().await;
    let ended = database.polo(&["roles", "status"]).await.done();
    let line = |account: &str| {
        ended
            .stdout
            .lines()
            .find(|line| line.starts_with(account))
            .unwrap_or_else(|| panic!("{account} is not in\n{}", ended.stdout))
    };
    for (account, parts) in [
        (SHOP, vec!["active", "current"]),
        (
            BROKEN,
            vec![
                "pending_setup",
                "outdated, failed",
                "update refused, 24 h ago",
                "  2  ",
                "Role already exists.",
            ],
        ),
        (SUSPENDED, vec!["excluded", "none"]),
    ] {
        let line = line(account);
        for part in parts {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
    assert!(
        ended
            .stdout
            .ends_with("Stack instances: 1 current; 1 none; 1 outdated, failed\n"),
        "{}",
        ended.stdout
    );
    assert!(!ended.stdout.contains(STRANGER));
}

/// The deployment has got another StackSet: what was asked of the one before is no attempt of this one, open or not.
#[tokio::test(flavor = "multi_thread")]
async fn attempts_of_another_stack_set_are_not_shown() {
    let database = with_rollout().await;
    database
        .sql(&format!(
            "INSERT INTO provisioning_attempts (account_id, operation_id, stack_set_name, action, asked_at, outcome, reason, _version)
             VALUES ('{BROKEN}', generateUUIDv4(), 'before', 'create', now64(3) - INTERVAL 2 HOUR, 'failed', 'other', 1),
                 ('{BROKEN}', generateUUIDv4(), 'before', 'create', now64(3) - INTERVAL 1 HOUR, 'running', '', 1)"
        ))
        .await;
    let rollout = |json: &serde_json::Value| {
        (
            json["accounts"][1]["last_attempt_outcome"].clone(),
            json["accounts"][1]["failed_attempts"].clone(),
        )
    };
    let status = ["roles", "status", "--json"];
    let shown = database.polo(&status).await.done().json();
    assert_eq!(rollout(&shown), (json!("refused"), json!(2)), "{shown}");

    // A new one that was asked, and listed no instance yet.
    database
        .sql(&format!(
            "INSERT INTO provisioning_attempts (account_id, operation_id, stack_set_name, action, asked_at, outcome, _version)
             VALUES ('{BROKEN}', generateUUIDv4(), 'after', 'create', now64(3) + INTERVAL 1 SECOND, 'running', 1)"
        ))
        .await;
    let shown = database.polo(&status).await.done().json();
    assert_eq!(rollout(&shown), (json!("running"), json!(0)), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_holds_what_never_was_as_null() {
    let database = with_rollout().await;
    let json = database
        .polo(&["roles", "status", "--json"])
        .await
        .done()
        .json();
    let accounts = json["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 3);
    assert_eq!(
        accounts[0],
        json!({
            "account_id": SHOP, "account_name": "shop", "polo_status": "active", "status_reason": "role_works",
            "is_management": false, "stack_status": "CURRENT", "stack_detailed_status": "SUCCEEDED",
            "stack_status_reason": "", "last_attempt_at": null, "last_attempt_action": "",
            "last_attempt_outcome": "", "last_attempt_reason": "", "failed_attempts": 0
        })
    );
    assert_eq!(
        (
            &accounts[1]["last_attempt_outcome"],
            &accounts[1]["last_attempt_reason"],
            &accounts[1]["failed_attempts"]
        ),
        (
            &json!("refused"),
            &json!("cloudformation:UpdateStackInstances failed (denied)"),
            &json!(2)
        )
    );
    let at = accounts[1]["last_attempt_at"].as_str().unwrap();
    assert!(at.ends_with('Z'), "{at}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_registry_says_what_to_do() {
    let database = Database::empty().await;
    let ended = database.polo(&["roles", "status"]).await.done();
    assert_eq!(
        ended.stdout,
        "The registry is empty: run `polo discover`.\n"
    );
}
