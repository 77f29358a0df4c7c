//! Function URLs: `/lambda-url/<function>/…` invokes the function with an HTTP request as Lambda has it, and answers what
//! it says.
//!
//! INVARIANT: only a function whose template has an `AWS::Lambda::Url` is served. Signatures are not checked: whoever
//! reaches this server's loopback address may ask, so that a browser needs no credentials here.
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_smithy_types::base64;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::clock;
use crate::emulator::Emulator;
use crate::emulator::definition::FunctionDefinition;
use crate::emulator::function::Function;
use crate::emulator::invoke_api::{self, find};
use crate::emulator::outcome::Outcome;
use crate::http_error::AwsError;

/// Where function URLs lie, as `cargo lambda watch` has them.
const PREFIX: &str = "/lambda-url/";

/// The address of a function on a server.
pub(crate) fn address(server: &str, id: &str) -> String {
    format!("http://{server}{PREFIX}{id}/")
}

/// The public routes.
pub(crate) fn routes(emulator: Arc<Emulator>) -> Router {
    Router::new()
        .route("/lambda-url/{name}", get(with_slash))
        .route("/lambda-url/{name}/", any(ask))
        .route("/lambda-url/{name}/{*path}", any(ask))
        .route("/2021-10-31/functions/{name}/url", get(configuration))
        .with_state(emulator)
}

/// Relative links begin at the slash.
async fn with_slash(Path(name): Path<String>) -> Response {
    let location = format!("{PREFIX}{name}/");
    (
        StatusCode::PERMANENT_REDIRECT,
        [(header::LOCATION, location)],
    )
        .into_response()
}

async fn configuration(
    State(emulator): State<Arc<Emulator>>,
    Path(name): Path<String>,
) -> Result<Json<Value>, AwsError> {
    let function = with_url(&emulator, &name)?;
    let definition = &function.definition;
    Ok(Json(json!({
        "FunctionUrl": address(&function.settings.address, &definition.id),
        "FunctionArn": definition.arn,
        "AuthType": definition.url_auth_type,
        "InvokeMode": "BUFFERED",
        "CreationTime": "1970-01-01T00:00:00Z",
        "LastModifiedTime": "1970-01-01T00:00:00Z",
    })))
}

async fn ask(
    State(emulator): State<Arc<Emulator>>,
    uri: Uri,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, AwsError> {
    // Both routes have a name and a slash behind the prefix; the path stays escaped, as Lambda passes it on.
    let rest = uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let (name, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let function = with_url(&emulator, name)?;
    let request = Request {
        path,
        query: uri.query().unwrap_or_default(),
        method: &method,
        headers: &headers,
        body: &body,
    };
    let event = event(&function.definition, &request, clock::now().into());
    let (_, outcome) = invoke_api::run(Arc::clone(function), event.to_string().into()).await?;
    match outcome {
        Outcome::Response(payload) => response(&payload),
        // Whoever asks a function URL reads nothing of a function's error; it is in the function's log.
        Outcome::Error(_) => Err(bad_gateway("Internal Server Error")),
    }
}

fn with_url<'a>(emulator: &'a Emulator, name: &str) -> Result<&'a Arc<Function>, AwsError> {
    let function = find(emulator, name)?;
    if function.definition.url_auth_type.is_some() {
        Ok(function)
    } else {
        Err(AwsError::not_found(format!(
            "{name} has no function URL: its template has no AWS::Lambda::Url for it"
        )))
    }
}

/// A request to a function URL.
struct Request<'a> {
    path: &'a str,
    query: &'a str,
    method: &'a Method,
    headers: &'a HeaderMap,
    body: &'a Bytes,
}

/// The event of payload format 2.0. The caller is nobody: signatures are not read here.
fn event(definition: &FunctionDefinition, request: &Request<'_>, now: DateTime<Utc>) -> Value {
    let mut headers: BTreeMap<&str, String> = BTreeMap::new();
    let mut cookies: Vec<&str> = Vec::new();
    for (name, value) in request.headers {
        let Ok(value) = value.to_str() else { continue };
        if name == header::COOKIE {
            cookies.extend(value.split(';').map(str::trim));
            continue;
        }
        let values = headers.entry(name.as_str()).or_default();
        if !values.is_empty() {
            values.push(',');
        }
        values.push_str(value);
    }
    let of = |name: &str| headers.get(name).cloned().unwrap_or_default();
    let account = definition.arn.split(':').nth(4).unwrap_or_default();
    let host = of("host");
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        "requestContext": {
            "accountId": account,
            "apiId": definition.id,
            "domainName": host,
            "domainPrefix": definition.id,
            "http": {
                "method": request.method.as_str(),
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": of("user-agent"),
            },
            "requestId": uuid::Uuid::new_v4(),
            "routeKey": "$default",
            "stage": "$default",
            "time": now.format("%d/%b/%Y:%H:%M:%S %z").to_string(),
            "timeEpoch": now.timestamp_millis(),
        },
        "headers": headers,
        "isBase64Encoded": false,
    });
    let parameters = parameters(request.query);
    if !parameters.is_empty() {
        event["queryStringParameters"] = Value::Object(parameters);
    }
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !request.body.is_empty() {
        match std::str::from_utf8(request.body) {
            Ok(text) => event["body"] = text.into(),
            Err(_) => {
                event["body"] = base64::encode(request.body).into();
                event["isBase64Encoded"] = true.into();
            }
        }
    }
    event
}

/// The query's parameters; several of one name are joined by commas, as Lambda does.
fn parameters(query: &str) -> Map<String, Value> {
    let mut joined: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        joined.entry(name).or_default().push(value);
    }
    joined
        .into_iter()
        .map(|(name, values)| (name.to_owned(), values.join(",").into()))
        .collect()
}

/// What a function answers to an HTTP request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpAnswer {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// A payload without a status is the body itself, in JSON, as Lambda infers.
fn response(payload: &Bytes) -> Result<Response, AwsError> {
    let value: Value = serde_json::from_slice(payload).unwrap_or(Value::Null);
    if value.get("statusCode").is_none() {
        let json = [(header::CONTENT_TYPE, "application/json")];
        return Ok((StatusCode::OK, json, payload.clone()).into_response());
    }
    let wrong = |what: String| bad_gateway(format!("the function's answer is none: {what}"));
    let answer: HttpAnswer =
        serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?;
    let status = StatusCode::from_u16(answer.status_code)
        .map_err(|_| wrong(format!("statusCode is {}", answer.status_code)))?;
    let body = answer.body.unwrap_or_default();
    let body = if answer.is_base64_encoded {
        base64::decode(&body).map_err(|error| wrong(format!("its body is no base64: {error}")))?
    } else {
        body.into_bytes()
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    let cookies = answer
        .cookies
        .into_iter()
        .map(|cookie| (header::SET_COOKIE.to_string(), cookie));
    for (name, value) in answer.headers.into_iter().chain(cookies) {
        let header = name
            .parse::<HeaderName>()
            .ok()
            .zip(HeaderValue::try_from(&value).ok());
        let Some((name, value)) = header else {
            return Err(wrong(format!("{name} is no header")));
        };
        headers.append(name, value);
    }
    Ok(response)
}

fn bad_gateway(message: impl Into<String>) -> AwsError {
    AwsError::new(
        StatusCode::BAD_GATEWAY,
        "InternalServerErrorException",
        message,
    )
}
