//! One delivery of one event to one target. INVARIANT: it ends in the function's queue or in the dead letters, at once: there is no network in
//! between that a retry could help with.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::dead_letters::{DeadLetter, DeadLetters};
use crate::emulator::Emulator;
use crate::emulator::function::Function;
use crate::emulator::queue;
use crate::events::rules::{Input, Rule, Target};

/// What became of a delivery.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Delivery {
    /// The rule's full name.
    pub(crate) rule: String,
    /// The function's id.
    pub(crate) function: String,
    /// The invocation's request id; null where the event lies in the dead letters.
    pub(crate) request_id: Option<Uuid>,
    /// Why it lies there.
    pub(crate) error: Option<String>,
}

/// Delivers the event.
pub(super) fn deliver(
    rule: &Rule,
    target: &Target,
    event: &Value,
    emulator: &Emulator,
    dead_letters: &DeadLetters,
) -> Delivery {
    let delivery = |request_id, error| Delivery {
        rule: rule.name.clone(),
        function: target.function.clone(),
        request_id,
        error,
    };
    let undeliverable = |condition: &'static str, message: String| {
        dead_letters.push(DeadLetter {
            queue: target.dead_letter_queue.clone(),
            function: target.function.clone(),
            rule: Some(rule.name.clone()),
            condition,
            body: json!({
                "event": event,
                "attributes": {
                    "RULE_ARN": rule.arn, "TARGET_ID": target.id, "ERROR_CODE": condition, "ERROR_MESSAGE": message,
                    "MAXIMUM_EVENT_AGE_IN_SECONDS": target.max_event_age.map(|age| age.as_secs()),
                },
            }),
        });
        delivery(None, Some(message))
    };
    let Some(function) = emulator.functions.get(&target.function) else {
        return undeliverable(
            "RESOURCE_NOT_FOUND",
            format!("there is no function {}", target.function),
        );
    };
    if !permitted(function, &rule.arn) {
        return undeliverable(
            "NO_PERMISSIONS",
            format!(
                "the template does not permit the rule {} to invoke {}",
                rule.name, function.definition.name
            ),
        );
    }
    match payload(rule, target, event) {
        Ok(payload) => delivery(Some(queue::submit(function, payload)), None),
        Err(message) => undeliverable("INVALID_PARAMETER", message),
    }
}

fn payload(rule: &Rule, target: &Target, event: &Value) -> Result<Bytes, String> {
    let input = match &target.input {
        Input::Event => event.clone(),
        Input::Constant(constant) => constant.clone(),
        Input::Path(path) => path
            .of(event)
            .cloned()
            .ok_or("the event does not have what the target's InputPath selects")?,
        Input::Transformer(transformer) => transformer.apply(&rule.name, &rule.arn, event)?,
    };
    Ok(Bytes::from(input.to_string()))
}

/// Whether an `AWS::Lambda::Permission` lets the rule in: a wiring without it would fail on AWS only.
fn permitted(function: &Arc<Function>, rule_arn: &str) -> bool {
    function
        .definition
        .permitted_rules
        .iter()
        .any(|allowed| match allowed.strip_suffix('*') {
            Some(prefix) => rule_arn.starts_with(prefix),
            None => allowed == rule_arn,
        })
}
