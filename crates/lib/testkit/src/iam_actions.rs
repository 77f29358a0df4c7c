//! Which IAM action allows which operation, the one table of it, and the proof that a collector's manifest lists exactly
//! the actions of the operations that it calls.
//!
//! Invariant: an operation that is not in the table fails the proof; it is added with the page of the Service
//! Authorization Reference that says so.

use std::collections::BTreeSet;

use polo_collect::Collector;
use polo_core::CollectorManifest;

use crate::aws::Call;

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IamAction {
    /// The service as requests sign it.
    pub service: &'static str,
    /// The API operation.
    pub operation: &'static str,
    /// The IAM action that allows it.
    pub action: &'static str,
    /// The page of the Service Authorization Reference, below
    /// `https://docs.aws.amazon.com/service-authorization/latest/reference/`.
    pub page: &'static str,
}

const fn row(
    service: &'static str,
    operation: &'static str,
    action: &'static str,
    page: &'static str,
) -> IamAction {
    IamAction {
        service,
        operation,
        action,
        page,
    }
}

const EC2: &str = "list_amazonec2.html";
const S3: &str = "list_amazons3.html";
const ELB: &str = "list_elasticloadbalancing.html";
const ELB_V2: &str = "list_elasticloadbalancingv2.html";
const SAGEMAKER: &str = "list_amazonsagemaker.html";
const CE: &str = "list_awscostexplorerservice.html";
const SAVINGS_PLANS: &str = "list_awssavingsplans.html";
const IAM: &str = "list_awsidentityandaccessmanagementiam.html";
const ORGANIZATIONS: &str = "list_awsorganizations.html";

/// The table. Classic load balancers and those of the second generation share the prefix and most names.
pub const IAM_ACTIONS: &[IamAction] = &[
    row("ec2", "DescribeAddresses", "ec2:DescribeAddresses", EC2),
    row("ec2", "DescribeInstances", "ec2:DescribeInstances", EC2),
    row("ec2", "DescribeNatGateways", "ec2:DescribeNatGateways", EC2),
    row("ec2", "DescribeRegions", "ec2:DescribeRegions", EC2),
    row("ec2", "DescribeSnapshots", "ec2:DescribeSnapshots", EC2),
    row("ec2", "DescribeVolumes", "ec2:DescribeVolumes", EC2),
    row("s3", "ListBuckets", "s3:ListAllMyBuckets", S3),
    row("s3", "GetBucketLocation", "s3:GetBucketLocation", S3),
    row("s3", "GetBucketTagging", "s3:GetBucketTagging", S3),
    row("s3", "GetBucketVersioning", "s3:GetBucketVersioning", S3),
    row(
        "s3",
        "GetBucketLifecycleConfiguration",
        "s3:GetLifecycleConfiguration",
        S3,
    ),
    row(
        "s3",
        "GetBucketEncryption",
        "s3:GetEncryptionConfiguration",
        S3,
    ),
    row(
        "s3",
        "GetPublicAccessBlock",
        "s3:GetBucketPublicAccessBlock",
        S3,
    ),
    row(
        "elasticloadbalancing",
        "DescribeLoadBalancers",
        "elasticloadbalancing:DescribeLoadBalancers",
        ELB_V2,
    ),
    row(
        "elasticloadbalancing",
        "DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetGroups",
        ELB_V2,
    ),
    row(
        "elasticloadbalancing",
        "DescribeTargetHealth",
        "elasticloadbalancing:DescribeTargetHealth",
        ELB_V2,
    ),
    row(
        "elasticloadbalancing",
        "DescribeTags",
        "elasticloadbalancing:DescribeTags",
        ELB_V2,
    ),
    row(
        "elasticloadbalancing",
        "DescribeInstanceHealth",
        "elasticloadbalancing:DescribeInstanceHealth",
        ELB,
    ),
    row(
        "sagemaker",
        "ListNotebookInstances",
        "sagemaker:ListNotebookInstances",
        SAGEMAKER,
    ),
    row(
        "sagemaker",
        "ListEndpoints",
        "sagemaker:ListEndpoints",
        SAGEMAKER,
    ),
    row(
        "sagemaker",
        "DescribeEndpoint",
        "sagemaker:DescribeEndpoint",
        SAGEMAKER,
    ),
    row(
        "sagemaker",
        "ListEndpointConfigs",
        "sagemaker:ListEndpointConfigs",
        SAGEMAKER,
    ),
    row(
        "sagemaker",
        "DescribeEndpointConfig",
        "sagemaker:DescribeEndpointConfig",
        SAGEMAKER,
    ),
    row("sagemaker", "ListModels", "sagemaker:ListModels", SAGEMAKER),
    row(
        "tagging",
        "GetResources",
        "tag:GetResources",
        "list_amazonresourcegrouptaggingapi.html",
    ),
    row("ce", "GetCostAndUsage", "ce:GetCostAndUsage", CE),
    row(
        "ce",
        "GetSavingsPlansUtilization",
        "ce:GetSavingsPlansUtilization",
        CE,
    ),
    row(
        "ce",
        "GetSavingsPlansUtilizationDetails",
        "ce:GetSavingsPlansUtilizationDetails",
        CE,
    ),
    row(
        "ce",
        "GetSavingsPlansCoverage",
        "ce:GetSavingsPlansCoverage",
        CE,
    ),
    row(
        "savingsplans",
        "DescribeSavingsPlans",
        "savingsplans:DescribeSavingsPlans",
        SAVINGS_PLANS,
    ),
    row(
        "monitoring",
        "GetMetricData",
        "cloudwatch:GetMetricData",
        "list_amazoncloudwatch.html",
    ),
    row(
        "logs",
        "DescribeLogGroups",
        "logs:DescribeLogGroups",
        "list_amazoncloudwatchlogs.html",
    ),
    row("iam", "ListAccountAliases", "iam:ListAccountAliases", IAM),
    row(
        "organizations",
        "DescribeOrganization",
        "organizations:DescribeOrganization",
        ORGANIZATIONS,
    ),
];

/// The IAM action that allows a call.
///
/// # Panics
/// Where the table has no such operation.
pub fn action_of(call: &Call) -> &'static str {
    IAM_ACTIONS
        .iter()
        .find(|row| row.service == call.service && row.operation == call.operation)
        .unwrap_or_else(|| {
            panic!(
                "{}:{} is not in the table of IAM actions: add it, with its page of the Service Authorization Reference",
                call.service, call.operation
            )
        })
        .action
}

/// Asserts that the manifest lists the actions of the calls made in member accounts, no more and no fewer.
///
/// # Panics
/// Where it does not.
pub fn assert_read_actions_exact<C: Collector>(calls: &[Call]) {
    let made: BTreeSet<&str> = calls
        .iter()
        .filter(|call| call.account_id().is_some())
        .map(action_of)
        .collect();
    let manifest = CollectorManifest::parse(C::ID, C::MANIFEST).expect("the manifest is valid");
    let declared: BTreeSet<&str> = manifest.read_actions.iter().map(String::as_str).collect();
    assert_eq!(made, declared, "calls made, and read_actions of {}", C::ID);
    assert_eq!(
        declared.len(),
        manifest.read_actions.len(),
        "an action is listed twice"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_stands_once_with_an_action_and_its_page() {
        let mut seen = BTreeSet::new();
        for row in IAM_ACTIONS {
            assert!(
                seen.insert((row.service, row.operation)),
                "{row:?} stands twice"
            );
            assert!(
                row.action
                    .split_once(':')
                    .is_some_and(|(_, name)| !name.is_empty()),
                "{row:?}"
            );
            assert!(
                row.page.starts_with("list_") && row.page.ends_with(".html"),
                "{row:?}"
            );
        }
    }
}
