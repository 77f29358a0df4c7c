//! One function as a process, invoked through Lambda's runtime API, as Lambda does it.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::fs;
use std::future::pending;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};

/// Far enough in the future for any function's deadline.
const DEADLINE_MS: &str = "4070908800000";

/// The process; it ends with this value.
pub(crate) struct Lambda {
    process: Child,
    invocations: mpsc::Sender<(String, Value)>,
    answers: mpsc::Receiver<Value>,
}

struct RuntimeApi {
    invocations: Mutex<mpsc::Receiver<(String, Value)>>,
    answers: mpsc::Sender<Value>,
}

impl Lambda {
    /// Starts the function with these variables beside what Lambda itself sets.
    pub(crate) async fn start(program: &Path, environment: &[(&str, &str)]) -> Self {
        let (invocations, queue) = mpsc::channel(1);
        let (sender, answers) = mpsc::channel(1);
        let api = Arc::new(RuntimeApi {
            invocations: Mutex::new(queue),
            answers: sender,
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let app = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{end}", post(ended))
            .with_state(api);
        tokio::spawn(async move { axum::serve(listener, app).await });
        let process = Command::new(program)
            .env_clear()
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", address.as_str()),
                ("AWS_LAMBDA_FUNCTION_NAME", "function"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "group"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "stream"),
                ("AWS_REGION", "us-east-1"),
                ("AWS_ACCESS_KEY_ID", "AKIAHUB"),
                ("AWS_SECRET_ACCESS_KEY", "secret"),
            ])
            .envs(environment.iter().copied())
            .spawn()
            .unwrap();
        Self {
            process,
            invocations,
            answers,
        }
    }

    /// Invokes it for an account and waits for its answer.
    pub(crate) async fn invoke(&mut self, request_id: &str, account_id: &str) -> Value {
        let payload = json!({ "account_id": account_id });
        let invocation = (request_id.to_owned(), payload);
        self.invocations.send(invocation).await.unwrap();
        self.answers.recv().await.unwrap()
    }

    /// The most memory that it has ever held, in KiB, as the kernel counts it.
    pub(crate) fn peak_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1));
        kib.unwrap().parse().unwrap()
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

async fn next(State(api): State<Arc<RuntimeApi>>) -> (HeaderMap, String) {
    let Some((request_id, payload)) = api.invocations.lock().await.recv().await else {
        // The test is over, and the function with it.
        return pending().await;
    };
    let header = |name: &'static str, value: &str| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        )
    };
    let headers = [
        header("lambda-runtime-aws-request-id", &request_id),
        header("lambda-runtime-deadline-ms", DEADLINE_MS),
        header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:111122223333:function:function",
        ),
    ];
    (headers.into_iter().collect(), payload.to_string())
}

async fn ended(
    State(api): State<Arc<RuntimeApi>>,
    UrlPath(_): UrlPath<(String, String)>,
    body: Bytes,
) -> StatusCode {
    let answer = serde_json::from_slice(&body).unwrap_or(Value::Null);
    api.answers.send(answer).await.ok();
    StatusCode::ACCEPTED
}
