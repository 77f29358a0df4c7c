//! The loopback server of `polo page`.
//!
//! Invariants: a request whose Host is another than loopback is refused, because a name of the Internet that points to
//! 127.0.0.1 would make this page readable to the site that owns the name. A request without the token in its path is
//! refused, because every user of the machine reaches loopback, and would be answered with the operator's credentials.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use polo_core::text::quoted;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::error::CliError;
use crate::page::Forward;
use crate::page::forward::Passed;

/// A listener on 127.0.0.1; port 0 takes a free one.
pub(crate) async fn listen(port: u16) -> Result<TcpListener, CliError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| {
            CliError::Failed(format!(
                "cannot listen on 127.0.0.1:{port}: {error}; give another port with --port, or none for a free one"
            ))
        })
}

/// What the first part of every path has to be, made anew for every `polo page`.
pub(crate) struct Token(String);

impl Token {
    /// 32 hexadecimal digits with 122 random bits of the operating system's.
    pub(crate) fn new() -> Self {
        Self(Uuid::new_v4().simple().to_string())
    }

    /// The page's address.
    pub(crate) fn address(&self, at: SocketAddr) -> String {
        format!("http://{at}/{}/", self.0)
    }

    /// What a path with its query asks of the function; none where it does not begin with the token.
    fn rest<'a>(&self, path_and_query: &'a str) -> Option<&'a str> {
        let (token, rest) = path_and_query.strip_prefix('/')?.split_at_checked(32)?;
        // However much of it is right, the comparison takes as long.
        let differing = token
            .bytes()
            .zip(self.0.bytes())
            .fold(0, |sum, (given, own)| sum | (given ^ own));
        (differing == 0 && rest.starts_with('/')).then_some(rest)
    }
}

struct Served {
    forward: Forward,
    token: Token,
}

/// Serves until the process ends.
pub(crate) async fn serve(
    listener: TcpListener,
    token: Token,
    forward: Forward,
) -> Result<(), CliError> {
    let served = Arc::new(Served { forward, token });
    let router = Router::new().fallback(answer).with_state(served);
    axum::serve(listener, router)
        .await
        .map_err(|error| CliError::Failed(format!("the page can no longer be served: {error}")))
}

async fn answer(State(served): State<Arc<Served>>, request: Request) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let passed = if !is_loopback(host) {
        let sentence = format!(
            "Host is {}: this page answers only to 127.0.0.1 and localhost",
            quoted(host)
        );
        Passed::refusal(403, &sentence)
    } else if let Some(rest) = served.token.rest(path) {
        // Of an answer to HEAD the server sends the headers alone.
        if [Method::GET, Method::HEAD].contains(request.method()) {
            served.forward.get(rest).await
        } else {
            let sentence = format!(
                "{} is not passed on: the page is read-only",
                request.method()
            );
            Passed::refusal(405, &sentence)
        }
    } else {
        Passed::refusal(
            404,
            "there is no such page: open the whole address that polo page printed, up to its last slash",
        )
    };
    respond(passed)
}

/// Any port: it may have been forwarded from another machine.
fn is_loopback(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or_default();
    name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost")
}

fn respond(passed: Passed) -> Response {
    let mut response = Response::new(Body::from(passed.body));
    *response.status_mut() = StatusCode::from_u16(passed.status).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in passed.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_follows_the_token_is_asked_for() {
        let token = Token::new();
        let own = token.0.clone();
        assert_eq!(own.len(), 32);
        assert!(own.bytes().all(|b| b.is_ascii_hexdigit()), "{own}");
        assert_ne!(own, Token::new().0);
        for (path, rest) in [
            (format!("/{own}/"), Some("/")),
            (
                format!("/{own}/api/accounts?a=b"),
                Some("/api/accounts?a=b"),
            ),
            (format!("/{own}"), None),
            (format!("/{own}?a=b"), None),
            (format!("/{own}0/"), None),
            (format!("//{own}/"), None),
            (format!("/x/{own}/"), None),
            (format!("/{}/", &own[..31]), None),
            (format!("/{}/", "0".repeat(32)), None),
            (format!("/{}\u{e9}/", &own[..31]), None),
            ("/".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(token.rest(&path), rest, "{path}");
        }
        assert_eq!(
            token.address("127.0.0.1:4711".parse().unwrap()),
            format!("http://127.0.0.1:4711/{own}/")
        );
    }

    #[test]
    fn only_loopback_is_a_host() {
        for host in ["127.0.0.1", "127.0.0.1:4711", "localhost:4711", "LOCALHOST"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "example.com",
            "localhost.example.com:80",
            "127.0.0.1.example.com",
            "127.0.0.2",
            "0.0.0.0",
            "[::1]:80",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
