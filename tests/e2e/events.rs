//! Events that are delivered again.

use polo_tests::{Account, Organization, Stack};

/// Every event of a day once more, and every schedule fired again for the same time: nothing is done twice.
#[tokio::test(flavor = "multi_thread")]
async fn redelivered_events_change_nothing() {
    let organization = Organization::default()
        .account(
            Account::working("alpha")
                .alias("alpha-alias")
                .instances("us-east-1", 2),
        )
        .account(Account::open("bravo"));
    let (stack, loaded) = Stack::with(&organization).await;
    stack.fire("hourly-discovery").await;
    // It has no role, so it would be due again by itself on a machine that takes minutes.
    let management = &loaded.management_id;
    stack.decide(&["accounts", "exclude", management, "--reason", "no role"]);
    // The tick last, so that the copy for dashboards shows what the sweep changed.
    let schedules = [
        "hourly-discovery",
        "daily-sweep",
        "dispatch-tick",
        "access-check-tick",
    ];
    let mut fired = Vec::new();
    for schedule in schedules {
        if schedule == "access-check-tick" {
            // Due at once, so that the tick has a check to make.
            stack
                .sql(&format!(
                    "INSERT INTO account_settings (account_id, setting, value) VALUES ('{}', 'excluded', 'false')",
                    loaded.account("bravo")
                ))
                .await;
        }
        let (time, id) = stack.next_firing();
        stack.fire_again(schedule, &time, &id).await;
        fired.push((schedule, time));
    }
    assert!(
        stack
            .number("SELECT count() FROM access_checks FINAL WHERE checked_by = 'access-verifier'")
            .await
            > 0,
        "the tick made no check, so it cannot be shown not to repeat it"
    );
    let rows = stack.row_counts().await;
    let facts = facts(&stack).await;
    let events = stack.event_ids().await;
    let before = stack.next_call().await;

    for event_id in &events {
        stack.client.redeliver(event_id).await.expect("redelivered");
    }
    stack.settled().await;
    for (schedule, time) in &fired {
        // The same firing, told once more under another event id: the time is what counts.
        let (_, another_id) = stack.next_firing();
        stack.fire_again(schedule, time, &another_id).await;
    }
    let status = stack.settled().await;

    let forbidden: Vec<_> = stack
        .calls_since(before)
        .await
        .into_iter()
        .filter(|call| !call.lists())
        .collect();
    assert!(forbidden.is_empty(), "{forbidden:#?}");
    assert_eq!(status.dead_letters, 0);
    assert_eq!(stack.row_counts().await, rows);
    assert_eq!(self::facts(&stack).await, facts);
    let refired = u64::try_from(fired.len()).expect("a few");
    let all = u64::try_from(events.len()).expect("a few") + refired;
    assert_eq!(
        status.events, all,
        "a repeated delivery sent events of its own"
    );
}

/// What must not move: the ledger, the checks and the resources, to their last column.
async fn facts(stack: &Stack) -> Vec<String> {
    let mut all = Vec::new();
    for table in [
        "account_facts",
        "account_discoveries",
        "access_checks",
        "dispatches",
        "collector_runs",
        "run_targets",
        "resources",
        "resource_changes",
        "account_alias_aliases",
        "hierarchy_nodes",
        "aws_accounts",
    ] {
        let hash = stack
            .sql(&format!(
                "SELECT groupBitXor(cityHash64(tuple(*))) FROM {table} FINAL"
            ))
            .await;
        all.push(format!("{table} {hash}"));
    }
    all
}
