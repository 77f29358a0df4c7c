//! Lambda's list and configuration operations. INVARIANT: an update lives in memory only; the template stays what it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::emulator::function::Function;
use crate::emulator::invoke_api::find;
use crate::http_error::AwsError;

/// The public routes. SDKs differ in the list's trailing slash.
pub(crate) fn routes(emulator: Arc<Emulator>) -> Router {
    Router::new()
        .route("/2015-03-31/functions", get(list))
        .route("/2015-03-31/functions/", get(list))
        .route("/2015-03-31/functions/{name}", get(read))
        .route(
            "/2015-03-31/functions/{name}/configuration",
            get(read_configuration).put(update_configuration),
        )
        .with_state(emulator)
}

async fn list(State(emulator): State<Arc<Emulator>>) -> Json<Value> {
    Json(
        json!({"Functions": emulator.functions.values().map(|function| describe(function)).collect::<Vec<_>>()}),
    )
}

async fn read(
    State(emulator): State<Arc<Emulator>>,
    Path(name): Path<String>,
) -> Result<Json<Value>, AwsError> {
    let function = find(&emulator, &name)?;
    Ok(Json(
        json!({"Configuration": describe(function), "Code": {"RepositoryType": "local"}}),
    ))
}

async fn read_configuration(
    State(emulator): State<Arc<Emulator>>,
    Path(name): Path<String>,
) -> Result<Json<Value>, AwsError> {
    find(&emulator, &name).map(|function| Json(describe(function)))
}

/// The part of UpdateFunctionConfiguration that has a meaning here.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Update {
    environment: Option<UpdateEnvironment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UpdateEnvironment {
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

async fn update_configuration(
    State(emulator): State<Arc<Emulator>>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, AwsError> {
    let function = find(&emulator, &name)?;
    let update: Update = serde_json::from_slice(&body).map_err(|error| {
        AwsError::bad_request(
            "InvalidParameterValueException",
            format!("the local stack can only update Environment.Variables: {error}"),
        )
    })?;
    if let Some(environment) = update.environment {
        if let Some(key) = environment
            .variables
            .keys()
            .find(|key| key.is_empty() || key.contains(['=', '\0']))
        {
            return Err(AwsError::bad_request(
                "InvalidParameterValueException",
                format!("{key:?} is not a name for an environment variable"),
            ));
        }
        function.override_variables(environment.variables);
    }
    Ok(Json(describe(function)))
}

fn describe(function: &Function) -> Value {
    let definition = &function.definition;
    json!({
        "FunctionName": definition.name,
        "FunctionArn": definition.arn,
        "Role": definition.role_arn,
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "PackageType": "Zip",
        "Timeout": definition.timeout.as_secs(),
        "MemorySize": definition.memory_mb,
        "Version": "$LATEST",
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "Environment": {"Variables": function.variables()},
    })
}
