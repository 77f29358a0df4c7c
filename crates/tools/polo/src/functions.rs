//! The deployed functions, invoked by hand. Invariant: one call is one invocation; nothing here repeats it, because
//! a repeated call would be a second run.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use polo_aws::AwsFailure;
use polo_core::ErrorClass;
use polo_core::text::{clip, quoted};
use serde_json::Value;

use crate::environment;
use crate::error::CliError;
use crate::{causes, progress};

/// The functions that are not collectors.
pub(crate) const DISCOVERY: &str = "account-discovery";
pub(crate) const VERIFIER: &str = "access-verifier";
pub(crate) const DISPATCHER: &str = "collection-dispatcher";
pub(crate) const PROVISIONER: &str = "role-provisioner";

const CONNECT: Duration = Duration::from_secs(5);
/// Lambda's limit of an invocation is 15 minutes; the cold start comes on top.
const ANSWER: Duration = Duration::from_secs(16 * 60);

/// The Lambda API of one environment.
pub(crate) struct Functions {
    client: Client,
    env: String,
    region: String,
}

impl Functions {
    /// A client with the operator's own credentials; nothing is asked yet.
    pub(crate) async fn connect() -> Result<Self, CliError> {
        let env = environment::name()?;
        let (shared, region) = environment::aws().await?;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .read_timeout(ANSWER)
            .disable_operation_timeout()
            .disable_operation_attempt_timeout()
            .build();
        let config = aws_sdk_lambda::config::Builder::from(&shared)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            // A function that works for minutes sends nothing meanwhile, and that is no stall.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        Ok(Self {
            client: Client::from_conf(config),
            env,
            region,
        })
    }

    /// Invokes a function and waits for its answer; `doing` is what a terminal shows meanwhile.
    pub(crate) async fn invoke(
        &self,
        id: &str,
        payload: &Value,
        doing: &str,
    ) -> Result<Value, CliError> {
        let function = format!("{}-polo-{id}", self.env);
        let progress = progress::Progress::start(doing);
        let answer = self
            .client
            .invoke()
            .function_name(&function)
            .payload(Blob::new(payload.to_string()))
            .send()
            .await;
        drop(progress);
        let answer = answer.map_err(|error| {
            let failure = causes::of_call("lambda:InvokeFunction", &error);
            CliError::Failed(self.refusal(&function, &failure))
        })?;
        let body = answer.payload().map(AsRef::as_ref).unwrap_or_default();
        let text = String::from_utf8_lossy(body);
        if answer.function_error().is_some() {
            return Err(function_error(function, &text));
        }
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(body).map_err(|_| {
            CliError::Failed(format!(
                "{function} did not answer with JSON, so it may not be Polo's: {}",
                quoted(&text)
            ))
        })
    }

    /// Why there was no answer, and what to do about it.
    fn refusal(&self, function: &str, failure: &AwsFailure) -> String {
        let place = environment::lambda_place(&self.region);
        let AwsFailure { code, message, .. } = failure;
        match (code.as_str(), failure.class) {
            ("ResourceNotFoundException", _) => format!(
                "there is no function {function} {place}: check POLO_ENV ({}) and AWS_REGION, or deploy it",
                self.env
            ),
            ("NoCredentials", _) => {
                environment::no_credentials(&format!("invoke {function} with"), message)
            }
            (_, ErrorClass::Denied | ErrorClass::DeniedByScp | ErrorClass::DeniedByRcp) => format!(
                "your credentials may not invoke {function} {place}: they need lambda:InvokeFunction on it ({message})"
            ),
            (_, ErrorClass::ExpiredToken | ErrorClass::InvalidToken) => {
                format!(
                    "your AWS credentials are not accepted {place} ({code}: {message}): renew them and try again"
                )
            }
            (_, ErrorClass::Network) => {
                format!(
                    "the Lambda API {place} cannot be reached to invoke {function} ({message}): check the address and the network"
                )
            }
            (_, ErrorClass::Timeout) => format!(
                "{function} {place} did not answer in time: it may still be at work, and `polo runs` shows what comes of it"
            ),
            _ => format!("{function} {place} could not be invoked ({code}: {message})"),
        }
    }
}

/// A failure as Lambda reports it: `{"errorType", "errorMessage"}`, by the function or by Lambda itself.
fn function_error(function: String, text: &str) -> CliError {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let field = |name: &str| value[name].as_str().map(str::to_owned);
    CliError::Function {
        function,
        error_type: field("errorType").unwrap_or_else(|| "Unhandled".to_owned()),
        message: field("errorMessage").unwrap_or_else(|| clip(text, 200).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_functions_and_lambda_keep_their_type() {
        let by_function =
            r#"{"errorType":"RequestRefused","errorMessage":"account 123456789012 is excluded"}"#;
        assert_eq!(
            function_error("f".into(), by_function).to_string(),
            "f failed (RequestRefused): account 123456789012 is excluded"
        );
        assert_eq!(
            function_error("f".into(), "oops").to_string(),
            "f failed (Unhandled): oops"
        );
    }
}
