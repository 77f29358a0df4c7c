//! The answer to CloudFormation: a small JSON file, put to an address that it has signed beforehand.
//!
//! Invariant: it is at most 4,096 bytes long, which is all that CloudFormation takes, and the address is in no log.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html>

use std::time::Duration;

use polo_aws::{AwsFailure, Backoff, Clock, ConfigError, Https};
use polo_core::{ErrorClass, Timestamp};
use polo_runtime::FunctionError;
use serde::Serialize;
use serde_json::Value;

use crate::request::ResourceRequest;

/// The resource's name for ever: one that changes would make CloudFormation delete the old one.
const PHYSICAL_RESOURCE_ID: &str = "polo-schema";
/// The longest answer.
const BODY_BYTES_AT_MOST: usize = 4096;
/// One attempt to put it.
const ATTEMPT: Duration = Duration::from_secs(5);
/// All attempts together fit into what is left of the function's time.
const ATTEMPTS: Backoff = Backoff {
    attempts: 6,
    base: Duration::from_millis(500),
    cap: Duration::from_secs(3),
    budget: Duration::from_secs(14),
};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    physical_resource_id: &'static str,
    stack_id: &'a str,
    request_id: &'a str,
    logical_resource_id: &'a str,
    data: Data,
}

/// What the template can ask the resource for; numbers are text there.
#[derive(Default, Serialize)]
struct Data {
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    applied: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    already: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    adopted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collectors: Option<String>,
}

impl Data {
    fn of(answer: &Value) -> Self {
        let count = |name: &str| match &answer[name] {
            Value::Array(list) => Some(list.len().to_string()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        Self {
            outcome: answer["outcome"].as_str().map(str::to_owned),
            applied: count("applied"),
            already: count("already"),
            adopted: count("adopted"),
            collectors: answer["collectors"].as_str().map(str::to_owned),
        }
    }
}

/// Who puts answers.
pub struct Replier {
    https: Https,
    backoff: Backoff,
    clock: Clock,
}

impl Replier {
    /// As in production.
    ///
    /// # Errors
    /// Trust roots of the environment that cannot be used.
    pub fn new() -> Result<Self, FunctionError> {
        Self::with(ATTEMPTS, Clock::system())
    }

    /// With other pauses and another clock, as tests have them.
    ///
    /// # Errors
    /// As [`Replier::new`].
    pub fn with(backoff: Backoff, clock: Clock) -> Result<Self, FunctionError> {
        Ok(Self {
            https: Https::new(ATTEMPT).map_err(ConfigError::from)?,
            backoff,
            clock,
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Tells CloudFormation what came of its request.
    pub(crate) async fn reply(
        &self,
        request: &ResourceRequest,
        outcome: &Result<Value, FunctionError>,
    ) -> Result<(), FunctionError> {
        let body = body(request, outcome)?;
        let failed = |class, code: String, message: &str| {
            AwsFailure::new(class, "the answer to CloudFormation", code, message)
        };
        let put = || async {
            let answer = self
                .https
                // S3 signed it without a content type, and HTTP clients like to add one.
                .send(
                    "PUT",
                    &request.address,
                    &[("content-type", "")],
                    body.clone(),
                )
                .await
                .map_err(|error| failed(error.class, "NoAnswer".to_owned(), &error.message))?;
            let class = match answer.status {
                200..=299 => return Ok(()),
                408 => ErrorClass::Timeout,
                429 => ErrorClass::Throttled,
                500.. => ErrorClass::Service,
                _ => ErrorClass::Denied,
            };
            Err(failed(
                class,
                format!("HTTP {}", answer.status),
                "the signed address did not take it",
            ))
        };
        Ok(self.backoff.retry(put).await?)
    }
}

fn body(
    request: &ResourceRequest,
    outcome: &Result<Value, FunctionError>,
) -> Result<Vec<u8>, FunctionError> {
    let (status, reason, answer) = match outcome {
        Ok(answer) => ("SUCCESS", String::new(), answer),
        Err(error) => ("FAILED", error.chain(), &Value::Null),
    };
    // A server's message may span lines; a sentence does not.
    let mut reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    loop {
        let body = Body {
            status,
            reason: &reason,
            physical_resource_id: PHYSICAL_RESOURCE_ID,
            stack_id: &request.stack_id,
            request_id: &request.request_id,
            logical_resource_id: &request.logical_resource_id,
            data: Data::of(answer),
        };
        let bytes = serde_json::to_vec(&body).map_err(|error| {
            FunctionError::Refused(format!("the answer cannot be written as JSON: {error}"))
        })?;
        if bytes.len() <= BODY_BYTES_AT_MOST || reason.is_empty() {
            return Ok(bytes);
        }
        // Escaped, a character takes up to six bytes.
        let over = bytes.len() - BODY_BYTES_AT_MOST;
        let mut keep = reason.len().saturating_sub(over.div_ceil(6) + "…".len());
        while !reason.is_char_boundary(keep) {
            keep -= 1;
        }
        reason.truncate(keep);
        if !reason.is_empty() {
            reason.push('…');
        }
    }
}
