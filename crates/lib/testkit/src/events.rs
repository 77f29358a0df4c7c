//! An event bus for tests: answers to PutEvents, entry by entry, and what was put there.
//!
//! Invariant: an entry is published only if the bus took it; what it refused is in the calls alone.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::aws::{Call, FakeAws, Reply};

/// An entry of a PutEvents call.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// `polo.<function>`.
    pub source: String,
    /// What it tells.
    pub detail_type: String,
    /// The bus it was put on.
    pub bus: String,
    /// Its fields.
    pub detail: Value,
}

impl Event {
    /// A text of its detail; empty where there is none.
    pub fn text(&self, field: &str) -> String {
        self.detail[field].as_str().unwrap_or_default().to_owned()
    }
}

/// The bus behind a [`FakeAws`].
#[derive(Clone, Default)]
pub struct Bus {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    published: Vec<Event>,
    refused: BTreeSet<String>,
}

impl Bus {
    /// A bus that takes every event.
    pub fn of(aws: &FakeAws) -> Self {
        let bus = Self::default();
        let state = Arc::clone(&bus.state);
        aws.on("events", "PutEvents", move |call| {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            answer(&mut state, call)
        });
        bus
    }

    /// From now on refuses the events of these accounts, as EventBridge does in trouble of its own: call after call.
    pub fn refuse(&self, accounts: &[&str]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.refused = accounts.iter().map(|id| (*id).to_owned()).collect();
    }

    /// The events taken since the last call of this.
    pub fn take(&self) -> Vec<Event> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut state.published)
    }
}

/// The entries of a PutEvents call.
pub fn entries(call: &Call) -> Vec<Event> {
    let text = |entry: &Value, field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    call.json["Entries"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| Event {
            source: text(entry, "Source"),
            detail_type: text(entry, "DetailType"),
            bus: text(entry, "EventBusName"),
            detail: serde_json::from_str(&text(entry, "Detail")).unwrap_or_default(),
        })
        .collect()
}

fn answer(state: &mut State, call: &Call) -> Reply {
    let mut answers = Vec::new();
    let mut failed = 0;
    for event in entries(call) {
        if state.refused.contains(&event.text("account_id")) {
            failed += 1;
            answers.push(json!({"ErrorCode": "InternalFailure", "ErrorMessage": "not now"}));
        } else {
            state.published.push(event);
            answers.push(json!({"EventId": format!("event-{}", state.published.len())}));
        }
    }
    Reply::json(json!({"FailedEntryCount": failed, "Entries": answers}))
}
