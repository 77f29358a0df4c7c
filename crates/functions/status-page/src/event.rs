//! Events before they become requests.
//!
//! Invariant: no event ends the process. The conversion refuses with a panic, and all of its reasons are in what the page
//! does not need: a host, a scheme, a body, and characters and lengths that an address cannot have.

use std::collections::HashMap;

use lambda_http::aws_lambda_events::http::HeaderMap;
use lambda_http::aws_lambda_events::http::header::HOST;
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::request::LambdaRequest;

/// No page has an address nearly as long. Escaped it is three times as long, and the conversion takes 65,534 bytes.
pub(crate) const BYTES_AT_MOST: usize = 8_000;

/// Stands for a path, or for a query, that is longer.
pub(crate) const TOO_LONG: &str = "too-long";

/// An event without what the page does not need, and with the rest of its address in a form that an address can have.
pub fn tamed(mut event: LambdaRequest) -> LambdaRequest {
    match &mut event {
        LambdaRequest::ApiGatewayV2(event) => {
            tame(&mut event.headers, &mut event.raw_path, &mut event.body);
            event.request_context.domain_name = None;
            event.raw_query_string = event.raw_query_string.as_deref().map(|query| {
                if query.len() > BYTES_AT_MOST {
                    TOO_LONG.to_owned()
                } else {
                    escaped(query)
                }
            });
        }
        LambdaRequest::Alb(event) => {
            tame(&mut event.headers, &mut event.path, &mut event.body);
            for parameters in [
                &mut event.query_string_parameters,
                &mut event.multi_value_query_string_parameters,
            ] {
                *parameters = if parameters.to_query_string().len() > BYTES_AT_MOST {
                    TOO_LONG.parse().unwrap_or_default()
                } else {
                    with_spaces(parameters)
                };
            }
        }
        _ => {}
    }
    event
}

fn tame(headers: &mut HeaderMap, path: &mut Option<String>, body: &mut Option<String>) {
    headers.remove(HOST);
    if let Some(path) = path {
        if path.len() > BYTES_AT_MOST {
            TOO_LONG.clone_into(path);
        }
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
    }
    *body = None;
}

/// A load balancer passes parameters on as they were written, and the conversion undoes `%20` but not a form's `+`.
///
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>
fn with_spaces(parameters: &QueryMap) -> QueryMap {
    let mut spaced: HashMap<String, Vec<String>> = HashMap::new();
    for (name, value) in parameters.iter() {
        spaced
            .entry(name.replace('+', "%20"))
            .or_default()
            .push(value.replace('+', "%20"));
    }
    spaced.into()
}

/// A query with everything escaped that cannot stand in one; what is escaped already stays as it is.
fn escaped(query: &str) -> String {
    query
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
            _ if b"%=&+-._~:@/?!$'()*,;".contains(&byte) => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
