//! The one payload of every function. The same function takes a schedule's event, an EventBridge event with a
//! `detail`, the input transformer's extract of either, and a bare manual payload `{"account_id": "…"}`.
//!
//! Invariant: nothing that a payload says is ignored. A misspelt or empty `account_id` would otherwise mean "all
//! accounts", and a field that the function does not use would look as if it had been obeyed.

use chrono::DateTime;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::text::{clip, quoted};
use crate::{AccountId, CollectorId, InvalidAccountId, Region, Setting, ids};

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

/// A field that functions may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// `account_id`: the one account to work on.
    AccountId,
    /// `collector`: the one collector.
    Collector,
    /// `regions`: only these regions.
    Regions,
    /// `mode`: what the dispatcher does.
    Mode,
    /// `schedule`: which collectors a sweep asks.
    Schedule,
    /// `accept_removals`: how many removals a person has confirmed.
    AcceptRemovals,
}

impl Field {
    /// Every field that some function takes.
    pub const ALL: [Self; 6] = [
        Self::AccountId,
        Self::Collector,
        Self::Regions,
        Self::Mode,
        Self::Schedule,
        Self::AcceptRemovals,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::AccountId => "account_id",
            Self::Collector => "collector",
            Self::Regions => "regions",
            Self::Mode => "mode",
            Self::Schedule => "schedule",
            Self::AcceptRemovals => "accept_removals",
        }
    }
}

/// What the dispatcher does with what it could ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DispatchMode {
    /// It asks for all of it.
    Sweep,
    /// It asks for what fell through.
    Reconcile,
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
    pub collector: Option<CollectorId>,
    /// Only these regions.
    pub regions: Option<Vec<Region>>,
    /// What the dispatcher does; none means the trigger's default.
    pub mode: Option<DispatchMode>,
    /// Which collectors a sweep asks, by their manifests' `schedule`.
    pub schedule: Option<String>,
    /// How many removals a person has confirmed.
    pub accept_removals: Option<usize>,
}

/// A payload that cannot be acted upon. Nothing has been done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Not JSON, or nested deeper than this program reads.
    #[error(
        "the payload cannot be read as JSON ({problem}): send a JSON object such as {{\"account_id\": \"123456789012\"}}"
    )]
    NotJson {
        /// Where and why.
        problem: String,
    },
    /// Not an HTTP request, where only those are answered.
    #[error(
        "the payload is not a request of a function URL or a load balancer: open the page with `polo page`, or send events/status-page.json"
    )]
    NotHttp,
    /// Not an object.
    #[error(
        "the payload is {found}: send a JSON object such as {{\"account_id\": \"123456789012\"}}"
    )]
    NotAnObject {
        /// What it is.
        found: &'static str,
    },
    /// A value that the field cannot have.
    #[error("payload field {field:?} is {value}: {fix}")]
    WrongValue {
        /// The field.
        field: &'static str,
        /// What it holds, cut.
        value: String,
        /// What to write.
        fix: &'static str,
    },
    /// Not an account id.
    #[error(transparent)]
    AccountId(#[from] InvalidAccountId),
    /// A field that this function does not use.
    #[error(
        "payload field {} is not used by this function: {takes}",
        quoted(field)
    )]
    UnusedField {
        /// The field.
        field: String,
        /// What it takes.
        takes: String,
    },
    /// A field outside of the event's `detail`, where no function reads it.
    #[error(
        "payload field {} stands beside \"detail\": put it inside, or leave \"detail\" out",
        quoted(field)
    )]
    BesideDetail {
        /// The field.
        field: String,
    },
}

/// What EventBridge and the rules' input transformers put around `detail`.
///
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html>
const ENVELOPE_FIELDS: [&str; 11] = [
    "version",
    "id",
    "detail-type",
    "source",
    "account",
    "time",
    "region",
    "resources",
    "detail",
    "replay-name",
    "rule",
];

/// What Polo's own events say besides the fields that functions take.
const EVENT_FIELDS: [&str; 3] = ["sweep_id", "requested_at", "polo_status"];

impl Invocation {
    /// Reads the payload of an invocation; `takes` are the fields that the function uses, `request_id` is Lambda's.
    ///
    /// # Errors
    /// One sentence with the value and the fix.
    pub fn parse(payload: &Value, request_id: &str, takes: &[Field]) -> Result<Self, PayloadError> {
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
        let nothing = Map::new();
        let (trigger, detail) = match object.get("detail") {
            Some(Value::Object(detail)) => {
                refuse_fields_beside_detail(object)?;
                let trigger = trigger_of_envelope(object)?;
                // What AWS says there is its own; the event as such sets the function off.
                let detail = if is_of_aws(object) { &nothing } else { detail };
                refuse_unused_fields(detail, takes, &EVENT_FIELDS)?;
                (trigger, detail)
            }
            Some(other) => return Err(wrong_value("detail", other, "send an object")),
            None => {
                refuse_unused_fields(object, takes, &[])?;
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
                wrong_value(
                    "sweep_id",
                    &Value::from(given),
                    "send a UUID, as the dispatcher writes it",
                )
            })?,
        };
        Ok(Self {
            trigger,
            sweep_id,
            account_id: text(detail, "account_id")?.map(str::parse).transpose()?,
            collector: collector(detail)?,
            regions: regions(detail)?,
            mode: mode(detail)?,
            schedule: text(detail, "schedule")?.map(str::to_owned),
            accept_removals: count(detail, "accept_removals")?,
        })
    }

    /// Whether a person (or a program of theirs) asked, rather than a rule.
    pub fn is_manual(&self) -> bool {
        self.trigger == Trigger::Manual
    }
}

fn refuse_unused_fields(
    object: &Map<String, Value>,
    takes: &[Field],
    besides: &[&str],
) -> Result<(), PayloadError> {
    let used = |key: &str| takes.iter().any(|field| field.name() == key) || besides.contains(&key);
    match object.keys().find(|key| !used(key)) {
        None => Ok(()),
        Some(field) => Err(PayloadError::UnusedField {
            field: field.clone(),
            takes: match takes {
                [] => "it takes none".to_owned(),
                [one] => format!("it takes {}", one.name()),
                [most @ .., last] => {
                    let most: Vec<&str> = most.iter().map(|field| field.name()).collect();
                    format!("it takes {} and {}", most.join(", "), last.name())
                }
            },
        }),
    }
}

fn refuse_fields_beside_detail(object: &Map<String, Value>) -> Result<(), PayloadError> {
    let stray = object
        .keys()
        .find(|key| !ENVELOPE_FIELDS.contains(&key.as_str()));
    stray.map_or(Ok(()), |field| {
        Err(PayloadError::BesideDetail {
            field: field.clone(),
        })
    })
}

/// Whether an AWS service sent the event. A schedule's own event is Polo's: `detail` is what the rule says.
fn is_of_aws(object: &Map<String, Value>) -> bool {
    let source = object.get("source").and_then(Value::as_str);
    source.is_some_and(|source| source.starts_with("aws.") && source != "aws.events")
}

fn trigger_of_envelope(object: &Map<String, Value>) -> Result<Trigger, PayloadError> {
    let time = text(object, "time")?;
    if let Some(given) = time
        && DateTime::parse_from_rfc3339(given).is_err()
    {
        return Err(wrong_value(
            "time",
            &Value::from(given),
            "send the event's time, such as \"2026-11-21T06:00:00Z\"",
        ));
    }
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
        _ => Err(wrong_value(
            "id",
            &Value::Null,
            "send the event's id, which is needed to recognize redeliveries",
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
        None => Ok(None),
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text)),
        Some(other) => Err(wrong_value(
            field,
            other,
            "send text that is not empty, or leave the field out",
        )),
    }
}

fn count(object: &Map<String, Value>, field: &'static str) -> Result<Option<usize>, PayloadError> {
    match object.get(field) {
        None => Ok(None),
        Some(value) => value
            .as_u64()
            .and_then(|number| usize::try_from(number).ok())
            .map(Some)
            .ok_or_else(|| {
                wrong_value(field, value, "send a whole number, or leave the field out")
            }),
    }
}

fn mode(object: &Map<String, Value>) -> Result<Option<DispatchMode>, PayloadError> {
    match text(object, "mode")? {
        None => Ok(None),
        Some("sweep") => Ok(Some(DispatchMode::Sweep)),
        Some("reconcile") => Ok(Some(DispatchMode::Reconcile)),
        Some(other) => Err(wrong_value(
            "mode",
            &Value::from(other),
            "send \"sweep\" or \"reconcile\"",
        )),
    }
}

fn collector(object: &Map<String, Value>) -> Result<Option<CollectorId>, PayloadError> {
    let Some(name) = text(object, "collector")? else {
        return Ok(None);
    };
    name.parse().map(Some).map_err(|_| {
        let fix = "send the id of a collector, such as \"config_ec2\"";
        wrong_value("collector", &Value::from(name), fix)
    })
}

fn regions(object: &Map<String, Value>) -> Result<Option<Vec<Region>>, PayloadError> {
    const FIX: &str = "send a list of AWS regions such as [\"us-east-1\"], or leave the field out";
    let Some(value) = object.get("regions") else {
        return Ok(None);
    };
    let names = value.as_array().filter(|names| !names.is_empty());
    let names = names.ok_or_else(|| wrong_value("regions", value, FIX))?;
    let mut regions = Vec::with_capacity(names.len());
    for name in names {
        let region = name
            .as_str()
            .filter(|region| Setting::Region.check(region).is_ok());
        match region.and_then(|region| region.parse().ok()) {
            Some(region) => regions.push(region),
            None => return Err(wrong_value("regions", name, FIX)),
        }
    }
    regions.sort();
    regions.dedup();
    Ok(Some(regions))
}

fn wrong_value(field: &'static str, value: &Value, fix: &'static str) -> PayloadError {
    const SHOWN_CHARACTERS: usize = 120;
    PayloadError::WrongValue {
        field,
        value: clip(&value.to_string(), SHOWN_CHARACTERS).into_owned(),
        fix,
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

    fn parse_with(payload: Value, takes: &[Field]) -> Result<Invocation, PayloadError> {
        Invocation::parse(&payload, "8476a536-e9f4-11e8-9739-2dfe598c3fcd", takes)
    }

    fn parse(payload: Value) -> Result<Invocation, PayloadError> {
        parse_with(payload, &Field::ALL)
    }

    #[test]
    fn manual_payload_keeps_the_request_id() {
        let invocation =
            parse(json!({"account_id": "012345678901", "regions": ["us-east-1"]})).unwrap();
        assert!(invocation.is_manual());
        assert_eq!(invocation.account_id.unwrap().as_str(), "012345678901");
        let regions = invocation.regions.unwrap();
        assert_eq!(regions, ["us-east-1".parse().unwrap()]);
        assert_eq!(
            invocation.sweep_id.to_string(),
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
        );
        assert!(parse(Value::Null).unwrap().account_id.is_none());
    }

    #[test]
    fn every_form_of_a_schedule_is_one_sweep() {
        let transformed = json!({"id": "1", "time": "2026-11-21T05:17:00Z", "rule": "daily-sweep", "detail": {"mode": "sweep"}});
        let again =
            json!({"id": "2", "time": "2026-11-21T05:17:00Z", "rule": "daily-sweep", "detail": {}});
        let first = parse(transformed).unwrap();
        assert_eq!(first.mode, Some(DispatchMode::Sweep));
        assert_eq!(first.sweep_id, parse(again).unwrap().sweep_id);
        let raw = json!({
            "version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events",
            "account": "123456789012", "time": "2026-11-21T05:17:00Z", "region": "us-east-1",
            "resources": ["arn:aws:events:us-east-1:123456789012:rule/daily-sweep"], "detail": {}
        });
        assert_eq!(parse(raw).unwrap().sweep_id, first.sweep_id);
    }

    #[test]
    fn an_event_names_its_sweep_or_is_one() {
        let sweep = "7d444840-9dc0-11d1-b245-5ffdce74fad2";
        let event = json!({"id": "e-1", "time": "2026-11-21T05:17:00Z", "detail": {"account_id": "123456789012", "sweep_id": sweep, "requested_at": "x"}});
        assert_eq!(parse(event).unwrap().sweep_id.to_string(), sweep);
        let bare = json!({"id": "e-1", "detail": {"account_id": "123456789012"}});
        assert_eq!(parse(bare).unwrap().sweep_id, ids::sweep_of_event("e-1"));
    }

    #[test]
    fn detail_of_an_aws_event_is_not_read() {
        let event = json!({"id": "e-1", "source": "aws.organizations", "detail": {"eventName": "MoveAccount", "account_id": 7}});
        assert_eq!(parse_with(event, &[]).unwrap().account_id, None);
    }

    #[test]
    fn unused_fields_are_refused_with_what_is_taken() {
        for (takes, payload, said) in [
            (
                &[][..],
                json!({"account_id": "123456789012"}),
                "it takes none",
            ),
            (
                &[Field::AccountId],
                json!({"regions": ["us-east-1"]}),
                "it takes account_id",
            ),
            (
                &[Field::AccountId, Field::AcceptRemovals],
                json!({"mode": "sweep"}),
                "it takes account_id and accept_removals",
            ),
            (
                &[Field::AccountId],
                json!({"id": "e", "detail": {"acount_id": "123456789012"}}),
                "\"acount_id\" is not used by this function: it takes account_id",
            ),
            (
                &[Field::AccountId],
                json!({"id": "e", "detail": {"regions": ["us-east-1"]}}),
                "\"regions\" is not used",
            ),
            (
                &[Field::AccountId],
                json!({"id": "e", "detail": {}, "account_id": "123456789012"}),
                "\"account_id\" stands beside \"detail\"",
            ),
        ] {
            let error = parse_with(payload, takes).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn wrong_values_are_one_short_sentence_with_the_value() {
        let long = "9".repeat(1_000_000);
        for (payload, value) in [
            (json!({"account_id": "12345678901"}), "12345678901"),
            (json!({"account_id": ""}), "\"\""),
            (json!({"account_id": "  "}), "\"  \""),
            (json!({"account_id": null}), "null"),
            (json!({"account_id": true}), "true"),
            (json!({"account_id": 123_456_789_012_u64}), "123456789012"),
            (
                json!({"account_id": ["123456789012"]}),
                "[\"123456789012\"]",
            ),
            (json!({"account_id": {"id": 1}}), "{\"id\":1}"),
            (json!({"account_id": long}), "9999…"),
            (json!({"account_id": "\u{1b}[31m"}), "\\u{1b}"),
            (json!({"acount_id": "123456789012"}), "acount_id"),
            (json!({"collector": null}), "null"),
            (json!({"collector": 1}), "1"),
            (json!({"regions": null}), "null"),
            (json!({"regions": "us-east-1"}), "us-east-1"),
            (json!({"regions": []}), "[]"),
            (json!({"regions": ["US EAST"]}), "US EAST"),
            (json!({"regions": ["us-east-1", "mars-1"]}), "mars-1"),
            (json!({"regions": ["us-east-1", null]}), "null"),
            (json!({"mode": "sweeep"}), "sweeep"),
            (json!({"mode": null}), "null"),
            (json!({"schedule": 7}), "7"),
            (json!({"accept_removals": "five"}), "five"),
            (json!({"accept_removals": -1}), "-1"),
            (json!({"accept_removals": 1.5}), "1.5"),
            (json!({"accept_removals": null}), "null"),
            (json!({"detail": "x"}), "\"x\""),
            (json!({"detail": null}), "null"),
            (json!({"detail": {"account_id": "123456789012"}}), "id"),
            (json!({"id": 7, "detail": {}}), "7"),
            (
                json!({"id": "e", "time": "yesterday", "detail": {}}),
                "yesterday",
            ),
            (
                json!({"id": "e", "time": "2026-02-30T00:00:00Z", "rule": "r", "detail": {}}),
                "2026-02-30",
            ),
            (
                json!({"id": "e", "detail": {"account_id": ["1"]}}),
                "[\"1\"]",
            ),
            (json!({"id": "e", "detail": {"account_id": null}}), "null"),
            (json!({"id": "e", "detail": {"sweep_id": "today"}}), "today"),
            (json!(["123456789012"]), "a list"),
            (json!("123456789012"), "text"),
            (json!(7), "a number"),
            (json!(false), "a boolean"),
        ] {
            let error = parse(payload.clone()).unwrap_err().to_string();
            assert!(
                error.contains(value) && !error.contains('\n') && error.chars().count() <= 500,
                "{error}"
            );
        }
    }
}
