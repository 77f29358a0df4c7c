//! Error answers in the shapes that AWS SDKs and people expect. INVARIANT: every refusal has a type and one sentence.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error of a service: status, the exception's name, one sentence.
#[derive(Debug)]
pub(crate) struct AwsError {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl AwsError {
    pub(crate) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
        }
    }

    /// 400 with the given exception.
    pub(crate) fn bad_request(kind: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, kind, message)
    }

    /// 404 with Lambda's exception.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    }
}

impl IntoResponse for AwsError {
    fn into_response(self) -> Response {
        // Both spellings of "message": REST services and SDKs differ in which one they read. `__type` is for awsJson.
        let body = json!({"__type": self.kind, "Type": "User", "Message": self.message, "message": self.message});
        let header = (
            HeaderName::from_static("x-amzn-errortype"),
            HeaderValue::from_static(self.kind),
        );
        (self.status, [header], Json(body)).into_response()
    }
}
