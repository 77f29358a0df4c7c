//! A running `local-stack serve` for one test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use local_stack::client::{Client, Status};
use serde_json::{Value, json};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_local-stack");
const ECHO: &str = env!("CARGO_BIN_EXE_echo-function");

/// Longer than anything here takes on any machine; only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(120);

/// The server, its folders and its client; ends with the test.
pub(crate) struct Stack {
    pub(crate) child: Child,
    pub(crate) url: String,
    pub(crate) client: Client,
    pub(crate) http: reqwest::Client,
    folder: tempfile::TempDir,
}

/// An answer of Invoke.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) function_error: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) payload: Value,
}

impl Stack {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[], "").await
    }

    /// With more options, and with an environment file.
    pub(crate) async fn start_with(options: &[&str], env: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        for id in ["echo-function", "short-function", "stranger"] {
            symlink(ECHO, bin.join(id)).unwrap();
        }
        let env_file = folder.path().join("functions.env");
        fs::write(&env_file, env).unwrap();
        let mut child = Command::new(PROGRAM)
            .args([
                "serve",
                "--exit-with-stdin",
                "--aws-endpoint",
                &local_aws().await,
                "--retry-delays-ms",
                "1,1",
            ])
            .arg("--templates")
            .arg(fixtures())
            .arg("--bin-dir")
            .arg(&bin)
            .arg("--log-dir")
            .arg(folder.path().join("logs"))
            .arg("--env-file")
            .arg(&env_file)
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("unexpected first line {line:?}"))
            .to_owned();
        Self {
            child,
            client: Client::new(&url),
            url,
            http: reqwest::Client::new(),
            folder,
        }
    }

    pub(crate) async fn invoke(
        &self,
        function: &str,
        kind: &str,
        payload: impl Into<reqwest::Body>,
    ) -> Answer {
        let response = self
            .http
            .post(format!(
                "{}/2015-03-31/functions/{function}/invocations",
                self.url
            ))
            .header("x-amz-invocation-type", kind)
            .body(payload)
            .send()
            .await
            .unwrap();
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let (function_error, request_id) =
            (header("x-amz-function-error"), header("x-amzn-requestid"));
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        Answer {
            status,
            function_error,
            request_id,
            payload: serde_json::from_str(&text).unwrap_or(Value::Null),
        }
    }

    /// A synchronous invocation that succeeds.
    pub(crate) async fn call(&self, function: &str, payload: Value) -> Value {
        let answer = self
            .invoke(function, "RequestResponse", payload.to_string())
            .await;
        assert_eq!(
            (answer.status, answer.function_error),
            (200, None),
            "{}\n{}",
            answer.payload,
            self.log(function)
        );
        answer.payload
    }

    /// A synchronous invocation that fails in the function; its error type and message.
    pub(crate) async fn failure(&self, function: &str, payload: Value) -> (String, String) {
        let answer = self
            .invoke(function, "RequestResponse", payload.to_string())
            .await;
        assert_eq!(
            (answer.status, answer.function_error.as_deref()),
            (200, Some("Unhandled")),
            "{}",
            answer.payload
        );
        let text = |key: &str| answer.payload[key].as_str().unwrap().to_owned();
        (text("errorType"), text("errorMessage"))
    }

    pub(crate) async fn settled(&self) -> Status {
        self.client
            .wait_until_settled(PATIENCE, |_| {})
            .await
            .unwrap()
    }

    /// Waits until the function has so many running invocations.
    pub(crate) async fn running(&self, function: &str, count: u64) {
        loop {
            if self.client.status().await.unwrap().functions[function].running == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The function's log.
    fn log(&self, function: &str) -> String {
        let path = self
            .folder
            .path()
            .join("logs")
            .join(format!("{function}.log"));
        fs::read_to_string(path).unwrap_or_default()
    }

    /// The attempts that the function logged: request id and payload.
    pub(crate) fn attempts(&self, function: &str) -> Vec<(String, Value)> {
        let log = self.log(function);
        log.lines()
            .filter_map(|line| line.strip_prefix("attempt ")?.split_once(' '))
            .map(|(request, payload)| (request.to_owned(), serde_json::from_str(payload).unwrap()))
            .collect()
    }

    pub(crate) async fn dead_letters(&self) -> Vec<Value> {
        self.client.get("/polo-local/dead-letters").await.unwrap()["dead_letters"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// PutEvents; status and answer.
    pub(crate) async fn put_events(&self, entries: Value) -> (u16, Value) {
        let response = self
            .http
            .post(&self.url)
            .header("x-amz-target", "AWSEvents.PutEvents")
            .header("content-type", "application/x-amz-json-1.1")
            .body(json!({"Entries": entries}).to_string())
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // The end of stdin ends it and its functions; waiting leaves no process behind.
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Hands out credentials of every role but the stranger's.
async fn local_aws() -> String {
    #[derive(serde::Deserialize)]
    struct Asked {
        role_name: String,
    }
    async fn credentials(Query(Asked { role_name }): Query<Asked>) -> axum::response::Response {
        if role_name == "dev-polo-stranger" {
            return (
                StatusCode::NOT_FOUND,
                "the role dev-polo-stranger does not trust lambda.amazonaws.com",
            )
                .into_response();
        }
        Json(json!({"AccessKeyId": format!("key of {role_name}"), "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2099-01-01T00:00:00Z"}))
            .into_response()
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/polo-local/function-credentials", get(credentials));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}
