//! What a function is doing and has done. INVARIANT: work moves between the three gauges under one lock, so that it is never seen in none.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// Gauges and totals of one function.
#[derive(Debug, Default, Clone, Serialize)]
pub(crate) struct Counts {
    /// Accepted asynchronous invocations that wait for an instance.
    pub(crate) queued: u64,
    /// Asynchronous invocations between two attempts.
    pub(crate) retrying: u64,
    /// Invocations, of either kind, that hold an instance or a place for one.
    pub(crate) running: u64,
    /// Attempts made.
    pub(crate) invocations: u64,
    /// Attempts that ended with an error.
    pub(crate) errors: u64,
    /// Attempts after the first.
    pub(crate) retries: u64,
}

impl Counts {
    /// Nothing is going on.
    pub(crate) fn settled(&self) -> bool {
        self.queued + self.retrying + self.running == 0
    }
}

/// The shared cell.
#[derive(Debug, Default)]
pub(crate) struct CountsCell(Mutex<Counts>);

impl CountsCell {
    pub(crate) fn update(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn read(&self) -> Counts {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
