//! Synchronous invocations, instances and configuration.

use std::process::Command;

use serde_json::{Value, json};

use crate::stack::Stack;

const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:dev-polo-echo-function";

#[tokio::test]
async fn function_answers_under_each_of_its_names() {
    let stack = Stack::start().await;
    for name in [
        "echo-function",
        "dev-polo-echo-function",
        ARN,
        "dev-polo-echo-function:$LATEST",
        "123456789012:function:dev-polo-echo-function",
    ] {
        let answer = stack.call(name, json!({"n": 1})).await;
        assert_eq!(answer["payload"], json!({"n": 1}), "{name}");
        assert_eq!(answer["invoked_function_arn"], ARN);
    }
    let listed = stack.client.get("/2015-03-31/functions/").await.unwrap();
    assert_eq!(listed["Functions"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn deadline_is_an_epoch_time_within_the_timeout() {
    let stack = Stack::start().await;
    let left = stack.call("echo-function", json!({})).await["deadline_in_ms"]
        .as_i64()
        .unwrap();
    assert!((1..=60_000).contains(&left), "{left}");
}

#[tokio::test]
async fn environment_has_its_layers_and_the_own_roles_credentials() {
    let stack = Stack::start_with(
        &[],
        "LAYER=stack\necho-function:OWN=1\nshort-function:OTHER=1\nCLICKHOUSE_URL=http://c\n",
    )
    .await;
    let environment = stack.call("echo-function", json!({})).await["environment"].clone();
    let of = |key: &str| environment[key].as_str();
    assert_eq!(of("POLO_HUB_ACCOUNT_ID"), Some("123456789012"));
    assert_eq!(
        (of("LAYER"), of("OWN"), of("OTHER")),
        (Some("stack"), Some("1"), None)
    );
    assert_eq!(of("CLICKHOUSE_URL"), Some("http://c"));
    assert_eq!(of("AWS_ENDPOINT_URL_EVENTBRIDGE"), Some(stack.url.as_str()));
    assert_eq!(
        (of("AWS_ACCESS_KEY_ID"), of("AWS_SESSION_TOKEN")),
        (Some("key of dev-polo-echo-function"), Some("t"))
    );
    assert_eq!(
        (of("AWS_REGION"), of("AWS_LAMBDA_FUNCTION_NAME")),
        (Some("us-east-1"), Some("dev-polo-echo-function"))
    );
    assert_eq!(
        of("HOME"),
        None,
        "the server's own environment must not leak"
    );
}

#[tokio::test]
async fn role_that_is_refused_keeps_the_function_from_starting() {
    let stack = Stack::start().await;
    let (kind, message) = stack.failure("stranger", json!({})).await;
    assert_eq!(kind, "Runtime.InvalidEntrypoint");
    assert!(message.contains("refused credentials of the role dev-polo-stranger (404 Not Found): the role dev-polo-stranger does not trust"), "{message}");
}

#[tokio::test]
async fn binary_that_is_missing_named() {
    let stack = Stack::start().await;
    let (_, message) = stack.failure("missing", json!({})).await;
    assert!(
        message.ends_with("/bin/missing is not there: run `make build`"),
        "{message}"
    );
}

#[tokio::test]
async fn function_error_leaves_the_instance_warm() {
    let stack = Stack::start().await;
    let pid = stack.call("echo-function", json!({})).await["pid"].clone();
    let (_, message) = stack.failure("echo-function", json!({"do": "fail"})).await;
    assert!(message.contains("failed as asked"), "{message}");
    assert_eq!(stack.call("echo-function", json!({})).await["pid"], pid);
}

#[tokio::test]
async fn crash_fails_the_invocation_and_the_next_starts_anew() {
    let stack = Stack::start().await;
    let pid = stack.call("echo-function", json!({})).await["pid"].clone();
    let (kind, message) = stack.failure("echo-function", json!({"do": "exit"})).await;
    assert_eq!(kind, "Runtime.ExitError");
    assert!(
        message.ends_with("Runtime exited with error: exit status: 7"),
        "{message}"
    );
    assert_ne!(stack.call("echo-function", json!({})).await["pid"], pid);
    let (kind, message) = stack.failure("echo-function", json!({"do": "abort"})).await;
    assert!(
        kind == "Runtime.ExitError" && message.contains("signal: 6"),
        "{message}"
    );
}

#[tokio::test]
async fn process_that_dies_idle_fails_nobody() {
    let stack = Stack::start().await;
    for _ in 0..5 {
        let pid = stack.call("echo-function", json!({})).await["pid"].to_string();
        assert!(
            Command::new("kill")
                .args(["-9", &pid])
                .status()
                .unwrap()
                .success()
        );
        // Until the emulator has seen it: one that was handed an invocation in the moment of its death has crashed with it.
        while stack.client.status().await.unwrap().functions["echo-function"].instances > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
    assert_eq!(
        stack.client.status().await.unwrap().functions["echo-function"].errors,
        0
    );
}

#[tokio::test]
async fn process_that_cannot_initialise_reported() {
    let stack = Stack::start_with(&[], "short-function:ECHO_FAIL_INIT=1\n").await;
    let (kind, message) = stack.failure("short-function", json!({})).await;
    assert!(
        kind == "Runtime.ExitError" && message.contains("exit status: 3"),
        "{message}"
    );
}

#[tokio::test]
async fn timeout_kills_the_process() {
    let stack = Stack::start().await;
    let pid = stack.call("short-function", json!({})).await["pid"].to_string();
    let (kind, message) = stack.failure("short-function", json!({"do": "hang"})).await;
    assert_eq!(kind, "Sandbox.Timedout");
    assert!(
        message.ends_with("Error: Task timed out after 1.00 seconds"),
        "{message}"
    );
    wait_for_end(&pid).await;
    stack.call("short-function", json!({})).await;
}

#[tokio::test]
async fn invocations_at_once_have_a_process_each_up_to_the_limit() {
    let stack = Stack::start_with(&["--concurrency", "2"], "").await;
    stack
        .invoke("echo-function", "Event", json!({"do": "hang"}).to_string())
        .await;
    stack.running("echo-function", 1).await;
    stack.call("echo-function", json!({})).await;
    stack
        .invoke("echo-function", "Event", json!({"do": "hang"}).to_string())
        .await;
    stack.running("echo-function", 2).await;
    stack
        .invoke("echo-function", "Event", json!({}).to_string())
        .await;
    let status = stack.client.status().await.unwrap().functions["echo-function"].clone();
    assert_eq!((status.running, status.queued), (2, 1));
}

#[tokio::test]
async fn requests_that_aws_refuses_refused() {
    let stack = Stack::start().await;
    let unknown = stack.invoke("nobody", "RequestResponse", "{}").await;
    assert_eq!(
        (unknown.status, unknown.payload["__type"].as_str()),
        (404, Some("ResourceNotFoundException"))
    );
    assert!(
        unknown.payload["Message"].as_str().unwrap().contains(
            "nobody (the templates have echo-function, missing, short-function, stranger)"
        )
    );
    let broken = stack.invoke("echo-function", "Event", "{").await;
    assert_eq!(
        (broken.status, broken.payload["__type"].as_str()),
        (400, Some("InvalidRequestContentException"))
    );
    let kind = stack.invoke("echo-function", "Perhaps", "{}").await;
    assert_eq!(
        (kind.status, kind.payload["__type"].as_str()),
        (400, Some("InvalidParameterValueException"))
    );
    let large = stack
        .invoke(
            "echo-function",
            "RequestResponse",
            format!("\"{}\"", "x".repeat(6 * 1024 * 1024)),
        )
        .await;
    assert_eq!(
        (large.status, large.payload["__type"].as_str()),
        (413, Some("RequestTooLargeException"))
    );
    assert_eq!(
        stack.invoke("echo-function", "DryRun", "{}").await.status,
        204
    );
    assert_eq!(
        stack.client.status().await.unwrap().functions["echo-function"].invocations,
        0
    );
    assert_eq!(
        stack.call("echo-function", Value::Null).await["payload"],
        Value::Null
    );
}

#[tokio::test]
async fn configuration_update_replaces_overrides_and_retires_instances() {
    let stack = Stack::start().await;
    let before = stack.call("echo-function", json!({})).await;
    let update = async |variables: Value| {
        let url = format!(
            "{}/2015-03-31/functions/echo-function/configuration",
            stack.url
        );
        let response = stack
            .http
            .put(url)
            .json(&json!({"Environment": {"Variables": variables}}))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        response.json::<Value>().await.unwrap()["Environment"]["Variables"].clone()
    };
    assert_eq!(
        update(json!({"LAYER": "override", "NEW": "1"})).await["LAYER"],
        "override"
    );
    let after = stack.call("echo-function", json!({})).await;
    assert_ne!(after["pid"], before["pid"]);
    assert_eq!(
        (&after["environment"]["LAYER"], &after["environment"]["NEW"]),
        (&json!("override"), &json!("1"))
    );
    update(json!({})).await;
    let restored = stack.call("echo-function", json!({})).await;
    assert_eq!(
        (
            &restored["environment"]["LAYER"],
            &restored["environment"]["NEW"]
        ),
        (&json!("template"), &Value::Null)
    );

    let url = format!(
        "{}/2015-03-31/functions/echo-function/configuration",
        stack.url
    );
    let refused = stack
        .http
        .put(url)
        .json(&json!({"Timeout": 5}))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 400);
}

/// Waits until no process has this pid.
pub(crate) async fn wait_for_end(pid: &str) {
    while Command::new("kill")
        .args(["-0", pid])
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap()
        .success()
    {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
