//! EventBridge's PutEvents over awsJson1.1. INVARIANT: the answer has one entry per request entry, in order; a refused entry is routed nowhere.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock;
use crate::events::Forwarder;
use crate::http_error::AwsError;

/// EventBridge's limits of one request.
const MAX_ENTRIES: usize = 10;
const MAX_BYTES: usize = 1024 * 1024;

/// The route of every awsJson operation.
pub(crate) fn routes(forwarder: Arc<Forwarder>) -> Router {
    Router::new()
        .route("/", post(operation))
        .layer(DefaultBodyLimit::max(8 * MAX_BYTES))
        .with_state(forwarder)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
    /// Seconds since 1970, as SDKs write times in awsJson.
    time: Option<f64>,
    #[serde(default)]
    resources: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase", untagged)]
enum Answer {
    #[serde(rename_all = "PascalCase")]
    Accepted { event_id: Uuid },
    #[serde(rename_all = "PascalCase")]
    Failed {
        error_code: String,
        error_message: String,
    },
}

impl Answer {
    fn failed(code: &str, message: impl Into<String>) -> Self {
        Self::Failed {
            error_code: code.to_owned(),
            error_message: message.into(),
        }
    }
}

async fn operation(
    State(forwarder): State<Arc<Forwarder>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, AwsError> {
    let target = headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if target != "AWSEvents.PutEvents" {
        return Err(AwsError::bad_request(
            "UnknownOperationException",
            format!("the local EventBridge answers AWSEvents.PutEvents, not {target:?}"),
        ));
    }
    let request: Request = serde_json::from_slice(&body).map_err(|error| {
        AwsError::bad_request(
            "SerializationException",
            format!("the request is not a PutEvents request: {error}"),
        )
    })?;
    check_size(&request.entries)?;
    let fault = forwarder.faults.take();
    let answers: Vec<Answer> = request
        .entries
        .into_iter()
        .enumerate()
        .map(|(index, entry)| match &fault {
            Some(fault) if index == 0 || fault.entries == FaultyEntries::All => {
                Answer::failed(&fault.code, "a fault that was asked for")
            }
            _ => put(&forwarder, entry),
        })
        .collect();
    let failed = answers
        .iter()
        .filter(|answer| matches!(answer, Answer::Failed { .. }))
        .count();
    let content_type = (
        HeaderName::from_static("content-type"),
        HeaderValue::from_static("application/x-amz-json-1.1"),
    );
    Ok((
        [content_type],
        json!({"FailedEntryCount": failed, "Entries": answers}).to_string(),
    )
        .into_response())
}

fn check_size(entries: &[Entry]) -> Result<(), AwsError> {
    let invalid = |message: String| Err(AwsError::bad_request("ValidationException", message));
    if entries.is_empty() || entries.len() > MAX_ENTRIES {
        return invalid(format!(
            "1 validation error detected: 'entries' has {} members and must have between 1 and {MAX_ENTRIES}",
            entries.len()
        ));
    }
    let bytes: usize = entries.iter().map(size).sum();
    if bytes > MAX_BYTES {
        return invalid(format!(
            "Total size of the entries in the request is over the limit: {bytes} of {MAX_BYTES} bytes"
        ));
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size>
fn size(entry: &Entry) -> usize {
    let text = |field: &Option<String>| field.as_ref().map_or(0, String::len);
    let time = if entry.time.is_some() { 14 } else { 0 };
    time + text(&entry.source)
        + text(&entry.detail_type)
        + text(&entry.detail)
        + entry.resources.iter().map(String::len).sum::<usize>()
}

fn put(forwarder: &Forwarder, entry: Entry) -> Answer {
    let required = |name: &str| {
        Answer::failed(
            "InvalidArgument",
            format!("Parameter {name} is not valid. Reason: {name} is a required argument."),
        )
    };
    let given = |field: Option<String>| field.filter(|text| !text.is_empty());
    let Some(source) = given(entry.source) else {
        return required("Source");
    };
    let Some(detail_type) = given(entry.detail_type) else {
        return required("DetailType");
    };
    let Some(detail) = given(entry.detail) else {
        return required("Detail");
    };
    if source.starts_with("aws.") {
        return Answer::failed(
            "NotAuthorizedForSourceException",
            "Not authorized for the source.",
        );
    }
    let detail = match serde_json::from_str::<Value>(&detail) {
        Ok(detail @ Value::Object(_)) => detail,
        _ => return Answer::failed("MalformedDetail", "Detail is malformed."),
    };
    let time = match entry.time.map(from_seconds) {
        None => clock::event_now(),
        Some(Some(time)) => time,
        Some(None) => return Answer::failed("InvalidArgument", "Parameter Time is not valid."),
    };
    let bus = entry.event_bus_name.as_deref().unwrap_or("default");
    let bus = bus.rsplit_once(":event-bus/").map_or(bus, |(_, name)| name);
    if !forwarder.has_bus(bus) {
        // AWS accepts such an entry and drops it. Here it fails, because a wrong bus name must not look like success.
        return Answer::failed(
            "ResourceNotFoundException",
            format!(
                "Event bus {bus} does not exist (there are {}).",
                forwarder.buses()
            ),
        );
    }
    let event_id = Uuid::new_v4();
    let event = json!({
        "version": "0",
        "id": event_id,
        "detail-type": detail_type,
        "source": source,
        "account": forwarder.account,
        "time": time,
        "region": forwarder.region,
        "resources": entry.resources,
        "detail": detail,
    });
    forwarder.route(bus, event);
    Answer::Accepted { event_id }
}

/// Whole seconds: EventBridge drops fractions.
fn from_seconds(seconds: f64) -> Option<String> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the fraction is dropped on purpose, and a float outside i64 saturates to a time that chrono refuses"
    )]
    DateTime::from_timestamp(seconds as i64, 0).map(clock::event_time)
}

/// A fault that the next requests suffer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// How many requests.
    times: u32,
    /// The entries' error code.
    code: String,
    /// Which entries of each request.
    #[serde(default)]
    entries: FaultyEntries,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FaultyEntries {
    #[default]
    All,
    First,
}

/// The fault that is set, if any.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Option<Fault>>);

impl Faults {
    /// Replaces the fault; one with no times left clears it.
    pub(crate) fn set(&self, fault: Fault) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(fault).filter(|fault| fault.times > 0);
    }

    fn take(&self) -> Option<Fault> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = slot.clone()?;
        *slot = Some(Fault {
            times: fault.times - 1,
            ..fault.clone()
        })
        .filter(|fault| fault.times > 0);
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_lasts_for_its_times() {
        let faults = Faults::default();
        faults.set(
            serde_json::from_value(
                json!({"times": 2, "code": "InternalFailure", "entries": "first"}),
            )
            .unwrap(),
        );
        assert!(faults.take().is_some());
        assert_eq!(faults.take().unwrap().entries, FaultyEntries::First);
        assert!(faults.take().is_none());
    }

    #[test]
    fn times_lose_their_fraction() {
        assert_eq!(from_seconds(0.9).unwrap(), "1970-01-01T00:00:00Z");
        assert_eq!(from_seconds(f64::INFINITY), None);
    }
}
