//! An answer and its headers. Invariant: every one forbids scripts, frames, guessing of types and copies in caches.

use lambda_http::http::HeaderValue;
use lambda_http::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use lambda_http::{Body, Response};
use maud::Markup;

use crate::document::CONTENT_SECURITY;

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

/// What a request gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP's status.
    pub status: u16,
    /// The body's type.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Answer {
    /// A page.
    pub(crate) fn html(status: u16, page: Markup) -> Self {
        Self {
            status,
            content_type: HTML,
            body: page.into_string(),
        }
    }

    /// JSON that is text already.
    pub(crate) fn json_text(status: u16, body: String) -> Self {
        Self {
            status,
            content_type: JSON,
            body,
        }
    }

    /// As Lambda's HTTP events have it.
    pub fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::Text(self.body));
        *response.status_mut() =
            lambda_http::http::StatusCode::from_u16(self.status).unwrap_or_default();
        let headers = response.headers_mut();
        for (name, value) in [
            (CONTENT_TYPE, self.content_type),
            (CONTENT_SECURITY_POLICY, CONTENT_SECURITY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "no-referrer"),
            (CACHE_CONTROL, "no-store"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if self.status == 405 {
            headers.insert(ALLOW, HeaderValue::from_static("GET"));
        }
        response
    }
}
