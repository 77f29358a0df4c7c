//! The regions of an account, and which of them it has enabled.

use aws_config::SdkConfig;
use polo_core::{ErrorClass, InvalidRegion, Region};

use crate::config::{region_of, without_retries};
use crate::{AwsFailure, Backoff, classify};

/// The action that every failure of this module names.
pub const DESCRIBE_REGIONS: &str = "ec2:DescribeRegions";

/// A region as an account sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionStatus {
    /// `us-east-1`.
    pub region: Region,
    /// `opt-in-not-required`, `opted-in` or `not-opted-in`.
    pub opt_in_status: String,
    /// Whether the account may use it.
    pub enabled: bool,
}

/// All regions of the partition, sorted by name, as the account of these credentials sees them.
///
/// One call, one page: the API has no pagination. It passes EC2's bucket for Describe calls of that account, not ours.
/// `config` is for any region that the account has enabled.
///
/// Errors: the failure's class; denied by an SCP that allows some regions only is the usual one, and the caller's
/// fallback list is for that. Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html>
pub async fn list_regions(
    config: &SdkConfig,
    backoff: &Backoff,
) -> Result<Vec<RegionStatus>, AwsFailure> {
    let region = region_of(config).to_owned();
    let client = aws_sdk_ec2::Client::new(&without_retries(config));
    let answer = backoff
        .retry(|| async {
            client
                .describe_regions()
                .all_regions(true)
                .send()
                .await
                .map_err(|error| classify(DESCRIBE_REGIONS, Some(&region), &error))
        })
        .await?;
    let mut regions: Vec<RegionStatus> = answer
        .regions
        .unwrap_or_default()
        .into_iter()
        .filter_map(|region| {
            Some((
                region.region_name?,
                region.opt_in_status.unwrap_or_default(),
            ))
        })
        .map(|(name, opt_in_status)| {
            Ok(RegionStatus {
                region: name.parse().map_err(unreadable)?,
                enabled: matches!(opt_in_status.as_str(), "opt-in-not-required" | "opted-in"),
                opt_in_status,
            })
        })
        .collect::<Result<_, AwsFailure>>()?;
    regions.sort_by(|a, b| a.region.cmp(&b.region));
    Ok(regions)
}

fn unreadable(error: InvalidRegion) -> AwsFailure {
    let problem = error.to_string();
    AwsFailure::new(
        ErrorClass::Bug,
        DESCRIBE_REGIONS,
        "UnreadableRegion",
        problem,
    )
}
