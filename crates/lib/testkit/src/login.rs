//! A ClickHouse that asks for a password, which the embedded engine cannot do.
//!
//! Invariant: another login than the one that holds at that moment is refused as a server refuses it, and nothing of
//! its statement reaches the engine; with the right one it is the engine.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode};

const USER: &str = "x-clickhouse-user";
const KEY: &str = "x-clickhouse-key";

/// The engine of this process behind a login. Clones share it.
#[derive(Clone)]
pub struct Login {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    engine: String,
    user: String,
    password: Mutex<String>,
    refused: AtomicUsize,
    client: reqwest::Client,
}

impl Login {
    /// The engine for this user with this password, on a port of its own.
    pub fn to_engine(user: &str, password: &str) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            engine: crate::clickhouse::engine_url().to_owned(),
            user: user.to_owned(),
            password: Mutex::new(password.to_owned()),
            refused: AtomicUsize::new(0),
            client: reqwest::Client::new(),
        });
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        // A thread of its own, because tests pause their runtime's time or wait for a program.
        thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime")
                .block_on(async {
                    let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
                    axum::serve(listener, router).await.expect("a server");
                });
        });
        Self { address, shared }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The password is another one from now on.
    pub fn rotate(&self, password: &str) {
        password.clone_into(
            &mut self
                .shared
                .password
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    /// How many statements were refused so far.
    pub fn refused(&self) -> usize {
        self.shared.refused.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn admits(&self, headers: &HeaderMap) -> bool {
        let is = |name, value: &str| headers.get(name).is_some_and(|given| given == value);
        let password = self.password.lock().unwrap_or_else(PoisonError::into_inner);
        is(USER, &self.user) && is(KEY, &password)
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if !shared.admits(&parts.headers) {
        shared.refused.fetch_add(1, Ordering::SeqCst);
        return refusal(&parts.headers);
    }
    let body = to_bytes(body, usize::MAX).await.expect("a whole request");
    for header in [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION] {
        parts.headers.remove(header);
    }
    for header in [USER, KEY] {
        parts.headers.remove(header);
    }
    let answer = shared
        .client
        .request(parts.method, format!("{}{}", shared.engine, parts.uri))
        .headers(parts.headers)
        .body(body)
        .send()
        .await
        .expect("an answer of the engine");
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    for header in [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION] {
        headers.remove(header);
    }
    let body = answer.bytes().await.expect("a whole answer");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// A server's words, status and header.
///
/// Source: `HTTPHandler.cpp` and `AccessControl.cpp` in <https://github.com/ClickHouse/ClickHouse>
fn refusal(headers: &HeaderMap) -> Response {
    let user = headers
        .get(USER)
        .and_then(|user| user.to_str().ok())
        .unwrap_or("default");
    Response::builder()
        .status(StatusCode::FORBIDDEN)
        .header("x-clickhouse-exception-code", "516")
        .body(Body::from(format!(
            "Code: 516. DB::Exception: {user}: Authentication failed: password is incorrect, or there is no user with \
             such name. (AUTHENTICATION_FAILED) (version 26.7.3.1)\n"
        )))
        .expect("a response")
}
