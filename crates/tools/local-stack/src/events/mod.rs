//! The EventBridge forwarder: the templates' buses, rules and targets. INVARIANT: whatever happened to an event is in the log: which rules it
//! matched and what each delivery became.

mod delivery;
mod json_path;
mod log;
mod pattern;
pub(crate) mod put_events;
mod rules;
pub(crate) mod schedule;
mod transformer;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::dead_letters::DeadLetters;
use crate::emulator::Emulator;
use crate::events::delivery::Delivery;
use crate::events::log::{EventLog, LoggedEvent};
use crate::events::pattern::Patterns;
use crate::events::put_events::Faults;
use crate::events::rules::Rules;
use crate::template::{TemplateError, Templates};

/// The forwarder.
#[derive(Debug)]
pub(crate) struct Forwarder {
    rules: Rules,
    patterns: Patterns,
    emulator: Arc<Emulator>,
    dead_letters: Arc<DeadLetters>,
    pub(crate) log: EventLog,
    pub(crate) faults: Faults,
    pub(crate) account: String,
    pub(crate) region: String,
}

/// What to deliver once more.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redelivery {
    /// The event's id.
    pub(crate) event_id: String,
}

impl Forwarder {
    /// Reads rules and buses; fails where a rule says what this forwarder cannot do.
    pub(crate) fn new(
        templates: &Templates,
        emulator: Arc<Emulator>,
        dead_letters: Arc<DeadLetters>,
    ) -> Result<Self, TemplateError> {
        let rules = Rules::load(templates, &emulator)?;
        let patterns = Patterns::compile(&rules)?;
        Ok(Self {
            rules,
            patterns,
            emulator,
            dead_letters,
            log: EventLog::default(),
            faults: Faults::default(),
            account: templates.account.clone(),
            region: templates.region.clone(),
        })
    }

    /// Whether the templates or AWS have this bus.
    pub(crate) fn has_bus(&self, bus: &str) -> bool {
        self.rules.buses.contains(bus)
    }

    /// The buses' names, for messages.
    pub(crate) fn buses(&self) -> String {
        self.rules
            .buses
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Routes an event to every matching rule of its bus, and logs it. The deliveries are accepted when this returns.
    pub(crate) fn route(&self, bus: &str, event: Value) -> LoggedEvent {
        let matched = self.patterns.matching(bus, &event);
        let deliveries = matched
            .into_iter()
            .flat_map(|index| self.deliver(index, &event))
            .collect();
        self.log.push(bus, event, deliveries)
    }

    /// Delivers to every target of one rule.
    fn deliver(&self, rule: usize, event: &Value) -> Vec<Delivery> {
        let rule = &self.rules.all[rule];
        rule.targets
            .iter()
            .map(|target| {
                delivery::deliver(rule, target, event, &self.emulator, &self.dead_letters)
            })
            .collect()
    }

    /// Delivers a logged event again to the rules that it matched, as EventBridge may at any time.
    pub(crate) fn redeliver(&self, event_id: &str) -> Option<LoggedEvent> {
        let logged = self.log.find(event_id)?;
        let again = self
            .rules
            .all
            .iter()
            .enumerate()
            .filter(|(_, rule)| {
                logged
                    .deliveries
                    .iter()
                    .any(|delivery| delivery.rule == rule.name)
            })
            .flat_map(|(index, _)| self.deliver(index, &logged.event))
            .collect();
        self.log.add_deliveries(logged.n, again)
    }
}
