//! A relay between a client and the engine: it records statements, holds one or its answer until the test says so, refuses
//! one, or loses the answer to one.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use polo_store::{Store, StoreConfig};
use reqwest::Url;

use crate::clickhouse::engine_url;

/// A statement, or its answer, that waits at the relay.
#[derive(Clone, Default)]
pub struct Held {
    reached: Arc<Notify>,
    released: Arc<Notify>,
}

impl Held {
    /// Waits until it has come.
    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Lets it go on.
    pub fn release(&self) {
        self.released.notify_one();
    }
}

enum Rule {
    Hold(Held),
    HoldAnswer(Held),
    Refuse(&'static str),
    LoseAnswer,
}

#[derive(Default)]
struct Rules {
    /// Each holds for the first statement that contains its text.
    once: Vec<(&'static str, Rule)>,
    /// Texts that are replaced in every statement.
    instead: Vec<(&'static str, &'static str)>,
    statements: Vec<String>,
}

/// The relay. It listens as long as the test's runtime lives.
pub struct Relay {
    url: String,
    rules: Arc<Mutex<Rules>>,
}

impl Relay {
    /// A relay to the engine of tests, on a port of its own.
    pub async fn to_engine() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let rules = Arc::<Mutex<Rules>>::default();
        let app = Router::new()
            .fallback(pass)
            .with_state((Arc::clone(&rules), reqwest::Client::new()));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, rules }
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// A store like this one that speaks through the relay.
    pub fn store(&self, like: &Store) -> Store {
        let config = StoreConfig::new(engine_url(), Some(like.database()), None, None);
        Store::new(&StoreConfig {
            url: self.url(),
            ..config.expect("a database's name")
        })
    }

    /// Holds the first statement that contains this.
    pub fn hold(&self, part: &'static str) -> Held {
        let held = Held::default();
        self.once(part, Rule::Hold(held.clone()));
        held
    }

    /// Has the first statement that contains this done, and holds the answer.
    pub fn hold_answer(&self, part: &'static str) -> Held {
        let held = Held::default();
        self.once(part, Rule::HoldAnswer(held.clone()));
        held
    }

    /// Refuses the first statement that contains this, in these words.
    pub fn refuse_once(&self, part: &'static str, words: &'static str) {
        self.once(part, Rule::Refuse(words));
    }

    /// Has the first statement that contains this done, and answers trouble that says nothing of it.
    pub fn lose_answer_once(&self, part: &'static str) {
        self.once(part, Rule::LoseAnswer);
    }

    /// Hands every statement that is recorded with these words on with others instead.
    pub fn say_instead(&self, words: &'static str, others: &'static str) {
        lock(&self.rules).instead.push((words, others));
    }

    /// All statements so far.
    pub fn statements(&self) -> Vec<String> {
        lock(&self.rules).statements.clone()
    }

    /// How many statements so far have read the whole registry.
    pub fn registry_reads(&self) -> usize {
        let reads = |statement: &&String| {
            let views = [
                "v_accounts",
                "v_account_payers",
                "v_account_coverage",
                "v_payers",
            ];
            views.iter().any(|view| statement.contains(view))
        };
        self.statements().iter().filter(reads).count()
    }

    fn once(&self, part: &'static str, rule: Rule) {
        lock(&self.rules).once.push((part, rule));
    }
}

fn lock(rules: &Mutex<Rules>) -> std::sync::MutexGuard<'_, Rules> {
    rules.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn pass(
    State((rules, engine)): State<(Arc<Mutex<Rules>>, reqwest::Client)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = String::from_utf8_lossy(&body).into_owned();
    // An INSERT's own text is in the address, its rows are the body.
    let in_address = Url::parse(&format!("http://engine{uri}"))
        .ok()
        .and_then(|url| {
            let mut pairs = url.query_pairs();
            pairs.find_map(|(name, value)| (name == "query").then(|| value.into_owned()))
        });
    let statement = in_address.map_or_else(|| text.clone(), |sql| format!("{sql}\n{text}"));
    let (rule, body) = {
        let mut rules = lock(&rules);
        rules.statements.push(statement.clone());
        let found = rules
            .once
            .iter()
            .position(|(part, _)| statement.contains(part));
        let replaced = rules
            .instead
            .iter()
            .fold(text.clone(), |text, (words, others)| {
                text.replace(words, others)
            });
        let body = if replaced == text {
            body
        } else {
            Bytes::from(replaced)
        };
        (found.map(|at| rules.once.remove(at).1), body)
    };
    match &rule {
        Some(Rule::Hold(held)) => {
            held.reached.notify_one();
            held.released.notified().await;
        }
        Some(Rule::Refuse(words)) => {
            return (StatusCode::INTERNAL_SERVER_ERROR, *words).into_response();
        }
        Some(Rule::HoldAnswer(_) | Rule::LoseAnswer) | None => {}
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = engine.request(
        reqwest::Method::from_bytes(method.as_str().as_bytes()).expect("a method"),
        format!("{}{path}", engine_url()),
    );
    for (name, value) in &headers {
        if !matches!(
            name.as_str(),
            "host" | "content-length" | "transfer-encoding"
        ) {
            request = request.header(name.as_str(), value.as_bytes());
        }
    }
    let answer = request.body(body).send().await.expect("the engine answers");
    let status = StatusCode::from_u16(answer.status().as_u16()).expect("a status");
    let mut response_headers = HeaderMap::new();
    for (name, value) in answer.headers() {
        if name.as_str().starts_with("x-clickhouse") || name == "content-encoding" {
            response_headers.insert(
                HeaderName::from_bytes(name.as_str().as_bytes()).expect("a name"),
                HeaderValue::from_bytes(value.as_bytes()).expect("a value"),
            );
        }
    }
    let body = answer.bytes().await.expect("a body");
    if let Some(Rule::HoldAnswer(held)) = &rule {
        held.reached.notify_one();
        held.released.notified().await;
    }
    if matches!(rule, Some(Rule::LoseAnswer)) {
        return (
            StatusCode::INTERNAL_SERVER_ERROR,
            "Code: 159. DB::Exception: Timeout exceeded. (TIMEOUT_EXCEEDED)",
        )
            .into_response();
    }
    (status, response_headers, body).into_response()
}
