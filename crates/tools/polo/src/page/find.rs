//! Where the status page is, and who asks. Invariant: what is missing is reported before anything is served.

use aws_config::SdkConfig;
use aws_sdk_lambda::Client;
use polo_aws::AwsFailure;
use polo_core::ErrorClass;
use polo_core::text::quoted;

use crate::causes;
use crate::cli::page::{self, PageUrl};
use crate::environment;
use crate::error::CliError;

const ACTION: &str = "lambda:GetFunctionUrlConfig";
const PAGE: &str = "status-page";

/// The operator's own AWS configuration.
pub(crate) struct Lookup {
    pub(crate) aws: SdkConfig,
    pub(crate) region: String,
    env: String,
}

impl Lookup {
    /// From the environment; nothing is asked yet.
    pub(crate) async fn new() -> Result<Self, CliError> {
        let env = environment::name()?;
        let (aws, region) = environment::aws().await?;
        Ok(Self { aws, region, env })
    }

    /// The page's function.
    pub(crate) fn function(&self) -> String {
        format!("{}-polo-{PAGE}", self.env)
    }

    /// The address of the page's function.
    ///
    /// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionUrlConfig.html>
    pub(crate) async fn url(&self) -> Result<PageUrl, CliError> {
        let function = self.function();
        let answer = Client::new(&self.aws)
            .get_function_url_config()
            .function_name(&function)
            .send()
            .await;
        let answer = answer.map_err(|error| {
            CliError::Failed(self.refusal(&function, &causes::of_call(ACTION, &error)))
        })?;
        let url = answer.function_url();
        page::url(url).map_err(|_| {
            CliError::Failed(format!(
                "{function} has the URL {}, which is not that of a function: give the right one with --url",
                quoted(url)
            ))
        })
    }

    fn refusal(&self, function: &str, failure: &AwsFailure) -> String {
        let place = environment::lambda_place(&self.region);
        let AwsFailure { code, message, .. } = failure;
        match (code.as_str(), failure.class) {
            ("ResourceNotFoundException", _) => format!(
                "there is no function {function} with a function URL {place}: check POLO_ENV ({}) and AWS_REGION, \
                 deploy it, or give its address with --url",
                self.env
            ),
            ("NoCredentials", _) => environment::no_credentials("sign requests with", message),
            (_, ErrorClass::Denied | ErrorClass::DeniedByScp | ErrorClass::DeniedByRcp) => format!(
                "your credentials may not look up the URL of {function} {place}: they need {ACTION} on it, or give the \
                 address with --url ({message})"
            ),
            (_, ErrorClass::ExpiredToken | ErrorClass::InvalidToken) => format!(
                "your AWS credentials are not accepted {place} ({code}: {message}): renew them and try again"
            ),
            (_, ErrorClass::Network | ErrorClass::Timeout) => format!(
                "the Lambda API {place} gives no answer ({message}): check the address and the network"
            ),
            _ => {
                format!("the URL of {function} {place} could not be looked up ({code}: {message})")
            }
        }
    }
}
