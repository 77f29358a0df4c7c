//! Lambda's Invoke operation. INVARIANT: what AWS refuses is refused here with the same status and exception, so that a client's handling of it
//! can be tested.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use uuid::Uuid;

use crate::emulator::Emulator;
use crate::emulator::function::Function;
use crate::emulator::outcome::Outcome;
use crate::emulator::queue;
use crate::http_error::AwsError;

/// Lambda's limits of a payload.
const MAX_SYNCHRONOUS_BYTES: usize = 6 * 1024 * 1024;
const MAX_ASYNCHRONOUS_BYTES: usize = 1024 * 1024;

/// The public route.
pub(crate) fn routes(emulator: Arc<Emulator>) -> Router {
    Router::new()
        .route("/2015-03-31/functions/{name}/invocations", post(invoke))
        // Above the limit that `invoke` itself answers for with Lambda's exception.
        .layer(DefaultBodyLimit::max(4 * MAX_SYNCHRONOUS_BYTES))
        .with_state(emulator)
}

async fn invoke(
    State(emulator): State<Arc<Emulator>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    payload: Bytes,
) -> Result<Response, AwsError> {
    let function = find(&emulator, &name)?;
    // Without a payload Lambda passes an empty object.
    let payload = if payload.is_empty() {
        Bytes::from_static(b"{}")
    } else {
        payload
    };
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&payload) {
        return Err(AwsError::bad_request(
            "InvalidRequestContentException",
            format!("Could not parse request body into json: {error}"),
        ));
    }
    let kind = headers
        .get("x-amz-invocation-type")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("RequestResponse");
    let limit = if kind == "Event" {
        MAX_ASYNCHRONOUS_BYTES
    } else {
        MAX_SYNCHRONOUS_BYTES
    };
    if payload.len() > limit {
        return Err(AwsError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestTooLargeException",
            format!(
                "Request must be smaller than {limit} bytes for the InvokeFunction operation, and has {}",
                payload.len()
            ),
        ));
    }
    match kind {
        "RequestResponse" => synchronously(Arc::clone(function), payload).await,
        "Event" => Ok((
            StatusCode::ACCEPTED,
            [request_id_header(queue::submit(function, payload))],
        )
            .into_response()),
        "DryRun" => {
            Ok((StatusCode::NO_CONTENT, [request_id_header(Uuid::new_v4())]).into_response())
        }
        other => Err(AwsError::bad_request(
            "InvalidParameterValueException",
            format!("the invocation type is {other}, but must be RequestResponse, Event or DryRun"),
        )),
    }
}

/// One invocation, waited for to its end.
pub(crate) async fn run(
    function: Arc<Function>,
    payload: Bytes,
) -> Result<(Uuid, Outcome), AwsError> {
    let request_id = Uuid::new_v4();
    function.counts.update(|counts| {
        counts.running += 1;
        counts.invocations += 1;
    });
    // A task of its own: an invocation goes on when its caller hangs up.
    let attempt = tokio::spawn(async move {
        let place = function.place().await;
        let outcome = function.attempt(request_id, &payload).await;
        drop(place);
        function.counts.update(|counts| {
            counts.running -= 1;
            counts.errors += u64::from(outcome.is_error());
        });
        outcome
    });
    let outcome = attempt.await.map_err(|error| {
        AwsError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "ServiceException",
            format!("the emulator failed: {error}"),
        )
    })?;
    Ok((request_id, outcome))
}

async fn synchronously(function: Arc<Function>, payload: Bytes) -> Result<Response, AwsError> {
    let (request_id, outcome) = run(function, payload).await?;
    let headers = [
        request_id_header(request_id),
        (
            HeaderName::from_static("x-amz-executed-version"),
            HeaderValue::from_static("$LATEST"),
        ),
        (
            HeaderName::from_static("content-type"),
            HeaderValue::from_static("application/json"),
        ),
    ];
    let mut response = (StatusCode::OK, headers, outcome.payload().clone()).into_response();
    if let Outcome::Error(_) = outcome {
        response.headers_mut().insert(
            HeaderName::from_static("x-amz-function-error"),
            HeaderValue::from_static("Unhandled"),
        );
    }
    Ok(response)
}

/// The function, or Lambda's answer for an unknown one, which also names the known ones.
pub(crate) fn find<'a>(emulator: &'a Emulator, name: &str) -> Result<&'a Arc<Function>, AwsError> {
    emulator.find(name).ok_or_else(|| {
        let known = emulator
            .functions
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        AwsError::not_found(format!(
            "Function not found: {name} (the templates have {known})"
        ))
    })
}

fn request_id_header(request_id: Uuid) -> (HeaderName, HeaderValue) {
    let value =
        HeaderValue::try_from(request_id.to_string()).unwrap_or(HeaderValue::from_static(""));
    (HeaderName::from_static("x-amzn-requestid"), value)
}
