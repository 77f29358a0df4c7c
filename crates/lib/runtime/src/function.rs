//! The Lambda entry: a current-thread runtime, one context per process, one invocation at a time.
//!
//! Invariant: a wrong environment does not crash-loop the process; every invocation is answered with the same
//! sentence, so that whoever invokes it reads what is wrong.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use polo_core::{Field, Invocation, Timestamp};
use serde_json::Value;

use crate::process::run_process;
use crate::{Context, FunctionError, Readable, Warm};

/// What Lambda says of an invocation.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its id, which Lambda's own retries keep.
    pub request_id: String,
    /// When its time is up; none where the emulator does not say.
    pub deadline_at: Option<Timestamp>,
}

/// What an event is to a function.
pub trait Payload: Sized + Send {
    /// Reads the event; `takes` are the fields that the function uses.
    ///
    /// # Errors
    /// A sentence that names what is wrong with it.
    fn parse(event: &Value, request_id: &str, takes: &[Field]) -> Result<Self, FunctionError>;
}

/// The payload that schedules, events and people share.
impl Payload for Invocation {
    fn parse(event: &Value, request_id: &str, takes: &[Field]) -> Result<Self, FunctionError> {
        Ok(Invocation::parse(event, request_id, takes)?)
    }
}

/// The event as it is, for a function that only one service invokes.
impl Payload for Value {
    fn parse(event: &Value, _request_id: &str, _takes: &[Field]) -> Result<Self, FunctionError> {
        Ok(event.clone())
    }
}

/// One of Polo's functions.
pub trait Function: Sized + Send + Sync + 'static {
    /// Its name: folder, package and binary.
    const NAME: &'static str;
    /// What it is invoked with.
    type Payload: Payload;
    /// The fields of a payload that it uses; every other one is refused.
    const TAKES: &'static [Field];

    /// Made once, at the cold start.
    fn new(context: Context) -> Result<Self, FunctionError>;

    /// One invocation. The answer is for people and logs; the tables hold the truth.
    fn handle(
        &self,
        payload: Self::Payload,
        request: &Request,
    ) -> impl Future<Output = Result<Value, FunctionError>> + Send;

    /// All that an event asks for, the making of the function included. For a function that owes somebody an answer
    /// even where it cannot be made; the others leave it as it is.
    fn deliver(
        warm: &Warm<Self>,
        event: &Value,
        request: &Request,
    ) -> impl Future<Output = Result<Value, FunctionError>> + Send {
        answer(warm, event, request)
    }
}

/// The whole `main` of a function.
pub fn function_main<F: Function>() -> ExitCode {
    run_process(F::NAME, F::new, |function| {
        lambda_runtime::run(service_fn(move |event: LambdaEvent<Readable<Value>>| {
            let function = Arc::clone(&function);
            async move { invoke(&function, event).await.map_err(Diagnostic::from) }
        }))
    })
}

async fn invoke<F: Function>(
    function: &Warm<F>,
    event: LambdaEvent<Readable<Value>>,
) -> Result<Value, FunctionError> {
    let request = Request {
        request_id: event.context.request_id.clone(),
        deadline_at: deadline(event.context.deadline),
    };
    let outcome = match event.payload.read() {
        Ok(payload) => F::deliver(function, &payload, &request).await,
        Err(error) => Err(error),
    };
    match &outcome {
        Ok(answer) => {
            tracing::info!(function = F::NAME, request.id = request.request_id, %answer, "done")
        }
        // The one place where a failure is logged.
        Err(error) => tracing::error!(
            function = F::NAME,
            request.id = request.request_id,
            error_type = error.error_type(),
            error = error.chain(),
            "failed"
        ),
    }
    outcome
}

/// What a function answers to an event: once more where ClickHouse refused a password that has been rotated since.
///
/// # Errors
/// The function's own, or what kept it from being made.
pub async fn answer<F: Function>(
    function: &Warm<F>,
    event: &Value,
    request: &Request,
) -> Result<Value, FunctionError> {
    function
        .run(|function| async move {
            let payload = F::Payload::parse(event, &request.request_id, F::TAKES)?;
            // Boxed: the type of all that lies beneath is deeper than the compiler cares to look.
            Box::pin(function.handle(payload, request)).await
        })
        .await
}

/// Lambda's deadline in epoch milliseconds; an emulator's that lies before this program was written says nothing.
fn deadline(epoch_ms: u64) -> Option<Timestamp> {
    const NOT_BEFORE: Duration = Duration::from_secs(1_700_000_000);
    let at = DateTime::from_timestamp_millis(i64::try_from(epoch_ms).ok()?)?;
    (u128::from(epoch_ms) >= NOT_BEFORE.as_millis()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_that_is_not_a_time_is_none() {
        assert_eq!(deadline(600_000), None);
        assert_eq!(deadline(u64::MAX), None);
        assert_eq!(
            deadline(1_800_000_000_000).unwrap().timestamp(),
            1_800_000_000
        );
    }
}
