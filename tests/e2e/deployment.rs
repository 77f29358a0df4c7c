//! What the StackSet says of an account decides between "not yet" and "no longer".

use polo_tests::{Account, Organization, Stack, swept_collectors};
use reqwest::Method;
use serde_json::json;

/// Rolled out and broken, never targeted, suspended and back.
#[tokio::test(flavor = "multi_thread")]
async fn stack_set_tells_broken_from_never_set_up() {
    let (stack, loaded) = Stack::with(
        &Organization::default()
            .unit("Workloads", "")
            .unit("Acquired", "")
            .rolled_out_to("Workloads")
            .account(Account::bare("alpha").in_unit("Workloads"))
            .account(Account::bare("bravo").in_unit("Workloads"))
            .account(Account::bare("charlie").in_unit("Acquired"))
            .account(Account::bare("delta").in_unit("Workloads")),
    )
    .await;
    let [alpha, bravo, charlie, delta] =
        ["alpha", "bravo", "charlie", "delta"].map(|name| loaded.account(name));
    stack.aws(json!([{
        "service": "iam", "operation": "update_assume_role_policy", "account_id": bravo,
        "arguments": {"RoleName": stack.env["POLO_READ_ROLE_NAME"], "PolicyDocument": json!({
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999988887777:root"}, "Action": "sts:AssumeRole"}]
        }).to_string()}
    }]));
    state(&stack, delta, "SUSPENDED").await;

    stack.fire("hourly-discovery").await;
    // Nobody has read the StackSet yet: a denial alone says nothing.
    assert_eq!(stack.status(bravo).await, "pending_setup never_set_up");
    stack.fire("access-check-tick").await;

    assert_eq!(stack.status(alpha).await, "active role_works");
    assert_eq!(stack.status(bravo).await, "no_access deployed_but_denied");
    assert_eq!(stack.status(charlie).await, "pending_setup never_set_up");
    assert_eq!(stack.status(delta).await, "excluded suspended");
    let before = stack.next_call().await;
    stack.fire("daily-sweep").await;
    let calls = stack.calls_since(before).await;
    for account in [bravo, charlie, delta] {
        assert!(
            calls.iter().all(|call| !call.concerns(account)),
            "{account}: {calls:#?}"
        );
    }

    state(&stack, delta, "ACTIVE").await;
    stack.fire("hourly-discovery").await;
    stack.fire("access-check-tick").await;
    assert_eq!(stack.status(delta).await, "active role_works");
    assert_eq!(
        stack.number(&format!("SELECT count() FROM collector_runs FINAL WHERE account_id = '{delta}' AND outcome = 'complete'")).await,
        swept_collectors().len() as u64,
        "its first collection was asked for by the event"
    );
}

/// Without `Account.Paths` the places are read OU by OU, to the same end.
#[tokio::test(flavor = "multi_thread")]
async fn places_are_the_same_without_paths() {
    let mut found = Vec::new();
    for paths in [true, false] {
        let (stack, _) = Stack::with(
            &Organization::default()
                .unit("Workloads", "")
                .unit("Production", "Workloads")
                .unit("Security", "")
                .account(Account::bare("alpha").in_unit("Production"))
                .account(Account::bare("bravo").in_unit("Security"))
                .account(Account::bare("charlie")),
        )
        .await;
        stack
            .control(Method::POST, "options", json!({"account_paths": paths}))
            .await;
        let before = stack.next_call().await;
        stack.fire("hourly-discovery").await;
        let read = stack
            .calls_since(before)
            .await
            .iter()
            .any(|call| call.operation == "ListAccountsForParent");
        assert_eq!(read, !paths);
        found.push(
            stack
                .rows("SELECT account_name, org_unit FROM v_accounts ORDER BY account_name")
                .await,
        );
    }
    assert_eq!(found[0], found[1]);
    assert!(
        found[0].contains(&"alpha\tRoot/Workloads/Production".to_owned()),
        "{found:?}"
    );
}

async fn state(stack: &Stack, account_id: &str, state: &str) {
    stack
        .control(
            Method::POST,
            "account-state",
            json!({"account_id": account_id, "state": state}),
        )
        .await;
}
