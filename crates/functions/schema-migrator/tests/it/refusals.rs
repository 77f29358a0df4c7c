//! What keeps the function from working is told: to CloudFormation where it asked, in one sentence.

use polo_testkit::clickhouse::fresh_config;
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_cannot_be_made_tells_cloudformation() {
    for (name, value, expected) in [
        (
            "CLICKHOUSE_URL",
            "localhost",
            "CLICKHOUSE_URL is \"localhost\"",
        ),
        ("CLICKHOUSE_URL", "", "CLICKHOUSE_URL is not set"),
        (
            "CLICKHOUSE_CLUSTER",
            "main`",
            "CLICKHOUSE_CLUSTER is \"main`\"",
        ),
        (
            "POLO_RUN_RETENTION_DAYS",
            "30",
            "POLO_RUN_RETENTION_DAYS is \"30\": write a whole number of days from 60 to 3650",
        ),
        (
            "CLICKHOUSE_URL",
            "http://127.0.0.1:9",
            "http://127.0.0.1:9 cannot be reached",
        ),
        // No rule of the test's AWS knows it.
        (
            "CLICKHOUSE_PASSWORD_SECRET_ID",
            "dev-polo/clickhouse-password",
            "CLICKHOUSE_PASSWORD_SECRET_ID",
        ),
    ] {
        let world = World::in_status("CREATE_IN_PROGRESS")
            .await
            .with(name, value);
        let returned = world.deliver(&world.request("Create")).await.unwrap();
        let answer = world.answer();
        assert_eq!(answer["Status"], "FAILED", "{answer}");
        assert_eq!(answer["PhysicalResourceId"], "polo-schema");
        let reason = answer["Reason"].as_str().unwrap();
        assert!(
            reason.contains(expected) && !reason.contains('\n'),
            "{reason}"
        );
        assert_eq!(returned["told_to_cloudformation"], reason);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_type_that_there_is_not_is_told() {
    let world = World::bare(&fresh_config()).await;
    world.deliver(&world.request("Replace")).await.unwrap();
    let answer = world.answer();
    assert_eq!(answer["Status"], "FAILED", "{answer}");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(reason.contains("RequestType is \"Replace\""), "{reason}");
    assert!(!world.touched().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_that_nobody_can_answer_is_one_sentence() {
    let world = World::bare(&fresh_config()).await;
    let without = |name: &str| {
        let mut request = world.request("Create");
        request.as_object_mut().unwrap().remove(name);
        request
    };
    let at = |address: &str| {
        let mut request = world.request("Create");
        request["ResponseURL"] = json!(address);
        request
    };
    for (event, expected) in [
        (Value::Null, "the payload is no request"),
        (json!([]), "the payload is no request"),
        (
            json!({"account_id": "123456789012"}),
            "give {} to migrate by hand",
        ),
        (without("ResponseURL"), "the payload is no request"),
        (without("StackId"), "has no StackId"),
        (without("RequestId"), "has no RequestId"),
        (without("LogicalResourceId"), "has no LogicalResourceId"),
        (at(""), "has no ResponseURL"),
        (
            at("http://example.com/?X-Amz-Signature=secret"),
            "ResponseURL of",
        ),
        (
            at("ftp://127.0.0.1/?X-Amz-Signature=secret"),
            "ResponseURL of",
        ),
    ] {
        let error = world.deliver(&event).await.unwrap_err().chain();
        assert!(
            error.contains(expected) && !error.contains('\n') && !error.contains("secret"),
            "{error}"
        );
    }
    assert!(world.puts().is_empty());
    assert!(!world.touched().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_by_hand_is_a_failed_invocation() {
    let world = World::bare(&fresh_config())
        .await
        .with("CLICKHOUSE_URL", "http://127.0.0.1:9");
    let error = world.deliver(&json!({})).await.unwrap_err();
    assert_eq!(error.error_type(), "ClickHouseUnreachable", "{error}");
}
