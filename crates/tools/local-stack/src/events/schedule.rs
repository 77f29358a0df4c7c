//! Schedules, fired on demand and never by the clock. INVARIANT: the event is the one that EventBridge sends for a schedule; with a given time
//! and id it is the very same event again.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock;
use crate::events::Forwarder;
use crate::http_error::AwsError;

/// The route of people and tests.
pub(crate) fn routes(forwarder: Arc<Forwarder>) -> Router {
    Router::new()
        .route("/fire/{rule}", post(fire))
        .with_state(forwarder)
}

/// Time and id of the event; both new where not given.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    time: Option<DateTime<Utc>>,
    id: Option<Uuid>,
}

async fn fire(
    State(forwarder): State<Arc<Forwarder>>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, AwsError> {
    let given: Given = if body.is_empty() {
        Given::default()
    } else {
        serde_json::from_slice(&body).map_err(|error| {
            AwsError::bad_request(
                "ValidationException",
                format!(
                    "the body must be {{\"time\": RFC 3339, \"id\": UUID}}, both optional: {error}"
                ),
            )
        })?
    };
    forwarder.fire(&name, given).map(Json)
}

impl Forwarder {
    /// Sends the scheduled event of the rule with this short or full name.
    fn fire(&self, name: &str, given: Given) -> Result<Value, AwsError> {
        let scheduled = || {
            self.rules
                .all
                .iter()
                .enumerate()
                .filter(|(_, rule)| rule.schedule.is_some())
        };
        let Some((index, rule)) =
            scheduled().find(|(_, rule)| rule.short_name == name || rule.name == name)
        else {
            let names = scheduled()
                .map(|(_, rule)| rule.short_name.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            return Err(AwsError::not_found(format!(
                "there is no schedule {name:?}: the schedules are {names}"
            )));
        };
        if !rule.enabled {
            return Err(AwsError::new(
                StatusCode::CONFLICT,
                "RuleDisabled",
                format!("the rule {} is disabled in its template", rule.name),
            ));
        }
        let event = json!({
            "version": "0",
            "id": given.id.unwrap_or_else(Uuid::new_v4),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": self.account,
            "time": given.time.map_or_else(clock::event_now, clock::event_time),
            "region": self.region,
            "resources": [rule.arn],
            "detail": {},
        });
        // To this rule alone: EventBridge's scheduled events belong to their rule, and other rules only see them by pattern.
        let deliveries = self.deliver(index, &event);
        let logged = self.log.push(&rule.bus, event, deliveries);
        Ok(json!({
            "rule": rule.name,
            "schedule": rule.schedule,
            "event_id": logged.event["id"],
            "time": logged.event["time"],
            "deliveries": logged.deliveries,
        }))
    }
}
