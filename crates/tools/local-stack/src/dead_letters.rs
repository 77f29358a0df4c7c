//! What could not be delivered or kept failing. INVARIANT: nothing is dropped silently: what AWS would drop, because no queue is configured, is
//! kept here with `queue: null`.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;

/// One message of a dead letter queue.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct DeadLetter {
    /// The queue's name, null where none is configured.
    pub(crate) queue: Option<String>,
    /// The function's id.
    pub(crate) function: String,
    /// The rule whose delivery failed; null for an invocation that kept failing.
    pub(crate) rule: Option<String>,
    /// `RetriesExhausted`, `EventAgeExceeded`, or why the event could not be delivered.
    pub(crate) condition: &'static str,
    /// The message as it would lie in the queue.
    pub(crate) body: Value,
}

/// All dead letters since the start.
#[derive(Debug, Default)]
pub(crate) struct DeadLetters(Mutex<Vec<DeadLetter>>);

impl DeadLetters {
    pub(crate) fn push(&self, letter: DeadLetter) {
        tracing::warn!(
            function = letter.function,
            rule = letter.rule,
            condition = letter.condition,
            "dead letter"
        );
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(letter);
    }

    pub(crate) fn all(&self) -> Vec<DeadLetter> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
