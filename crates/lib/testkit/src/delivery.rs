//! One delivery to a function, as Lambda makes it.
//!
//! Invariant: the payload is read as the function itself reads it, so that a wrong one is refused as in production.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::DateTime;
use polo_runtime::{Function, FunctionError, Payload, Request};
use serde_json::{Value, json};

/// A schedule's firing, as its rule hands it on: each name has its own time, and always the same one.
pub fn firing(rule: &str, name: &str) -> Value {
    let time = match DateTime::parse_from_rfc3339(name) {
        Ok(time) => time.to_utc(),
        Err(_) => {
            let mut hasher = DefaultHasher::new();
            name.hash(&mut hasher);
            let seconds = i64::try_from(hasher.finish() % 31_536_000).unwrap_or_default();
            DateTime::from_timestamp(1_767_225_600 + seconds, 0).unwrap_or_default()
        }
    };
    json!({"id": name, "time": time, "rule": rule, "detail": {}})
}

/// Delivers a payload under a request id, without a deadline.
///
/// # Errors
/// What the function answers Lambda instead of a result.
pub async fn deliver<F: Function>(
    function: &F,
    payload: &Value,
    request_id: &str,
) -> Result<Value, FunctionError> {
    let payload = F::Payload::parse(payload, request_id, F::TAKES)?;
    let request = Request {
        request_id: request_id.to_owned(),
        deadline_at: None,
    };
    // Boxed: the type of all that lies beneath is deeper than the compiler cares to look.
    Box::pin(function.handle(payload, &request)).await
}
