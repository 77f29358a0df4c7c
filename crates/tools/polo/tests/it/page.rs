//! `polo page`: what reaches the function, what comes back, and what is refused.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::support::polo;

/// One request as the function's address got it: path with query, and headers.
type Asked = (String, HeaderMap);

/// A function's address and the Lambda API in one; it answers what the test says, and records what it was asked.
struct Function {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Clone)]
struct Played {
    status: StatusCode,
    body: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Function {
    async fn start(status: u16, body: &str) -> Self {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let played = Played {
            status: StatusCode::from_u16(status).unwrap(),
            body: body.replace("{url}", &url),
            asked: Arc::clone(&asked),
        };
        let routes = Router::new().fallback(answer).with_state(played);
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(State(played): State<Played>, request: Request) -> Response {
    let path = request.uri().path_and_query().unwrap().to_string();
    played
        .asked
        .lock()
        .unwrap()
        .push((path.clone(), request.headers().clone()));
    if path.starts_with("/2021-10-31/") {
        let url = format!(
            "http://{}/page/",
            request.headers()["host"].to_str().unwrap()
        );
        let body = json!({
            "FunctionUrl": url, "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:dev-polo-status-page",
            "AuthType": "AWS_IAM", "CreationTime": "2026-11-21T00:00:00Z", "LastModifiedTime": "2026-11-21T00:00:00Z",
        });
        return body.to_string().into_response();
    }
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", "default-src 'none'"),
        ("set-cookie", "a=b"),
        ("x-amzn-requestid", "1"),
    ];
    (played.status, headers, played.body).into_response()
}

fn environment(more: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut variables = BTreeMap::from([
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "a secret"),
        ("AWS_SESSION_TOKEN", "a token"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("HOME", "/nonexistent"),
        ("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:9"),
    ]);
    variables.extend(more.iter().copied());
    variables
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The program while it serves; it ends with the test.
struct Page {
    child: Child,
    url: String,
}

impl Page {
    fn start(environment: &[(String, String)], arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_polo"))
            .arg("page")
            .args(arguments)
            .env_clear()
            .envs(environment.iter().cloned())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("http://127.0.0.1:"))
            .unwrap_or_else(|| panic!("no address in {line:?}"))
            .to_owned();
        Self { child, url }
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let request = reqwest::Client::new()
            .get(format!("{}{path}", self.url))
            .header("cookie", "private=1")
            .header("authorization", "Basic cHJpdmF0ZQ==");
        request.send().await.unwrap()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_signed_and_carries_nothing_of_the_browser() {
    let function = Function::start(200, "<h1>Accounts</h1>").await;
    let environment = environment(&[("AWS_ENDPOINT_URL_LAMBDA", &function.url)]);
    let page = Page::start(&environment, &[]);
    let response = page.get("accounts/123456789012?a=b").await;
    assert_eq!(response.status().as_u16(), 200);
    let headers = response.headers().clone();
    assert_eq!(headers["content-security-policy"], "default-src 'none'");
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert!(!headers.contains_key("set-cookie") && !headers.contains_key("x-amzn-requestid"));
    assert_eq!(response.text().await.unwrap(), "<h1>Accounts</h1>");

    let asked = function.asked();
    let (path, _) = &asked[0];
    assert!(
        path.starts_with("/2021-10-31/functions/dev-polo-status-page/url"),
        "{path}"
    );
    let (path, headers) = &asked[1];
    assert_eq!(path, "/page/accounts/123456789012?a=b");
    let authorization = headers["authorization"].to_str().unwrap();
    assert!(
        authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
            && authorization.contains("/us-east-1/lambda/aws4_request, SignedHeaders=host;"),
        "{authorization}"
    );
    assert_eq!(headers["x-amz-security-token"], "a token");
    assert!(!headers.contains_key("cookie"), "{headers:?}");
    assert_eq!(asked.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_hosts_and_methods_stay_here() {
    let function = Function::start(200, "page").await;
    let url = format!("{}/page/", function.url);
    let page = Page::start(&environment(&[]), &["--url", &url]);
    let http = reqwest::Client::new();
    for (request, status, says) in [
        (
            http.get(&page.url).header("host", "rebound.example.com"),
            403,
            "rebound.example.com",
        ),
        (http.post(&page.url).body("x"), 405, "POST"),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        let text = response.text().await.unwrap();
        assert!(text.contains(says), "{text}");
    }
    assert!(function.asked().is_empty());

    let response = http.head(&page.url).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    assert_eq!(response.text().await.unwrap(), "");
    assert_eq!(function.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_token_nothing_is_served() {
    let function = Function::start(200, "page").await;
    let url = format!("{}/page/", function.url);
    let page = Page::start(&environment(&[]), &["--url", &url]);
    let again = Page::start(&environment(&[]), &["--url", &url]);
    let parts: Vec<&str> = page.url.split('/').collect();
    let [_, _, host, token, ""] = parts.as_slice() else {
        panic!("{}", page.url)
    };
    assert_eq!(token.len(), 32);
    assert!(!again.url.contains(token), "{}", again.url);
    let wrong = "0".repeat(32);
    for path in [
        "".to_owned(),
        "accounts/123456789012".to_owned(),
        format!("{wrong}/"),
        format!("{wrong}/{token}/"),
        (*token).to_owned(),
        format!("?{token}/"),
    ] {
        let http = reqwest::Client::new();
        for request in [
            http.get(format!("http://{host}/{path}")),
            http.post(format!("http://{host}/{path}")),
        ] {
            let response = request.send().await.unwrap();
            assert_eq!(response.status().as_u16(), 404, "{path}");
            let text = response.text().await.unwrap();
            assert_eq!(text.trim_end().lines().count(), 1, "{text}");
            assert!(
                text.contains("whole address") && !text.contains(token),
                "{text}"
            );
        }
    }
    assert!(function.asked().is_empty());

    // A page's links are relative, so they stay below the token.
    let account = reqwest::Url::parse(&page.url)
        .and_then(|url| url.join("accounts/123456789012"))
        .unwrap();
    let home = account.join("../").unwrap();
    assert_eq!(home.as_str(), page.url);
    for link in [account, home] {
        let response = reqwest::get(link).await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
    }
    let asked: Vec<String> = function.asked().into_iter().map(|(path, _)| path).collect();
    assert_eq!(asked, ["/page/accounts/123456789012", "/page/"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_lambda_is_explained() {
    let function = Function::start(403, r#"{"Message":"Forbidden. For troubleshooting"}"#).await;
    let url = format!("{}/page", function.url);
    let page = Page::start(&environment(&[]), &["--url", &url]);
    let response = page.get("").await;
    assert_eq!(response.status().as_u16(), 403);
    let text = response.text().await.unwrap();
    for part in [
        "lambda:InvokeFunctionUrl",
        "lambda:InvokeFunction on",
        "Forbidden",
        &url,
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let nobody = Page::start(&environment(&[]), &["--url", "http://127.0.0.1:9/"]);
    let response = nobody.get("").await;
    assert_eq!(response.status().as_u16(), 502);
    let text = response.text().await.unwrap();
    assert!(
        text.contains("http://127.0.0.1:9/ gives no answer"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_served_is_one_sentence() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().port().to_string();
    let no_function = crate::support::Lambda::start(
        crate::support::Answer::refusal(404, "ResourceNotFoundException", "no"),
        None,
    )
    .await;
    for (variables, arguments, code, says) in [
        (
            vec![],
            vec!["--url", "http://127.0.0.1:9/", "--port", taken.as_str()],
            1,
            format!("cannot listen on 127.0.0.1:{taken}"),
        ),
        (
            vec![],
            vec!["--port", "0"],
            2,
            "--port: \"0\" is not a port".to_owned(),
        ),
        (
            vec![],
            vec!["--url", "https://a.on.aws/?x"],
            2,
            "\"https://a.on.aws/?x\"".to_owned(),
        ),
        (
            vec![("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")],
            vec!["--url", "http://127.0.0.1:9/"],
            1,
            "no AWS credentials".to_owned(),
        ),
        (
            vec![("AWS_ENDPOINT_URL_LAMBDA", no_function.url.as_str())],
            vec![],
            1,
            "there is no function dev-polo-status-page with a function URL".to_owned(),
        ),
        (
            vec![],
            vec![],
            1,
            "the Lambda API at http://127.0.0.1:9 (AWS_ENDPOINT_URL_LAMBDA) gives no answer"
                .to_owned(),
        ),
    ] {
        let arguments = [vec!["page"], arguments].concat();
        let ended = polo(&environment(&variables), &arguments).await;
        let sentence = ended.refused(code);
        assert!(sentence.contains(&says), "{says} in {sentence}");
    }
    drop(held);
}
