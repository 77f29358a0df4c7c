//! Input that cannot be right: one sentence, a stable name, nothing written.

use polo_tests::{Account, Failure, Organization, Stack};
use serde_json::{Value, json};

/// Payloads.
#[tokio::test(flavor = "multi_thread")]
async fn bad_payloads_are_refused_in_one_sentence_and_write_nothing() {
    let (stack, loaded) = Stack::with(
        &Organization::default()
            .account(Account::working("alpha"))
            .account(Account::working("bravo")),
    )
    .await;
    let (alpha, bravo) = (loaded.account("alpha"), loaded.account("bravo"));
    stack.fire("hourly-discovery").await;
    stack.decide(&["accounts", "exclude", bravo, "--reason", "test"]);
    let rows = stack.row_counts().await;
    let events = stack.event_ids().await;
    let before = stack.next_call().await;

    let everybody = [
        "account-discovery",
        "access-verifier",
        "collection-dispatcher",
        "coverage-notifier",
        "role-provisioner",
        "config_ec2",
        "account_alias",
    ];
    let collectors = ["config_ec2", "account_alias"];
    let but_collectors = &everybody[..5];
    let long = "9".repeat(100_000);
    let cases: Vec<(&[&str], Value, &str, &str)> = vec![
        (
            &everybody,
            json!({"account_id": "12345678901"}),
            "PayloadInvalid",
            "12345678901",
        ),
        (
            &everybody,
            json!({"account_id": 123_456_789_012_u64}),
            "PayloadInvalid",
            "123456789012",
        ),
        (
            &everybody,
            json!({"account_id": [alpha]}),
            "PayloadInvalid",
            alpha,
        ),
        (
            &everybody,
            json!({"acount_id": alpha}),
            "PayloadInvalid",
            "acount_id",
        ),
        (
            &everybody,
            json!({"unknown": {"a": 1}}),
            "PayloadInvalid",
            "unknown",
        ),
        (
            &everybody,
            json!({"account_id": null}),
            "PayloadInvalid",
            "null",
        ),
        (
            &everybody,
            json!({"account_id": ""}),
            "PayloadInvalid",
            "\"\"",
        ),
        (
            &everybody,
            json!({ "account_id": long }),
            "PayloadInvalid",
            "9999…",
        ),
        (
            &everybody,
            json!({"id": "e", "time": "yesterday", "detail": {}}),
            "PayloadInvalid",
            "yesterday",
        ),
        (
            &everybody,
            json!({"id": "e", "detail": {}, "account_id": alpha}),
            "PayloadInvalid",
            "beside",
        ),
        (
            &everybody,
            json!({"id": "e", "detail": {"acount_id": alpha}}),
            "PayloadInvalid",
            "acount_id",
        ),
        (
            but_collectors,
            json!({"account_id": alpha, "regions": ["mars-1"]}),
            "PayloadInvalid",
            "regions",
        ),
        (
            &["account-discovery", "access-verifier", "role-provisioner"],
            json!({"collector": "nope"}),
            "PayloadInvalid",
            "collector",
        ),
        (
            &["account-discovery", "config_ec2"],
            json!({"account_id": alpha, "mode": "sweep"}),
            "PayloadInvalid",
            "mode",
        ),
        (
            &["collection-dispatcher"],
            json!({"account_id": alpha, "schedule": "daily", "accept_removals": 3}),
            "PayloadInvalid",
            "accept_removals",
        ),
        (
            &["account-discovery"],
            json!({"accept_removals": null}),
            "PayloadInvalid",
            "null",
        ),
        (
            &["config_ec2"],
            json!({"account_id": alpha, "regions": ["us-east-11"]}),
            "RequestRefused",
            "us-east-11",
        ),
        (
            &collectors,
            json!({"account_id": alpha, "regions": ["mars-1"]}),
            "PayloadInvalid",
            "mars-1",
        ),
        (
            &["schema-migrator"],
            json!({"account_id": alpha}),
            "RequestRefused",
            "{}",
        ),
        (
            &["status-page"],
            json!({"account_id": alpha}),
            "PayloadInvalid",
            "polo page",
        ),
        (
            &collectors,
            json!({"regions": "us-east-1"}),
            "PayloadInvalid",
            "us-east-1",
        ),
        (&everybody, json!([alpha]), "PayloadInvalid", "a list"),
        (
            &everybody,
            json!({"id": "e", "detail": {"account_id": 7}}),
            "PayloadInvalid",
            "7",
        ),
        (
            &["account-discovery"],
            json!({"accept_removals": "five"}),
            "PayloadInvalid",
            "five",
        ),
        (
            &["collection-dispatcher"],
            json!({"collector": "config_ec3"}),
            "RequestRefused",
            "config_ec3",
        ),
        (
            &["collection-dispatcher"],
            json!({"mode": "sweeep"}),
            "PayloadInvalid",
            "sweeep",
        ),
        (
            &["account_alias"],
            json!({"account_id": alpha, "regions": ["us-east-1"]}),
            "RequestRefused",
            "regions",
        ),
        (&collectors, json!({}), "RequestRefused", "account_id"),
        (
            &[
                "access-verifier",
                "collection-dispatcher",
                "coverage-notifier",
                "role-provisioner",
                "config_ec2",
                "account_alias",
            ],
            json!({"account_id": "999999999999"}),
            "AccountUnknown",
            "999999999999",
        ),
        (
            &["account-discovery"],
            json!({"account_id": "999999999999"}),
            "RequestRefused",
            "999999999999",
        ),
        (
            &[
                "access-verifier",
                "collection-dispatcher",
                "coverage-notifier",
                "role-provisioner",
                "config_ec2",
                "account_alias",
            ],
            json!({"account_id": bravo}),
            "RequestRefused",
            bravo,
        ),
    ];
    for (functions, payload, error_type, value) in cases {
        for function in functions {
            let failure = stack.invoke(function, payload.clone()).await;
            let failure = failure.expect_err(&format!("{function} took {payload}"));
            assert_sentence(
                &failure,
                error_type,
                value,
                &format!("{function} {payload}"),
            );
        }
    }

    assert_eq!(stack.row_counts().await, rows);
    assert_eq!(stack.event_ids().await, events);
    let calls = stack.calls_since(before).await;
    assert!(calls.iter().all(|call| call.lists()), "{calls:#?}");
}

/// Environments.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_environments_are_named_and_write_nothing() {
    let (stack, _) = Stack::with(&Organization::default().account(Account::working("alpha"))).await;
    let rows = stack.row_counts().await;
    for (variable, value, error_type, named) in [
        (
            "POLO_ORGANIZATION_ROLE_ARN",
            "arn:aws:iam::1234:role/lister",
            "ConfigInvalid",
            "POLO_ORGANIZATION_ROLE_ARN",
        ),
        (
            "POLO_ORGANIZATIONS",
            "[{\"ous\": []}]",
            "ConfigInvalid",
            "POLO_ORGANIZATIONS",
        ),
        ("POLO_MODE", "everything", "ConfigInvalid", "POLO_MODE"),
        (
            "POLO_ACTION_ROLE_NAME",
            "arn:aws:iam::123456789012:role/x",
            "ConfigInvalid",
            "POLO_ACTION_ROLE_NAME",
        ),
        (
            "POLO_CHECK_CONCURRENCY",
            "0",
            "ConfigInvalid",
            "POLO_CHECK_CONCURRENCY",
        ),
        (
            "CLICKHOUSE_URL",
            "clickhouse:8123",
            "ConfigInvalid",
            "CLICKHOUSE_URL",
        ),
        // A port that nothing can listen on.
        (
            "CLICKHOUSE_URL",
            "http://127.0.0.1:1",
            "ClickHouseUnreachable",
            "http://127.0.0.1:1",
        ),
    ] {
        stack
            .configure("account-discovery", &[(variable, value)])
            .await;
        let logged = stack.errors_logged("account-discovery");
        // The same sentence for the second invocation, which meets the same process.
        for _ in 0..2 {
            let failure = stack
                .invoke("account-discovery", json!({}))
                .await
                .expect_err("a failure");
            assert_sentence(&failure, error_type, named, &format!("{variable}={value}"));
            assert!(
                failure.message.contains(value) || failure.message.contains(&format!("{value:?}")),
                "{failure:?}"
            );
        }
        let logged = stack.errors_logged("account-discovery") - logged;
        assert_eq!(logged, 2, "{variable}={value}: one error an invocation");
    }
    assert_eq!(stack.row_counts().await, rows);
    stack.configure("account-discovery", &[]).await;
    stack
        .invoke("account-discovery", json!({}))
        .await
        .expect("the environment is right again");
}

fn assert_sentence(failure: &Failure, error_type: &str, value: &str, case: &str) {
    assert_eq!(
        failure.error_type, error_type,
        "{case}: {}",
        failure.message
    );
    assert!(
        failure.message.contains(value),
        "{case}: {}",
        failure.message
    );
    assert!(
        !failure.message.contains('\n') && failure.message.chars().count() <= 500,
        "{case}: {}",
        failure.message
    );
    for dump in [
        "Error {",
        "Some(",
        "hyper",
        "invalid type",
        "lambda_runtime",
    ] {
        assert!(
            !failure.message.contains(dump),
            "{case}: {}",
            failure.message
        );
    }
}
