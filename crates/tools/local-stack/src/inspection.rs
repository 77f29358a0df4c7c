//! Looking into the running stack, and disturbing it on purpose: `/polo-local/...`.
//! INVARIANT: reading changes nothing; every disturbance answers with what it did.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::dead_letters::DeadLetters;
use crate::emulator::Emulator;
use crate::emulator::counts::Counts;
use crate::emulator::invoke_api::find;
use crate::events::Forwarder;
use crate::events::Redelivery;
use crate::events::put_events::Fault;
use crate::http_error::AwsError;

/// What the routes look into.
#[derive(Debug, Clone)]
pub(crate) struct Inspected {
    pub(crate) emulator: Arc<Emulator>,
    pub(crate) forwarder: Arc<Forwarder>,
    pub(crate) dead_letters: Arc<DeadLetters>,
}

/// The routes of tests, of `make run` and of people.
pub(crate) fn routes(inspected: Inspected) -> Router {
    Router::new()
        .route("/polo-local/ping", get(|| async { "Ok.\n" }))
        .route("/polo-local/status", get(status))
        .route("/polo-local/dead-letters", get(dead_letters))
        .route("/polo-local/events", get(events))
        .route("/polo-local/redeliver", post(redeliver))
        .route("/polo-local/put-events-faults", post(put_events_faults))
        .route("/polo-local/kill/{function}", post(kill))
        .route(
            "/polo-local/cloudformation-response",
            put(cloudformation_response),
        )
        .with_state(inspected)
}

async fn status(State(inspected): State<Inspected>) -> Json<Value> {
    let mut functions = Map::new();
    let mut totals = Counts::default();
    for (id, function) in &inspected.emulator.functions {
        let counts = function.counts.read();
        totals.queued += counts.queued;
        totals.retrying += counts.retrying;
        totals.running += counts.running;
        totals.invocations += counts.invocations;
        totals.errors += counts.errors;
        totals.retries += counts.retries;
        let mut described = json!(counts);
        described["instances"] = function.instance_count().into();
        functions.insert(id.clone(), described);
    }
    Json(json!({
        "settled": totals.settled(),
        "functions": functions,
        "totals": totals,
        "dead_letters": inspected.dead_letters.len(),
        "events": inspected.forwarder.log.count(),
    }))
}

async fn dead_letters(State(inspected): State<Inspected>) -> Json<Value> {
    Json(json!({"dead_letters": inspected.dead_letters.all()}))
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since: u64,
}

async fn events(
    State(inspected): State<Inspected>,
    Query(Since { since }): Query<Since>,
) -> Json<Value> {
    let (next, events) = inspected.forwarder.log.since(since);
    Json(json!({"next": next, "events": events}))
}

async fn redeliver(
    State(inspected): State<Inspected>,
    body: Bytes,
) -> Result<Json<Value>, AwsError> {
    let Redelivery { event_id } = parse(&body, "{\"event_id\": ...}")?;
    let again = inspected.forwarder.redeliver(&event_id).ok_or_else(|| {
        AwsError::not_found(format!(
            "there is no event {event_id} in the log; see GET /polo-local/events"
        ))
    })?;
    Ok(Json(
        json!({"event_id": event_id, "deliveries": again.deliveries}),
    ))
}

async fn put_events_faults(
    State(inspected): State<Inspected>,
    body: Bytes,
) -> Result<Json<Value>, AwsError> {
    let fault: Fault = parse(
        &body,
        "{\"times\": 1, \"code\": \"ThrottlingException\", \"entries\": \"all\" or \"first\"}",
    )?;
    inspected.forwarder.faults.set(fault);
    Ok(Json(json!({"set": true})))
}

async fn kill(
    State(inspected): State<Inspected>,
    Path(name): Path<String>,
) -> Result<Json<Value>, AwsError> {
    let function = find(&inspected.emulator, &name)?;
    Ok(Json(
        json!({"function": function.definition.id, "killed": function.kill_running()}),
    ))
}

/// Takes what a custom resource answers, as the bucket does whose signed address CloudFormation sends.
async fn cloudformation_response(body: Bytes) -> Result<(), AwsError> {
    let response: Value = parse(&body, "a custom resource's response")?;
    tracing::info!(%response, "a custom resource answered");
    Ok(())
}

fn parse<T: DeserializeOwned>(body: &Bytes, expected: &str) -> Result<T, AwsError> {
    serde_json::from_slice(body).map_err(|error| {
        AwsError::bad_request(
            "ValidationException",
            format!("the body must be {expected}: {error}"),
        )
    })
}
