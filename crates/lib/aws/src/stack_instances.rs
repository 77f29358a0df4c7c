//! What a StackSet says of each account: whether the role's stack is there, and why not.
//!
//! Invariant: all pages or a failure. Half a listing would read as accounts that the StackSet doesn't target.

use aws_config::SdkConfig;
use polo_core::{AccountId, ErrorClass};

use crate::config::without_retries;
use crate::pages::Pages;
use crate::{AwsFailure, Backoff};

/// The action that every failure of this module names.
pub const LIST_STACK_INSTANCES: &str = "cloudformation:ListStackInstances";

/// As whom the StackSet is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CallAs {
    /// From the management account, or for a self-managed StackSet.
    #[default]
    Own,
    /// From a delegated administrator.
    DelegatedAdmin,
}

impl From<CallAs> for aws_sdk_cloudformation::types::CallAs {
    fn from(call_as: CallAs) -> Self {
        match call_as {
            CallAs::Own => Self::SelfValue,
            CallAs::DelegatedAdmin => Self::DelegatedAdmin,
        }
    }
}

/// One stack of a StackSet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackInstance {
    /// The account that it is in.
    pub account_id: AccountId,
    /// The region that it is in.
    pub region: String,
    /// `CURRENT`, `OUTDATED` or `INOPERABLE`.
    pub status: String,
    /// `PENDING`, `RUNNING`, `SUCCEEDED`, `FAILED`, `CANCELLED`, `INOPERABLE`, …; empty where AWS gives none.
    pub detailed_status: String,
    /// AWS's reason for a status that isn't good.
    pub status_reason: String,
    /// The stack's ARN; empty before it exists.
    pub stack_id: String,
    /// The OU (or root) through which it was targeted; empty for self-managed StackSets.
    pub ou_id: String,
    /// The last operation on it; empty where there was none.
    pub last_operation_id: String,
}

/// A StackSet that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum StackInstancesError {
    /// There is none of this name for this caller.
    #[error(
        "there is no StackSet named {name:?} here: check POLO_STACK_SET_NAME, and that this account is the \
         management account or a delegated administrator"
    )]
    StackSetNotFound {
        /// The name that was asked for.
        name: String,
    },
    /// A call failed.
    #[error("the StackSet's instances cannot be listed")]
    Aws(#[from] AwsFailure),
}

/// All stack instances of a StackSet.
///
/// 100 a page, all pages; a page may be empty and carry a token. No request rate is published.
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackInstances.html>
pub async fn list_stack_instances(
    config: &SdkConfig,
    stack_set_name: &str,
    call_as: CallAs,
    backoff: &Backoff,
) -> Result<Vec<StackInstance>, StackInstancesError> {
    const PAGE: i32 = 100;
    let client = aws_sdk_cloudformation::Client::new(&without_retries(config));
    let call_as = aws_sdk_cloudformation::types::CallAs::from(call_as);
    let call = |token| {
        client
            .list_stack_instances()
            .stack_set_name(stack_set_name)
            .call_as(call_as.clone())
            .max_results(PAGE)
            .set_next_token(token)
            .send()
    };
    let mut pages = Pages::repeated(LIST_STACK_INSTANCES, backoff, call, |page| {
        page.next_token()
    });
    let failed = |failure: AwsFailure| match failure.class {
        ErrorClass::NotFound => StackInstancesError::StackSetNotFound {
            name: stack_set_name.to_owned(),
        },
        _ => StackInstancesError::Aws(failure),
    };
    let mut instances = Vec::new();
    while let Some(page) = pages.next().await.map_err(failed)? {
        for summary in page.summaries() {
            instances.push(row(summary)?);
        }
    }
    Ok(instances)
}

fn row(
    summary: &aws_sdk_cloudformation::types::StackInstanceSummary,
) -> Result<StackInstance, AwsFailure> {
    // The reference promises the account for self-managed StackSets only; the stack's ARN names it too.
    let account = summary
        .account()
        .filter(|account| !account.is_empty())
        .or_else(|| summary.stack_id().and_then(|arn| arn.split(':').nth(4)))
        .unwrap_or_default();
    let account_id = account.parse().map_err(|error| {
        AwsFailure::new(
            ErrorClass::Bug,
            LIST_STACK_INSTANCES,
            "Unreadable",
            format!(
                "a stack instance in {:?} names no account: {error}",
                summary.region()
            ),
        )
    })?;
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    Ok(StackInstance {
        account_id,
        region: text(summary.region()),
        status: text(summary.status().map(|status| status.as_str())),
        detailed_status: text(
            summary
                .stack_instance_status()
                .and_then(|status| status.detailed_status())
                .map(|status| status.as_str()),
        ),
        status_reason: text(summary.status_reason()),
        stack_id: text(summary.stack_id()),
        ou_id: text(summary.organizational_unit_id()),
        last_operation_id: text(summary.last_operation_id()),
    })
}
