//! One delivery to a function, as Lambda makes it.
//!
//! Invariant: the payload is read as the function itself reads it, so that a wrong one is refused as in production.

use polo_runtime::{Function, FunctionError, Payload, Request};
use serde_json::Value;

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
