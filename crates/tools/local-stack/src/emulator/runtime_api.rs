//! Lambda's Runtime API, one address per instance: `/runtime/<instance>/2018-06-01/runtime/...`.
//! INVARIANT: an instance can only answer the invocation that it holds.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::json;
use uuid::Uuid;

use crate::emulator::instances::Instances;
use crate::emulator::outcome::Outcome;
use crate::http_error::AwsError;

/// The routes for the functions' processes.
pub(crate) fn routes(instances: Arc<Instances>) -> Router {
    Router::new()
        .route(
            "/runtime/{instance}/2018-06-01/runtime/invocation/next",
            get(next),
        )
        .route(
            "/runtime/{instance}/2018-06-01/runtime/invocation/{request}/response",
            post(response),
        )
        .route(
            "/runtime/{instance}/2018-06-01/runtime/invocation/{request}/error",
            post(error),
        )
        .route(
            "/runtime/{instance}/2018-06-01/runtime/init/error",
            post(init_error),
        )
        .with_state(instances)
}

async fn next(
    State(instances): State<Arc<Instances>>,
    Path(instance): Path<Uuid>,
) -> Result<Response, AwsError> {
    let instance = instances.get(instance).ok_or_else(|| gone(instance))?;
    let (work, deadline) = instance.next().await.ok_or_else(|| gone(instance.id))?;
    let deadline_ms = deadline
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", work.request_id.to_string()),
        ("lambda-runtime-deadline-ms", deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", work.function_arn),
        ("lambda-runtime-trace-id", trace_id(work.request_id)),
        ("content-type", "application/json".to_owned()),
    ] {
        let value = HeaderValue::try_from(value).map_err(|_| {
            AwsError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InvalidHeader",
                format!("{name} has characters that no header takes"),
            )
        })?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok((headers, work.payload).into_response())
}

async fn response(
    State(instances): State<Arc<Instances>>,
    Path((instance, request)): Path<(Uuid, Uuid)>,
    payload: Bytes,
) -> Result<StatusCode, AwsError> {
    resolve(&instances, instance, request, Outcome::Response(payload))
}

async fn error(
    State(instances): State<Arc<Instances>>,
    Path((instance, request)): Path<(Uuid, Uuid)>,
    payload: Bytes,
) -> Result<StatusCode, AwsError> {
    resolve(&instances, instance, request, Outcome::Error(payload))
}

/// The process says that it cannot start; it ends by itself afterwards.
async fn init_error(
    State(instances): State<Arc<Instances>>,
    Path(instance): Path<Uuid>,
    payload: Bytes,
) -> Result<StatusCode, AwsError> {
    let instance = instances.get(instance).ok_or_else(|| gone(instance))?;
    let payload = if payload.is_empty() {
        Bytes::from(json!({"errorType": "Runtime.Unknown"}).to_string())
    } else {
        payload
    };
    instance.fail_init(Outcome::Error(payload));
    instance.kill();
    Ok(StatusCode::ACCEPTED)
}

fn resolve(
    instances: &Instances,
    instance: Uuid,
    request: Uuid,
    outcome: Outcome,
) -> Result<StatusCode, AwsError> {
    let instance = instances.get(instance).ok_or_else(|| gone(instance))?;
    if instance.resolve(request, outcome) {
        Ok(StatusCode::ACCEPTED)
    } else {
        Err(AwsError::bad_request(
            "InvalidRequestID",
            format!("the instance does not hold the invocation {request}"),
        ))
    }
}

fn gone(instance: Uuid) -> AwsError {
    AwsError::new(
        StatusCode::GONE,
        "InstanceRetired",
        format!("the instance {instance} is not running any more"),
    )
}

/// A trace id in X-Ray's form, made of the request id so that it can be followed.
fn trace_id(request_id: Uuid) -> String {
    let hex = request_id.simple().to_string();
    format!("Root=1-{}-{};Sampled=0", &hex[..8], &hex[8..])
}
