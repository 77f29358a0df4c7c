//! What CloudFormation says a stack is doing.
//!
//! Invariant: a status or a failure, never a guess: whoever asks decides by it whether to change anything.

use aws_config::SdkConfig;
use polo_core::ErrorClass;

use crate::config::without_retries;
use crate::{AwsFailure, Backoff, classify};

/// The action that every failure of this module names.
pub const DESCRIBE_STACKS: &str = "cloudformation:DescribeStacks";

/// The status of a stack of this account and region, by its ARN: `UPDATE_IN_PROGRESS`, `UPDATE_ROLLBACK_IN_PROGRESS`, …
///
/// By ARN a deleted stack has a status too. One call, one page; no request rate is published.
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html>
pub async fn stack_status(
    config: &SdkConfig,
    stack_id: &str,
    backoff: &Backoff,
) -> Result<String, AwsFailure> {
    let client = aws_sdk_cloudformation::Client::new(&without_retries(config));
    let answer = backoff
        .retry(|| async {
            client
                .describe_stacks()
                .stack_name(stack_id)
                .send()
                .await
                .map_err(|error| classify(DESCRIBE_STACKS, None, &error))
        })
        .await?;
    let status = answer
        .stacks()
        .first()
        .and_then(|stack| stack.stack_status());
    status
        .map(|status| status.as_str().to_owned())
        .ok_or_else(|| {
            AwsFailure::new(
                ErrorClass::Bug,
                DESCRIBE_STACKS,
                "Unreadable",
                format!("the answer holds no status of {stack_id}"),
            )
        })
}
