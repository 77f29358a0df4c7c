//! The log of events, for tests and for delivering one again. INVARIANT: it keeps the newest events only, so that a long-running stack does not
//! grow without end.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;

use crate::events::delivery::Delivery;

/// A thousand accounts times ten collectors, five times over.
const KEPT: usize = 50_000;

/// One event and what became of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LoggedEvent {
    /// Counts events from 1.
    pub(crate) n: u64,
    pub(crate) bus: String,
    pub(crate) event: Value,
    /// One entry per matched rule's target and delivery; empty where no rule matched.
    pub(crate) deliveries: Vec<Delivery>,
}

/// The newest events, oldest first.
#[derive(Debug, Default)]
pub(crate) struct EventLog(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    count: u64,
    events: VecDeque<LoggedEvent>,
}

impl EventLog {
    pub(super) fn push(&self, bus: &str, event: Value, deliveries: Vec<Delivery>) -> LoggedEvent {
        let mut state = self.lock();
        state.count += 1;
        let logged = LoggedEvent {
            n: state.count,
            bus: bus.to_owned(),
            event,
            deliveries,
        };
        state.events.push_back(logged.clone());
        if state.events.len() > KEPT {
            state.events.pop_front();
        }
        logged
    }

    /// The newest event with this id.
    pub(super) fn find(&self, event_id: &str) -> Option<LoggedEvent> {
        self.lock()
            .events
            .iter()
            .rev()
            .find(|logged| logged.event["id"] == event_id)
            .cloned()
    }

    /// Adds to an event's deliveries and returns it with the new ones alone.
    pub(super) fn add_deliveries(&self, n: u64, deliveries: Vec<Delivery>) -> Option<LoggedEvent> {
        let mut state = self.lock();
        let logged = state.events.iter_mut().find(|logged| logged.n == n)?;
        logged.deliveries.extend(deliveries.iter().cloned());
        Some(LoggedEvent {
            deliveries,
            ..logged.clone()
        })
    }

    /// The events after number `since`, and how many there have been.
    pub(crate) fn since(&self, since: u64) -> (u64, Vec<LoggedEvent>) {
        let state = self.lock();
        (
            state.count,
            state
                .events
                .iter()
                .filter(|logged| logged.n > since)
                .cloned()
                .collect(),
        )
    }

    /// How many events there have been.
    pub(crate) fn count(&self) -> u64 {
        self.lock().count
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
