//! The running stack, asked over HTTP: fire a schedule, wait until everything has settled. For `make fire`, `make run` and the tests.
//! INVARIANT: an answer that is not a success is an error with the stack's own sentence.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::error::StackError;

/// Between two looks while waiting.
const PAUSE: Duration = Duration::from_millis(100);

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client of `local-stack serve`.
#[derive(Debug, Clone)]
pub struct Client {
    url: String,
    http: reqwest::Client,
}

/// What the functions are doing.
#[derive(Debug, Clone, Deserialize)]
pub struct Status {
    /// Nothing is queued, running or waiting for a retry.
    pub settled: bool,
    /// By function id.
    pub functions: BTreeMap<String, FunctionStatus>,
    /// Messages in the dead letters.
    pub dead_letters: u64,
    /// Events routed so far.
    pub events: u64,
}

/// One function's gauges and totals.
#[derive(Debug, Clone, Deserialize)]
pub struct FunctionStatus {
    /// Accepted, waiting for an instance.
    pub queued: u64,
    /// Waiting for their next attempt.
    pub retrying: u64,
    /// Being worked on.
    pub running: u64,
    /// Attempts so far.
    pub invocations: u64,
    /// Failed attempts so far.
    pub errors: u64,
    /// Attempts after the first so far.
    pub retries: u64,
    /// Living processes.
    pub instances: u64,
}

impl Client {
    /// A client of the server at this address (`LAMBDA_ENDPOINT_URL`).
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into().trim_end_matches('/').to_owned(),
            http: reqwest::Client::new(),
        }
    }

    /// Fires a schedule by its short or full name. With `time` and `id` it is the same event again.
    pub async fn fire(
        &self,
        schedule: &str,
        time: Option<&str>,
        id: Option<&str>,
    ) -> Result<Value, StackError> {
        let mut body = json!({});
        for (key, value) in [("time", time), ("id", id)] {
            if let Some(value) = value {
                body[key] = value.into();
            }
        }
        self.post(&format!("/fire/{schedule}"), &body).await
    }

    /// Delivers a logged event once more to the rules that it matched.
    pub async fn redeliver(&self, event_id: &str) -> Result<Value, StackError> {
        self.post("/polo-local/redeliver", &json!({"event_id": event_id}))
            .await
    }

    /// What the functions are doing.
    pub async fn status(&self) -> Result<Status, StackError> {
        let value = self.get("/polo-local/status").await?;
        serde_json::from_value(value).map_err(|error| StackError::Refused {
            message: format!("the stack's status cannot be read: {error}"),
        })
    }

    /// Waits until nothing is queued, running or waiting for a retry; `progress` sees every look.
    pub async fn wait_until_settled(
        &self,
        patience: Duration,
        mut progress: impl FnMut(&Status),
    ) -> Result<Status, StackError> {
        let deadline = Instant::now() + patience;
        loop {
            let status = self.status().await?;
            progress(&status);
            if status.settled {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                return Err(StackError::NotSettled {
                    seconds: patience.as_secs(),
                    busy: status.busy(),
                });
            }
            sleep(PAUSE).await;
        }
    }

    /// GET a path of the stack, JSON.
    pub async fn get(&self, path: &str) -> Result<Value, StackError> {
        self.answer(self.http.get(format!("{}{path}", self.url)))
            .await
    }

    /// POST JSON to a path of the stack, JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, StackError> {
        self.answer(self.http.post(format!("{}{path}", self.url)).json(body))
            .await
    }

    /// PUT JSON to a path of the stack, JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, StackError> {
        self.answer(self.http.put(format!("{}{path}", self.url)).json(body))
            .await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Value, StackError> {
        let unreachable = |source: reqwest::Error| StackError::Unreachable {
            url: self.url.clone(),
            source: source.without_url(),
        };
        let response = request
            .timeout(PATIENCE)
            .send()
            .await
            .map_err(unreachable)?;
        let success = response.status().is_success();
        let text = response.text().await.map_err(unreachable)?;
        let value: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if success {
            return Ok(value);
        }
        Err(StackError::Refused {
            message: value
                .get("message")
                .and_then(Value::as_str)
                .map_or_else(|| value.to_string(), str::to_owned),
        })
    }
}

impl Status {
    /// The functions that still have work, for messages.
    #[must_use]
    pub fn busy(&self) -> String {
        let busy: Vec<String> = self
            .functions
            .iter()
            .filter(|(_, function)| function.queued + function.retrying + function.running > 0)
            .map(|(id, function)| {
                format!(
                    "{id}: {} running, {} queued, {} between retries",
                    function.running, function.queued, function.retrying
                )
            })
            .collect();
        busy.join("; ")
    }
}
