//! The events that come from a function URL and from a load balancer.

use lambda_http::Request;
use lambda_http::http::Method;
use lambda_http::request::{LambdaRequest, RequestOrigin};
use serde_json::{Value, json};
use status_page::{Route, Search, tamed};

/// What a load balancer sends.
///
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>
const FROM_LOAD_BALANCER: &str = r#"{
    "requestContext": {"elb": {"targetGroupArn":
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/page/6d0ecf831eec9f09"}},
    "httpMethod": "GET",
    "path": "/api/accounts",
    "queryStringParameters": {"status": "active"},
    "headers": {"host": "polo.example.com", "user-agent": "Mozilla/5.0", "x-forwarded-proto": "https"},
    "body": "",
    "isBase64Encoded": false
}"#;

fn read(event: &str) -> (RequestOrigin, Request) {
    let request: LambdaRequest = serde_json::from_str(event).unwrap();
    (request.request_origin(), tamed(request).into())
}

#[test]
fn both_become_the_same_kind_of_request() {
    let sample = include_str!("../../../../../events/status-page.json");
    let (origin, request) = read(sample);
    assert!(matches!(origin, RequestOrigin::ApiGatewayV2));
    assert_eq!(
        (request.method(), request.uri().path()),
        (&Method::GET, "/")
    );
    assert_eq!(
        Route::of("GET", request.uri().path(), request.uri().query()),
        Ok(Route::Overview)
    );

    let (origin, request) = read(FROM_LOAD_BALANCER);
    assert!(matches!(origin, RequestOrigin::Alb));
    let route = Route::of(
        request.method().as_str(),
        request.uri().path(),
        request.uri().query(),
    );
    assert!(
        matches!(
            &route,
            Ok(Route::ApiAccounts { filter, after: None }) if filter.status.is_some()
        ),
        "{route:?}"
    );
}

/// A form's words arrive the same from both, with spaces and letters beyond ASCII.
#[test]
fn search_words_arrive_from_both_senders() {
    let written = "shop+%26+Z%C3%BCrich%20eu";
    let mut by_url = with("", "rawQueryString", &json!(format!("q={written}"))).remove(0);
    by_url["rawPath"] = "/".into();
    let mut by_load_balancer =
        with("", "queryStringParameters", &json!({ "q": written })).remove(1);
    by_load_balancer["path"] = "/".into();
    for event in [by_url, by_load_balancer] {
        let (_, request) = read(&event.to_string());
        let route = Route::of("GET", request.uri().path(), request.uri().query());
        let Ok(Route::List {
            filter,
            after: None,
        }) = route
        else {
            panic!("{event}: {route:?}");
        };
        assert_eq!(filter.search, Search::new("shop & Zürich eu"));
    }
}

/// A path as it never comes from the page's own links ends as no page, and not the process.
#[test]
fn any_path_becomes_a_request() {
    let sample = include_str!("../../../../../events/status-page.json");
    for path in [
        "",
        "//evil.example/",
        "/ü ber?#",
        "/a b",
        "/%",
        "/%00",
        "https://evil.example/",
    ] {
        let mut event: serde_json::Value = serde_json::from_str(sample).unwrap();
        event["rawPath"] = path.into();
        let (_, request) = read(&event.to_string());
        let route = Route::of("GET", request.uri().path(), None);
        assert!(
            matches!(&route, Ok(Route::Overview)) == path.is_empty(),
            "{path}: {route:?}"
        );
    }
}

/// The events of both senders with one place changed.
fn with(pointer: &str, field: &str, value: &Value) -> Vec<Value> {
    [
        include_str!("../../../../../events/status-page.json"),
        FROM_LOAD_BALANCER,
    ]
    .map(|sample| {
        let mut event: Value = serde_json::from_str(sample).unwrap();
        event.pointer_mut(pointer).unwrap()[field] = value.clone();
        event
    })
    .into()
}

#[test]
fn any_host_scheme_and_body_become_the_same_request() {
    let values = [
        "",
        " ",
        "a b",
        "[",
        "a:99999",
        "user@:",
        "\"",
        "%",
        "%00",
        "ü",
        "<script>",
        "javascript",
    ];
    for value in values {
        for event in [
            with("/headers", "host", &json!(value)),
            with("/headers", "x-forwarded-proto", &json!(value)),
            with("", "body", &json!(value)),
        ]
        .concat()
        {
            let mut event = event;
            event["isBase64Encoded"] = true.into();
            let Ok(request) = serde_json::from_str::<LambdaRequest>(&event.to_string()) else {
                // A header that HTTP does not know ends as a failed invocation.
                continue;
            };
            let request: Request = tamed(request).into();
            let path = request.uri().path();
            assert!(["/", "/api/accounts"].contains(&path), "{event}: {path}");
        }
    }
    let mut event = with("/requestContext", "domainName", &json!("a b")).remove(0);
    event["headers"] = json!({});
    assert_eq!(read(&event.to_string()).1.uri().path(), "/");
}

#[test]
fn any_query_becomes_a_request_that_is_refused_with_a_sentence() {
    for query in [
        "a b",
        "#",
        "a=#",
        "ü=ö",
        "%",
        "%0",
        "%zz=1",
        "\"",
        "<script>",
        "{}",
        "|",
        "\\",
        "^",
        "`",
        "a\nb",
        "\u{0}",
        "status=activ\u{e9}",
        "x=https://a/?b#c",
    ] {
        let mut event = with("", "rawQueryString", &json!(query)).remove(0);
        event["rawPath"] = "/api/accounts".into();
        let (_, request) = read(&event.to_string());
        let problem = Route::of("GET", request.uri().path(), request.uri().query()).unwrap_err();
        assert_eq!(problem.status(), 400, "{query}: {}", problem.sentence());

        for (name, value) in [(query, "1"), ("status", query)] {
            for field in ["queryStringParameters", "multiValueQueryStringParameters"] {
                let value = match field {
                    "queryStringParameters" => json!({ name: value }),
                    _ => json!({ name: [value, value] }),
                };
                let event = with("", field, &value).remove(1);
                let (_, request) = read(&event.to_string());
                let problem =
                    Route::of("GET", request.uri().path(), request.uri().query()).unwrap_err();
                assert_eq!(problem.status(), 400, "{event}");
            }
        }
    }
}

#[test]
fn an_address_of_any_length_becomes_a_request_that_is_refused() {
    let long = "ü".repeat(50_000);
    let events = [
        with("", "rawPath", &json!(long)).remove(0),
        with("", "rawQueryString", &json!(long)).remove(0),
        with("", "path", &json!(long)).remove(1),
        with("", "queryStringParameters", &json!({ "status": long })).remove(1),
        with(
            "",
            "multiValueQueryStringParameters",
            &json!({ "a": [long] }),
        )
        .remove(1),
    ];
    for event in events {
        let (_, request) = read(&event.to_string());
        let problem = Route::of("GET", request.uri().path(), request.uri().query()).unwrap_err();
        let sentence = problem.sentence();
        assert!(
            [400, 404].contains(&problem.status()) && sentence.len() < 200,
            "{sentence}"
        );
    }
}

/// A legal query is what it was.
#[test]
fn a_legal_query_is_left_as_it_is() {
    let query = "status=no_access&after=123456789012";
    let mut event = with("", "rawQueryString", &json!(query)).remove(0);
    event["rawPath"] = "/api/accounts".into();
    let (_, request) = read(&event.to_string());
    assert_eq!(request.uri().query(), Some(query));
    assert!(Route::of("GET", "/api/accounts", request.uri().query()).is_ok());
}
