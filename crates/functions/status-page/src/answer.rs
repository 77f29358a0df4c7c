//! An answer and its headers. Invariant: every one forbids scripts, frames, guessing of types and copies in caches.

use lambda_http::http::HeaderValue;
use lambda_http::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use lambda_http::{Body, Response};
use maud::Markup;
use polo_core::text::is_unprintable;
use serde::Serialize;

use crate::document::{CONTENT_SECURITY, ICON};

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const SVG: &str = "image/svg+xml";

/// What a request gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP's status.
    pub status: u16,
    /// The body's type.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// Where to look instead, relative to the address that was asked.
    pub location: Option<String>,
}

impl Answer {
    fn new(status: u16, content_type: &'static str, body: String) -> Self {
        Self {
            status,
            content_type,
            body,
            location: None,
        }
    }

    /// A page.
    pub(crate) fn html(status: u16, page: Markup) -> Self {
        Self::new(status, HTML, page.into_string())
    }

    /// A value as JSON.
    pub(crate) fn json(status: u16, value: &impl Serialize) -> Self {
        Self::new(status, JSON, json_text(value))
    }

    /// The icon.
    pub(crate) fn icon() -> Self {
        Self::new(200, SVG, ICON.to_owned())
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
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        // Its query was escaped, and its path is one of the page's own.
        if let Some(Ok(location)) = self.location.map(HeaderValue::try_from) {
            headers.insert(LOCATION, location);
        }
        response
    }
}

/// A value as JSON that a terminal can show: what it would act upon is escaped, which changes no value.
pub(crate) fn json_text(value: &impl Serialize) -> String {
    // Maps with text keys and numbers: there is nothing that JSON could not say.
    let text = serde_json::to_string(value).unwrap_or_default();
    if !text.contains(is_unprintable) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len() + 64);
    for character in text.chars() {
        if is_unprintable(character) {
            // All of them lie in the basic plane, so one escape is enough.
            escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_its_value_and_moves_no_cursor() {
        let value = "a\u{1b}[31m\u{202e}b\u{9b}\nü";
        let text = json_text(&value);
        assert!(!text.contains(is_unprintable), "{text:?}");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value);
    }
}
