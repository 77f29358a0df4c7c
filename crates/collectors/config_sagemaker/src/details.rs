//! The two calls that are made for one resource each, a few at a time.
//!
//! Invariant: what is not there any more is no failure, a call that stays throttled ends the listing, and any other
//! failure leaves only its own resource without details.

use std::future::Future;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::operation::describe_endpoint_config::DescribeEndpointConfigOutput;
use futures::{StreamExt, TryStreamExt};
use polo_aws::{AwsFailure, classify};
use polo_collect::Target;
use polo_core::ErrorClass;

/// How many are asked at once. AWS names no rate for these calls; four at some tens of milliseconds each stay below a
/// hundred a second, and read a thousand resources in less than a minute.
const AT_ONCE: usize = 4;

/// What came of asking for the details of one resource.
#[derive(Debug)]
pub(crate) enum Detail<T> {
    /// They were read.
    Read(T),
    /// The resource was deleted since it was listed.
    Gone,
    /// They could not be read.
    Unread(AwsFailure),
}

/// Runs calls a few at a time; the answers come in the order of the calls.
pub(crate) async fn all<T, F>(
    calls: impl IntoIterator<Item = F> + Send,
) -> Result<Vec<Detail<T>>, AwsFailure>
where
    F: Future<Output = Result<Detail<T>, AwsFailure>> + Send,
{
    let calls: Vec<F> = calls.into_iter().collect();
    futures::stream::iter(calls)
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html>
pub(crate) async fn endpoint(
    client: &Client,
    target: &Target,
    name: &str,
) -> Result<Detail<DescribeEndpointOutput>, AwsFailure> {
    let answer = client.describe_endpoint().endpoint_name(name).send().await;
    detail(
        answer
            .map_err(|error| classify("sagemaker:DescribeEndpoint", Some(target.region()), &error)),
    )
}

/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpointConfig.html>
pub(crate) async fn endpoint_config(
    client: &Client,
    target: &Target,
    name: &str,
) -> Result<Detail<DescribeEndpointConfigOutput>, AwsFailure> {
    let answer = client
        .describe_endpoint_config()
        .endpoint_config_name(name)
        .send()
        .await;
    detail(answer.map_err(|error| {
        classify(
            "sagemaker:DescribeEndpointConfig",
            Some(target.region()),
            &error,
        )
    }))
}

fn detail<T>(answer: Result<T, AwsFailure>) -> Result<Detail<T>, AwsFailure> {
    match answer {
        Ok(details) => Ok(Detail::Read(details)),
        Err(failure) if failure.class == ErrorClass::NotFound => Ok(Detail::Gone),
        // The run is made again as a whole.
        Err(failure) if failure.class.awaits_every_call() => Err(failure),
        Err(failure) => Ok(Detail::Unread(failure)),
    }
}
