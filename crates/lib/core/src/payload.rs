//! The one payload of every function. The same function takes a schedule's event, an EventBridge event with a
//! `detail`, the input transformer's extract of either, and a bare manual payload `{"account_id": "…"}`.
//!
//! Invariant: a manual payload holds nothing that is not understood. A misspelt `account_id` would otherwise
//! mean "all accounts".

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{AccountId, InvalidAccountId, ids};

/// What set a function off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// A schedule fired: its rule, and the time for which it fired.
    Schedule {
        /// The rule's name.
        rule: String,
        /// The firing's time, as the event says it.
        time: String,
    },
    /// An event arrived.
    Event {
        /// The event's id, which redelivery keeps.
        id: String,
    },
    /// Somebody invoked the function.
    Manual,
}

impl Trigger {
    /// The trigger as it is stored.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Schedule { .. } => "schedule",
            Self::Event { .. } => "event",
            Self::Manual => "manual",
        }
    }
}

/// One invocation, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// What set it off.
    pub trigger: Trigger,
    /// The sweep to which its work belongs: named by the event, or derived from the trigger.
    pub sweep_id: Uuid,
    /// The one account to work on; none means all.
    pub account_id: Option<AccountId>,
    /// The one collector to dispatch.
    pub collector: Option<String>,
    /// Only these regions.
    pub regions: Option<Vec<String>>,
    /// What the dispatcher is to do.
    pub mode: Option<String>,
    /// Which collectors a sweep asks, by their manifests' `schedule`.
    pub schedule: Option<String>,
    /// How many leaving accounts a person has confirmed.
    pub accept_removals: Option<usize>,
}

/// A payload that cannot be acted upon. Nothing has been done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Not an object.
    #[error(
        "the payload is {found}, but it has to be a JSON object like {{\"account_id\": \"123456789012\"}}"
    )]
    NotAnObject {
        /// What it is.
        found: &'static str,
    },
    /// A field of another type than it has to be.
    #[error("payload field {field:?} is {value}, but it has to be {expected}")]
    WrongType {
        /// The field.
        field: &'static str,
        /// What it holds.
        value: String,
        /// What it has to be.
        expected: &'static str,
    },
    /// Not an account id.
    #[error(transparent)]
    AccountId(#[from] InvalidAccountId),
    /// A field that no function knows.
    #[error("payload field {field:?} is not known: a manual payload holds {known}")]
    UnknownField {
        /// The field.
        field: String,
        /// What it may hold.
        known: &'static str,
    },
}

const MANUAL_FIELDS: [&str; 6] = [
    "account_id",
    "collector",
    "regions",
    "mode",
    "schedule",
    "accept_removals",
];
const MANUAL_FIELDS_TEXT: &str =
    "account_id, collector, regions, mode, schedule and accept_removals, all optional";

impl Invocation {
    /// Reads the payload of an invocation; `request_id` is Lambda's.
    pub fn parse(payload: &Value, request_id: &str) -> Result<Self, PayloadError> {
        let object = match payload {
            // `aws lambda invoke` without a payload, and `cargo lambda invoke` with an empty one.
            Value::Null => &Map::new(),
            Value::Object(object) => object,
            other => {
                return Err(PayloadError::NotAnObject {
                    found: type_name(other),
                });
            }
        };
        let (trigger, detail) = match object.get("detail") {
            Some(Value::Object(detail)) => (trigger_of_envelope(object)?, detail),
            Some(other) => return Err(wrong_type("detail", other, "an object")),
            None => {
                if let Some(field) = object
                    .keys()
                    .find(|key| !MANUAL_FIELDS.contains(&key.as_str()))
                {
                    return Err(PayloadError::UnknownField {
                        field: field.clone(),
                        known: MANUAL_FIELDS_TEXT,
                    });
                }
                (Trigger::Manual, object)
            }
        };
        let derived = match &trigger {
            Trigger::Schedule { rule, time } => ids::sweep_of_schedule(rule, time),
            Trigger::Event { id } => ids::sweep_of_event(id),
            Trigger::Manual => ids::sweep_of_request(request_id),
        };
        let sweep_id = match text(detail, "sweep_id")? {
            None => derived,
            Some(given) => Uuid::parse_str(given).map_err(|_| {
                wrong_type(
                    "sweep_id",
                    &Value::from(given),
                    "a UUID, as the dispatcher writes it",
                )
            })?,
        };
        Ok(Self {
            trigger,
            sweep_id,
            account_id: text(detail, "account_id")?.map(str::parse).transpose()?,
            collector: text(detail, "collector")?.map(str::to_owned),
            regions: regions(detail)?,
            mode: text(detail, "mode")?.map(str::to_owned),
            schedule: text(detail, "schedule")?.map(str::to_owned),
            accept_removals: count(detail, "accept_removals")?,
        })
    }

    /// Whether a person (or a program of theirs) asked, rather than a rule.
    pub fn is_manual(&self) -> bool {
        self.trigger == Trigger::Manual
    }
}

fn trigger_of_envelope(object: &Map<String, Value>) -> Result<Trigger, PayloadError> {
    let time = text(object, "time")?;
    let id = text(object, "id")?;
    let rule = match text(object, "rule")? {
        Some(rule) => Some(rule.to_owned()),
        None => rule_of_raw_schedule(object),
    };
    match (rule, time, id) {
        (Some(rule), Some(time), _) => Ok(Trigger::Schedule {
            rule,
            time: time.to_owned(),
        }),
        (_, _, Some(id)) => Ok(Trigger::Event { id: id.to_owned() }),
        _ => Err(wrong_type(
            "id",
            &Value::Null,
            "the event's id, without which a redelivery can't be told",
        )),
    }
}

/// The rule's name in a schedule's own event, where no input transformer has named it.
fn rule_of_raw_schedule(object: &Map<String, Value>) -> Option<String> {
    if object.get("detail-type")?.as_str()? != "Scheduled Event" {
        return None;
    }
    let arn = object.get("resources")?.get(0)?.as_str()?;
    arn.rsplit_once("rule/").map(|(_, name)| name.to_owned())
}

fn text<'a>(
    object: &'a Map<String, Value>,
    field: &'static str,
) -> Result<Option<&'a str>, PayloadError> {
    match object.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(other) => Err(wrong_type(field, other, "text that is not empty")),
    }
}

fn count(object: &Map<String, Value>, field: &'static str) -> Result<Option<usize>, PayloadError> {
    match object.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_u64()
            .and_then(|number| usize::try_from(number).ok())
            .map(Some)
            .ok_or_else(|| wrong_type(field, value, "a whole number")),
    }
}

fn regions(object: &Map<String, Value>) -> Result<Option<Vec<String>>, PayloadError> {
    const EXPECTED: &str = "a list of region names like [\"us-east-1\"] that is not empty";
    let value = match object.get("regions") {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value,
    };
    let names = value.as_array().filter(|names| !names.is_empty());
    let names = names.ok_or_else(|| wrong_type("regions", value, EXPECTED))?;
    let legal = |name: &str| {
        name.contains('-')
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let mut regions = names
        .iter()
        .map(|name| name.as_str().filter(|name| legal(name)).map(str::to_owned))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| wrong_type("regions", value, EXPECTED))?;
    regions.sort();
    regions.dedup();
    Ok(Some(regions))
}

fn wrong_type(field: &'static str, value: &Value, expected: &'static str) -> PayloadError {
    PayloadError::WrongType {
        field,
        value: value.to_string(),
        expected,
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(payload: Value) -> Result<Invocation, PayloadError> {
        Invocation::parse(&payload, "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
    }

    #[test]
    fn a_bare_payload_is_manual_and_keeps_the_request_id() {
        let invocation =
            parse(json!({"account_id": "012345678901", "regions": ["us-east-1"]})).unwrap();
        assert!(invocation.is_manual());
        assert_eq!(invocation.account_id.unwrap().as_str(), "012345678901");
        assert_eq!(invocation.regions.unwrap(), ["us-east-1"]);
        assert_eq!(
            invocation.sweep_id.to_string(),
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
        );
        assert!(parse(Value::Null).unwrap().account_id.is_none());
    }

    #[test]
    fn a_schedule_is_one_sweep_however_it_is_worded() {
        let transformed = json!({"id": "1", "time": "2026-11-21T05:17:00Z", "rule": "daily-sweep", "detail": {"mode": "sweep"}});
        let again =
            json!({"id": "2", "time": "2026-11-21T05:17:00Z", "rule": "daily-sweep", "detail": {}});
        let first = parse(transformed).unwrap();
        assert_eq!(first.mode.as_deref(), Some("sweep"));
        assert_eq!(first.sweep_id, parse(again).unwrap().sweep_id);
        let raw = json!({
            "version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events",
            "account": "123456789012", "time": "2026-11-21T05:17:00Z", "region": "us-east-1",
            "resources": ["arn:aws:events:us-east-1:123456789012:rule/daily-sweep"], "detail": {}
        });
        assert_eq!(parse(raw).unwrap().sweep_id, first.sweep_id);
    }

    #[test]
    fn an_event_brings_its_sweep_or_is_one() {
        let sweep = "7d444840-9dc0-11d1-b245-5ffdce74fad2";
        let event = json!({"id": "e-1", "time": "t", "detail": {"account_id": "123456789012", "sweep_id": sweep, "requested_at": "x"}});
        assert_eq!(parse(event).unwrap().sweep_id.to_string(), sweep);
        let bare = json!({"id": "e-1", "detail": {"account_id": "123456789012"}});
        assert_eq!(parse(bare).unwrap().sweep_id, ids::sweep_of_event("e-1"));
    }

    #[test]
    fn bad_payloads_get_one_sentence_with_the_value() {
        for (payload, value) in [
            (json!({"account_id": "12345678901"}), "12345678901"),
            (json!({"account_id": 123_456_789_012_u64}), "123456789012"),
            (json!({"acount_id": "123456789012"}), "acount_id"),
            (json!({"regions": "us-east-1"}), "us-east-1"),
            (json!({"regions": []}), "[]"),
            (json!({"regions": ["US EAST"]}), "US EAST"),
            (json!({"accept_removals": "five"}), "five"),
            (json!({"detail": "x"}), "\"x\""),
            (json!({"detail": {"account_id": "123456789012"}}), "id"),
            (
                json!({"id": "e", "detail": {"account_id": ["1"]}}),
                "[\"1\"]",
            ),
            (json!({"id": "e", "detail": {"sweep_id": "today"}}), "today"),
            (json!(["123456789012"]), "a list"),
            (json!("123456789012"), "text"),
        ] {
            let error = parse(payload.clone()).unwrap_err().to_string();
            assert!(
                error.contains(value) && !error.contains('\n'),
                "{payload}: {error}"
            );
        }
    }
}
