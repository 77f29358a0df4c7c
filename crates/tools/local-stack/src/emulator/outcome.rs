//! How an invocation ended. INVARIANT: error payloads have the shapes that Lambda gives them, because functions and tests read them.

use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use uuid::Uuid;

/// The end of one attempt.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// The function's answer.
    Response(Bytes),
    /// The function's, the runtime's or the sandbox's error, as JSON.
    Error(Bytes),
}

impl Outcome {
    pub(crate) fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }

    pub(crate) fn payload(&self) -> &Bytes {
        match self {
            Self::Response(payload) | Self::Error(payload) => payload,
        }
    }

    fn error(kind: &str, request_id: Uuid, message: &str) -> Self {
        let payload = json!({"errorType": kind, "errorMessage": format!("RequestId: {request_id} Error: {message}")});
        Self::Error(Bytes::from(payload.to_string()))
    }

    /// The function took longer than its timeout.
    pub(crate) fn timed_out(request_id: Uuid, timeout: Duration) -> Self {
        Self::error(
            "Sandbox.Timedout",
            request_id,
            &format!("Task timed out after {:.2} seconds", timeout.as_secs_f64()),
        )
    }

    /// The process never asked for work.
    pub(crate) fn init_timed_out(request_id: Uuid, timeout: Duration) -> Self {
        Self::error(
            "Sandbox.Timedout",
            request_id,
            &format!(
                "the process asked for no invocation within {} s of its start",
                timeout.as_secs()
            ),
        )
    }

    /// The process ended without an answer.
    pub(crate) fn exited(request_id: Uuid, status: Option<ExitStatus>) -> Self {
        let message = match status {
            Some(status) if !status.success() => format!("Runtime exited with error: {status}"),
            _ => "Runtime exited without providing a reason".to_owned(),
        };
        Self::error("Runtime.ExitError", request_id, &message)
    }

    /// The process could not be started.
    pub(crate) fn not_started(request_id: Uuid, reason: &str) -> Self {
        Self::error("Runtime.InvalidEntrypoint", request_id, reason)
    }
}
