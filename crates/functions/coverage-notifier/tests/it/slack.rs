//! A Slack on loopback: answers what a test says, and keeps the messages that it took.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use polo_testkit::gate::Gate;
use serde_json::Value;

/// How Slack answers one message.
#[derive(Clone)]
pub(crate) enum Answer {
    /// With a status, a word, and `Retry-After` where it is not empty.
    Says(u16, &'static str, &'static str),
    /// Never; from then on the test's time runs by itself, so that nobody waits for the limit.
    Nothing,
    /// It takes the message, and the database goes away.
    TakesAndShuts(Gate),
}

/// The server.
#[derive(Clone, Default)]
pub(crate) struct Slack {
    address: String,
    state: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    answers: VecDeque<Answer>,
    asked: Vec<(String, Value)>,
    taken: Vec<Value>,
}

impl Slack {
    /// One that takes every message.
    pub(crate) async fn start() -> Self {
        let state: Arc<Mutex<Script>> = Arc::default();
        let router = Router::new()
            .route("/services/{hook}", post(receive))
            .with_state(Arc::clone(&state));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/services", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, state }
    }

    /// The address of a webhook of this name.
    pub(crate) fn hook(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    /// How the next messages are answered; after them every one is taken.
    pub(crate) fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state.lock().unwrap().answers.extend(answers);
    }

    /// The webhooks that were asked since the last call, by name, with what they were asked.
    pub(crate) fn asked(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }

    /// The headlines of the messages taken since the last call.
    pub(crate) fn taken(&self) -> Vec<String> {
        let taken = std::mem::take(&mut self.state.lock().unwrap().taken);
        taken
            .iter()
            .map(|message| message["text"].as_str().unwrap().to_owned())
            .collect()
    }
}

async fn receive(
    State(state): State<Arc<Mutex<Script>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    assert_eq!(headers["content-type"], "application/json");
    let message: Value = serde_json::from_slice(&body).unwrap();
    let hook = uri.path().trim_start_matches("/services/").to_owned();
    let answer = {
        let mut script = state.lock().unwrap();
        script.asked.push((hook, message.clone()));
        script.answers.pop_front()
    };
    let take = || {
        state.lock().unwrap().taken.push(message);
        "ok".into_response()
    };
    match answer {
        None => take(),
        Some(Answer::TakesAndShuts(gate)) => {
            gate.shut();
            take()
        }
        Some(Answer::Nothing) => {
            tokio::time::pause();
            std::future::pending().await
        }
        Some(Answer::Says(status, word, retry_after)) => {
            let status = axum::http::StatusCode::from_u16(status).unwrap();
            match retry_after {
                "" => (status, word).into_response(),
                seconds => (status, [("retry-after", seconds)], word).into_response(),
            }
        }
    }
}
