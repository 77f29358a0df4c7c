//! Asynchronous invocations: accepted at once, tried again after errors, kept as dead letters when that does not help.
//! INVARIANT: every attempt of one invocation has the same request id, as in Lambda.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::clock;
use crate::dead_letters::DeadLetter;
use crate::emulator::definition::OnFailure;
use crate::emulator::function::Function;
use crate::emulator::outcome::Outcome;

/// Accepts an invocation and returns its request id; it is counted when this returns.
pub(crate) fn submit(function: &Arc<Function>, payload: Bytes) -> Uuid {
    let request_id = Uuid::new_v4();
    function.counts.update(|counts| counts.queued += 1);
    tokio::spawn(work_off(Arc::clone(function), request_id, payload));
    request_id
}

async fn work_off(function: Arc<Function>, request_id: Uuid, payload: Bytes) {
    let accepted = Instant::now();
    let max_age = function
        .settings
        .max_event_age
        .unwrap_or(function.definition.max_event_age);
    let mut attempts: u64 = 0;
    let mut last: Option<Outcome> = None;
    let condition = loop {
        let place = function.place().await;
        if accepted.elapsed() > max_age {
            break "EventAgeExceeded";
        }
        function.counts.update(|counts| {
            counts.queued -= 1;
            counts.running += 1;
            counts.invocations += 1;
            counts.retries += u64::from(attempts > 0);
        });
        let outcome = function.attempt(request_id, &payload).await;
        drop(place);
        attempts += 1;
        if !outcome.is_error() {
            function.counts.update(|counts| counts.running -= 1);
            return;
        }
        let delay = delay_before(
            attempts,
            function.definition.max_retries,
            &function.settings.retry_delays,
        );
        last = Some(outcome);
        let Some(delay) = delay else {
            function.counts.update(|counts| {
                counts.running -= 1;
                counts.queued += 1;
                counts.errors += 1;
            });
            break "RetriesExhausted";
        };
        function.counts.update(|counts| {
            counts.running -= 1;
            counts.retrying += 1;
            counts.errors += 1;
        });
        sleep(delay).await;
        function.counts.update(|counts| {
            counts.retrying -= 1;
            counts.queued += 1;
        });
    };
    function.dead_letters.push(letter(
        &function,
        request_id,
        &payload,
        attempts,
        last.as_ref(),
        condition,
    ));
    function.counts.update(|counts| counts.queued -= 1);
}

/// The pause before the retry that follows `attempts` failed attempts; None when there is none. The last delay repeats.
fn delay_before(attempts: u64, max_retries: u64, delays: &[Duration]) -> Option<Duration> {
    if attempts > max_retries {
        return None;
    }
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    Some(
        delays
            .get(index)
            .or(delays.last())
            .copied()
            .unwrap_or_default(),
    )
}

fn letter(
    function: &Function,
    request_id: Uuid,
    payload: &Bytes,
    attempts: u64,
    last: Option<&Outcome>,
    condition: &'static str,
) -> DeadLetter {
    let request_payload = parsed(payload);
    let body = match &function.definition.on_failure {
        Some(OnFailure::DeadLetterQueue(_)) => request_payload,
        // Also where nothing is configured: the record says the most.
        Some(OnFailure::Destination(_)) | None => json!({
            "version": "1.0",
            "timestamp": clock::record_now(),
            "requestContext": {
                "requestId": request_id,
                "functionArn": format!("{}:$LATEST", function.definition.arn),
                "condition": condition,
                "approximateInvokeCount": attempts,
            },
            "requestPayload": request_payload,
            "responseContext": last.map(|_| json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"})),
            "responsePayload": last.map(|outcome| parsed(outcome.payload())),
        }),
    };
    DeadLetter {
        queue: function
            .definition
            .on_failure
            .as_ref()
            .map(|target| target.queue().to_owned()),
        function: function.definition.id.clone(),
        rule: None,
        condition,
        body,
    }
}

/// JSON where it is JSON, else the text.
fn parsed(bytes: &Bytes) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_follow_the_delays_and_end() {
        let delays = [Duration::from_secs(60), Duration::from_secs(120)];
        assert_eq!(delay_before(1, 2, &delays), Some(delays[0]));
        assert_eq!(delay_before(2, 2, &delays), Some(delays[1]));
        assert_eq!(delay_before(3, 2, &delays), None);
        assert_eq!(delay_before(1, 0, &delays), None);
        assert_eq!(delay_before(3, 5, &delays), Some(delays[1]));
        assert_eq!(delay_before(1, 1, &[]), Some(Duration::ZERO));
    }
}
