//! The loopback server of `polo page`.
//!
//! Invariant: a request whose Host is another than loopback is refused, because a name of the Internet that points to
//! 127.0.0.1 would make this page readable to the site that owns the name.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use tokio::net::TcpListener;

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

/// Serves until the process ends.
pub(crate) async fn serve(listener: TcpListener, forward: Forward) -> Result<(), CliError> {
    let router = Router::new().fallback(answer).with_state(Arc::new(forward));
    axum::serve(listener, router)
        .await
        .map_err(|error| CliError::Failed(format!("the page is not served any more: {error}")))
}

async fn answer(State(forward): State<Arc<Forward>>, request: Request) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let passed = if !is_loopback(host) {
        let sentence =
            format!("Host is {host:?}: this page answers to 127.0.0.1 and localhost alone");
        Passed::refusal(403, &sentence)
    } else if request.method() != Method::GET {
        let sentence = format!(
            "{} is not passed on: this page is for reading",
            request.method()
        );
        Passed::refusal(405, &sentence)
    } else {
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        forward.get(path).await
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
