//! Functions that are killed in mid-run.

use polo_tests::{Gate, Stack};
use serde_json::json;

use crate::kit::one_working_account;

/// The run's attempts, as `attempt outcome finished`.
async fn attempts(stack: &Stack) -> Vec<String> {
    stack
        .rows(
            "SELECT concat(toString(attempt), ' ', if(outcome = '', 'none', outcome), if(finished_at IS NULL, ' unfinished', ' finished'))
            FROM collector_runs FINAL WHERE collector = 'config_ec2' AND trigger = 'manual' ORDER BY started_at, attempt",
        )
        .await
}

/// Killed while it waits for its first answer: the ledger says started, and Lambda's retry of the same request heals it.
#[tokio::test(flavor = "multi_thread")]
async fn killed_run_is_healed_by_the_retry() {
    let (stack, loaded) = one_working_account().await;
    let account = loaded.account("alpha");
    let gate = Gate::before(&stack.env["AWS_ENDPOINT_URL"]).await;
    stack
        .configure("config_ec2", &[("AWS_ENDPOINT_URL_EC2", &gate.url)])
        .await;
    gate.hold();

    stack
        .submit("config_ec2", json!({"account_id": account}))
        .await;
    gate.more_than(0).await;
    assert_eq!(attempts(&stack).await, ["1 none unfinished"]);
    assert_eq!(stack.kill("config_ec2").await, 1);
    gate.open();
    let status = stack.settled().await;

    assert_eq!(status.dead_letters, 0);
    assert_eq!(status.functions["config_ec2"].retries, 1);
    assert_eq!(
        attempts(&stack).await,
        ["1 none unfinished", "2 complete finished"]
    );
    assert_eq!(
        stack
            .number("SELECT count() FROM v_resources WHERE resource_type = 'ec2_instance'")
            .await,
        2
    );
    assert_eq!(last_scan_error(&stack, account).await, "");
}

/// Killed in every attempt: a dead letter, and a run that shows as crashed once its time is up. The next sweep heals it.
#[tokio::test(flavor = "multi_thread")]
async fn crashed_run_shows_and_the_next_sweep_heals_it() {
    let (stack, loaded) = one_working_account().await;
    let account = loaded.account("alpha");
    let gate = Gate::before(&stack.env["AWS_ENDPOINT_URL"]).await;
    stack
        .configure("config_ec2", &[("AWS_ENDPOINT_URL_EC2", &gate.url)])
        .await;
    gate.hold();

    stack
        .submit("config_ec2", json!({"account_id": account}))
        .await;
    let mut arrived = 0;
    for _ in 0..3 {
        gate.more_than(arrived).await;
        arrived = gate.arrivals();
        assert_eq!(stack.kill("config_ec2").await, 1);
    }
    gate.open();
    let status = stack.settled().await;

    assert_eq!(status.dead_letters, 1);
    let ended = attempts(&stack).await;
    assert!(
        !ended.is_empty()
            && ended
                .iter()
                .all(|attempt| attempt.ends_with("none unfinished")),
        "{ended:?}"
    );
    // As it stands an hour later, when the function's time has long been up.
    stack
        .sql(
            "INSERT INTO collector_runs SELECT * REPLACE (deadline_at - INTERVAL 1 HOUR AS deadline_at, _version + 1 AS _version)
            FROM collector_runs FINAL WHERE finished_at IS NULL",
        )
        .await;
    let shown = last_scan_error(&stack, account).await;
    assert!(shown.contains("crashed"), "{shown:?}");

    stack.fire("daily-sweep").await;

    assert_eq!(
        stack
            .rows("SELECT outcome FROM collector_runs FINAL WHERE collector = 'config_ec2' AND trigger = 'event' ORDER BY started_at DESC LIMIT 1")
            .await,
        ["complete"]
    );
    assert_eq!(last_scan_error(&stack, account).await, "");
    assert_eq!(
        attempts(&stack).await,
        ended,
        "the crashed run stays in the ledger"
    );
}

async fn last_scan_error(stack: &Stack, account_id: &str) -> String {
    stack
        .sql(&format!(
            "SELECT last_scan_error FROM v_accounts WHERE account_id = '{account_id}'"
        ))
        .await
}
