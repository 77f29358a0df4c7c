//! The events that come from a function URL and from a load balancer.

use lambda_http::Request;
use lambda_http::http::Method;
use lambda_http::request::{LambdaRequest, RequestOrigin};
use status_page::Route;

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
    (request.request_origin(), request.into())
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
            route,
            Ok(Route::ApiAccounts {
                status: Some(_),
                after: None
            })
        ),
        "{route:?}"
    );
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
