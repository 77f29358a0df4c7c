//! Function URLs: the event that a function gets, and what becomes of its answer.

use reqwest::{Method, redirect};
use serde_json::{Value, json};

use crate::stack::Stack;

async fn ask(stack: &Stack, path: &str) -> (u16, Value) {
    let response = stack
        .http
        .get(format!("{}{path}", stack.url))
        .header("cookie", "a=1; b=2")
        .send()
        .await
        .unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}

#[tokio::test]
async fn request_becomes_the_event_that_lambda_sends() {
    let stack = Stack::start().await;
    let (status, answer) = ask(&stack, "/lambda-url/echo-function/a/b%20c?x=1&x=2&y").await;
    // An answer without a status is the body itself.
    assert_eq!(status, 200);
    let event = &answer["payload"];
    assert_eq!(
        (
            &event["version"],
            &event["rawPath"],
            &event["rawQueryString"]
        ),
        (&json!("2.0"), &json!("/a/b%20c"), &json!("x=1&x=2&y"))
    );
    assert_eq!(event["queryStringParameters"], json!({"x": "1,2", "y": ""}));
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["headers"]["host"], stack.url["http://".len()..]);
    let context = &event["requestContext"];
    assert_eq!(
        (
            &context["http"]["method"],
            &context["accountId"],
            &context["stage"]
        ),
        (&json!("GET"), &json!("123456789012"), &json!("$default"))
    );
    let (_, answer) = ask(&stack, "/lambda-url/echo-function/").await;
    assert_eq!(answer["payload"]["rawPath"], "/");
}

#[tokio::test]
async fn status_headers_cookies_and_body_are_the_functions() {
    let stack = Stack::start().await;
    let answered = |answer: Value| {
        let request = stack
            .http
            .request(
                Method::POST,
                format!("{}/lambda-url/echo-function/", stack.url),
            )
            .body(answer.to_string());
        async move { request.send().await.unwrap() }
    };
    let response = answered(json!({
        "statusCode": 418, "headers": {"content-type": "text/html; charset=utf-8"}, "cookies": ["c=3"],
        "body": "PGI+", "isBase64Encoded": true,
    }))
    .await;
    assert_eq!(response.status().as_u16(), 418);
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    assert_eq!(response.headers()["set-cookie"], "c=3");
    assert_eq!(response.text().await.unwrap(), "<b>");

    for (wrong, what) in [
        (json!({"statusCode": 7}), "statusCode is 7"),
        (json!({"statusCode": "OK"}), "invalid type"),
        (
            json!({"statusCode": 200, "headers": {"a b": "c"}}),
            "a b is no header",
        ),
        (
            json!({"statusCode": 200, "body": "?", "isBase64Encoded": true}),
            "no base64",
        ),
    ] {
        let response = answered(wrong).await;
        assert_eq!(response.status().as_u16(), 502);
        let body: Value = response.json().await.unwrap();
        assert!(body["message"].as_str().unwrap().contains(what), "{body}");
    }
}

#[tokio::test]
async fn error_of_the_function_stays_in_its_log() {
    let stack = Stack::start().await;
    let response = stack
        .http
        .post(format!("{}/lambda-url/echo-function/", stack.url))
        .body("no JSON, so that the function fails")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 502);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["message"], "Internal Server Error");
}

#[tokio::test]
async fn only_functions_with_an_address_are_served_and_the_address_is_told() {
    let stack = Stack::start().await;
    for path in [
        "/lambda-url/short-function/",
        "/2021-10-31/functions/short-function/url",
    ] {
        let (status, body) = ask(&stack, path).await;
        assert_eq!(status, 404, "{path}");
        assert!(
            body["message"]
                .as_str()
                .unwrap()
                .contains("has no function URL"),
            "{body}"
        );
    }
    let (status, configuration) =
        ask(&stack, "/2021-10-31/functions/dev-polo-echo-function/url").await;
    assert_eq!(status, 200);
    assert_eq!(
        (&configuration["FunctionUrl"], &configuration["AuthType"]),
        (
            &json!(format!("{}/lambda-url/echo-function/", stack.url)),
            &json!("AWS_IAM")
        )
    );
    let client = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .build()
        .unwrap();
    let response = client
        .get(format!("{}/lambda-url/echo-function", stack.url))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["location"]),
        (308, &"/lambda-url/echo-function/".parse().unwrap())
    );
}
