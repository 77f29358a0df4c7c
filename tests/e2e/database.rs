//! ClickHouse down: before an invocation, and in the middle of a run.

use polo_tests::Gate;
use serde_json::json;

use crate::kit::one_working_account;

/// The engine killed: every function fails by the same name and does nothing; with the engine back on its data the same
/// work is done, once.
#[tokio::test(flavor = "multi_thread")]
async fn functions_fail_clearly_while_the_engine_is_down() {
    let (mut stack, loaded) = one_working_account().await;
    let account = loaded.account("alpha").to_owned();
    let rows = stack.row_counts().await;
    let runs = stack
        .number("SELECT count() FROM collector_runs FINAL")
        .await;
    let before = stack.next_call().await;

    stack.kill_engine();
    for (function, payload) in [
        ("account-discovery", json!({})),
        ("access-verifier", json!({})),
        ("collection-dispatcher", json!({})),
        ("config_ec2", json!({"account_id": account})),
        ("account_alias", json!({"account_id": account})),
    ] {
        let failure = stack
            .invoke(function, payload)
            .await
            .expect_err("a failure");
        assert_eq!(failure.error_type, "ClickHouseUnreachable", "{function}");
        assert!(
            failure.message.contains(&stack.env["CLICKHOUSE_URL"])
                && !failure.message.contains('\n'),
            "{}",
            failure.message
        );
    }
    let (time, id) = stack.next_firing();
    let status = stack.fire_again("daily-sweep", &time, &id).await;
    assert_eq!(status.dead_letters, 1);
    let calls = stack.calls_since(before).await;
    assert!(calls.iter().all(|call| !call.assumes_role()), "{calls:#?}");

    stack.restart_engine();
    assert_eq!(
        stack.row_counts().await,
        rows,
        "something was recorded without a database"
    );
    let status = stack.fire_again("daily-sweep", &time, &id).await;
    assert_eq!(status.dead_letters, 1);
    let asked = stack
        .number("SELECT count() FROM dispatches FINAL WHERE sweep_id = (SELECT argMax(sweep_id, requested_at) FROM dispatches)")
        .await;
    assert!(asked > 2, "{asked}");
    assert_eq!(
        stack
            .number("SELECT count() FROM collector_runs FINAL")
            .await,
        runs + asked
    );
    assert_eq!(
        stack
            .number("SELECT count() FROM collector_runs FINAL WHERE outcome != 'complete'")
            .await,
        0
    );
    stack.fire("hourly-discovery").await;
    assert_eq!(stack.status(&account).await, "active role_works");
}

/// The connection lost while a run collects: it ends as nothing, never as a success, and Lambda's retry completes it.
#[tokio::test(flavor = "multi_thread")]
async fn run_that_loses_the_database_is_no_success_and_its_retry_completes() {
    let (stack, loaded) = one_working_account().await;
    let account = loaded.account("alpha");
    let aws = Gate::before(&stack.env["AWS_ENDPOINT_URL"]).await;
    let clickhouse = Gate::before(&stack.env["CLICKHOUSE_URL"]).await;
    stack
        .configure(
            "config_ec2",
            &[
                ("AWS_ENDPOINT_URL_EC2", &aws.url),
                ("CLICKHOUSE_URL", &clickhouse.url),
            ],
        )
        .await;
    let outcomes = "SELECT attempt, outcome, finished_at IS NULL FROM collector_runs FINAL WHERE trigger = 'manual' ORDER BY attempt";
    aws.hold();

    stack
        .submit("config_ec2", json!({"account_id": account}))
        .await;
    aws.more_than(0).await;
    assert_eq!(stack.rows(outcomes).await, ["1\t\t1"]);
    clickhouse.cut();
    aws.open();
    polo_tests::until("the attempt fails", async || {
        let status = stack.client.status().await.expect("a status");
        (status.functions["config_ec2"].errors > 0).then_some(())
    })
    .await;
    // The retry is about to come, or has: it waits until the database is back.
    clickhouse.hold();
    assert_eq!(stack.rows(outcomes).await, ["1\t\t1"]);
    clickhouse.open();
    let status = stack.settled().await;

    assert_eq!(status.dead_letters, 0);
    assert_eq!(stack.rows(outcomes).await, ["1\t\t1", "2\tcomplete\t0"]);
    assert_eq!(
        stack
            .number("SELECT count() FROM v_resources WHERE resource_type = 'ec2_instance'")
            .await,
        2
    );
}
