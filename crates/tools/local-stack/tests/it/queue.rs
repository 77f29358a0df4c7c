//! Asynchronous invocations: retries, dead letters, crashes.

use serde_json::json;

use crate::stack::Stack;

#[tokio::test]
async fn failing_event_tried_three_times_with_one_request_id() {
    let stack = Stack::start().await;
    let answer = stack
        .invoke(
            "echo-function",
            "Event",
            json!({"do": "fail", "k": 1}).to_string(),
        )
        .await;
    assert_eq!(answer.status, 202);
    let request_id = answer.request_id.unwrap();
    let status = stack.settled().await;

    let attempts = stack.attempts("echo-function");
    assert_eq!(
        attempts,
        vec![(request_id.clone(), json!({"do": "fail", "k": 1})); 3]
    );
    let function = &status.functions["echo-function"];
    assert_eq!(
        (
            function.invocations,
            function.errors,
            function.retries,
            status.dead_letters
        ),
        (3, 3, 2, 1)
    );

    let letters = stack.dead_letters().await;
    assert_eq!(letters[0]["queue"], "dev-polo-dead-letters");
    assert_eq!(letters[0]["condition"], "RetriesExhausted");
    let body = &letters[0]["body"];
    assert_eq!(body["requestContext"]["requestId"], request_id);
    assert_eq!(body["requestContext"]["approximateInvokeCount"], 3);
    assert_eq!(body["requestPayload"], json!({"do": "fail", "k": 1}));
    assert!(
        body["responsePayload"]["errorMessage"]
            .as_str()
            .unwrap()
            .contains("failed as asked")
    );
}

#[tokio::test]
async fn event_without_a_queue_still_visible_as_dead_letter() {
    let stack = Stack::start().await;
    stack
        .invoke("short-function", "Event", json!({"do": "fail"}).to_string())
        .await;
    stack.settled().await;
    assert!(stack.dead_letters().await[0]["queue"].is_null());
}

#[tokio::test]
async fn successful_event_runs_once() {
    let stack = Stack::start().await;
    stack
        .invoke("echo-function", "Event", json!({}).to_string())
        .await;
    let status = stack.settled().await;
    assert_eq!(
        (
            status.functions["echo-function"].invocations,
            status.dead_letters
        ),
        (1, 0)
    );
}

#[tokio::test]
async fn event_that_is_too_old_never_runs() {
    let stack = Stack::start_with(&["--max-event-age-ms", "0"], "").await;
    stack
        .invoke("echo-function", "Event", json!({}).to_string())
        .await;
    let status = stack.settled().await;
    assert_eq!(status.functions["echo-function"].invocations, 0);
    let letters = stack.dead_letters().await;
    assert_eq!(
        (
            letters[0]["condition"].as_str(),
            &letters[0]["body"]["responsePayload"]
        ),
        (Some("EventAgeExceeded"), &serde_json::Value::Null)
    );
}

#[tokio::test]
async fn process_killed_in_mid_run_is_retried() {
    let stack = Stack::start().await;
    stack
        .invoke("echo-function", "Event", json!({"do": "hang"}).to_string())
        .await;
    let mut killed = 0;
    while killed < 3 {
        // Nobody is in mid-run while a process starts; then there is nothing to kill yet.
        let answer = stack
            .client
            .post("/polo-local/kill/echo-function", &json!({}))
            .await
            .unwrap();
        killed += answer["killed"].as_u64().unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    stack.settled().await;
    let letters = stack.dead_letters().await;
    assert_eq!(
        letters[0]["body"]["responsePayload"]["errorType"],
        "Runtime.ExitError"
    );
    assert!(
        letters[0]["body"]["responsePayload"]["errorMessage"]
            .as_str()
            .unwrap()
            .contains("signal: 9")
    );
}
