//! Making a StackSet's instances for single accounts, and reading what became of it.
//!
//! Invariants: an operation's id is the caller's, so that asking again is the same operation and not a second one; an
//! operation that CloudFormation cannot begin now is [`Begun::Busy`] and is not repeated here, because the operation
//! before it takes minutes; a call whose answer got lost is never told as one that began nothing.
//!
//! For service-managed StackSets alone: a self-managed one takes accounts without OUs.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_config::SdkConfig;
use aws_sdk_cloudformation::types::{
    AccountFilterType, DeploymentTargets, StackSetOperationPreferences,
};
use polo_core::{AccountId, ErrorClass};

use crate::config::without_retries;
use crate::pages::Pages;
use crate::{AwsFailure, Backoff, CallAs, classify};

/// Makes instances that are not there.
pub const CREATE_STACK_INSTANCES: &str = "cloudformation:CreateStackInstances";
/// Deploys instances anew that are there.
pub const UPDATE_STACK_INSTANCES: &str = "cloudformation:UpdateStackInstances";
/// Reads an operation.
pub const DESCRIBE_STACK_SET_OPERATION: &str = "cloudformation:DescribeStackSetOperation";
/// Reads how it ended in each account.
pub const LIST_STACK_SET_OPERATION_RESULTS: &str = "cloudformation:ListStackSetOperationResults";

/// The OUs that one operation may name.
///
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackInstances.html>
pub const OUS_AT_MOST: usize = 50;

/// Where an operation works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationTargets {
    /// OUs or roots that the StackSet targets; each account lies beneath one of them, at any depth.
    pub ou_ids: BTreeSet<String>,
    /// The accounts; the others of these OUs are left alone.
    pub account_ids: Vec<AccountId>,
    /// The region of the stacks.
    pub region: String,
}

/// What came of asking for an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// CloudFormation has taken it.
    Accepted,
    /// CloudFormation knows the id already: from this call, whose first answer got lost, or from an earlier one, which may
    /// have named other accounts.
    SeenBefore,
    /// An operation is under way on this StackSet: another one, or this one, if an answer got lost.
    Busy {
        /// CloudFormation's words.
        message: String,
    },
}

/// How far an operation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackSetOperation {
    /// `RUNNING`, `QUEUED`, `STOPPING`, `SUCCEEDED`, `FAILED` or `STOPPED`.
    pub status: String,
    /// CloudFormation's words; empty where it gives none.
    pub status_reason: String,
}

impl StackSetOperation {
    /// Whether nothing more will come of it. A status that this code does not know has not ended.
    pub fn has_ended(&self) -> bool {
        matches!(self.status.as_str(), "SUCCEEDED" | "FAILED" | "STOPPED")
    }
}

/// How an operation ended in one account and region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationResult {
    /// The account.
    pub account_id: AccountId,
    /// The region.
    pub region: String,
    /// `SUCCEEDED`, `FAILED`, `CANCELLED`, `PENDING` or `RUNNING`.
    pub status: String,
    /// AWS's reason for a status that is not good.
    pub status_reason: String,
}

/// How an operation stands in its accounts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OperationResults {
    /// By account and region. While the operation has not ended, an account of it may not be listed yet.
    pub results: Vec<OperationResult>,
    /// How many more there are that name no account.
    pub without_account: usize,
}

/// An operation that could not be asked for or read.
#[derive(Debug, thiserror::Error)]
pub enum StackSetOperationError {
    /// There is no StackSet of this name for this caller.
    #[error(
        "there is no StackSet named {name:?} here: check POLO_STACK_SET_NAME and POLO_STACK_SET_CALL_AS, and that these \
         are the credentials of the management account or of a delegated administrator"
    )]
    StackSetNotFound {
        /// The name that was asked for.
        name: String,
    },
    /// No answer that says whether the operation began: reading it by its id will.
    #[error(transparent)]
    Unanswered(AwsFailure),
    /// A call failed.
    #[error(transparent)]
    Aws(#[from] AwsFailure),
}

/// The operations of one StackSet.
#[derive(Debug, Clone)]
pub struct StackSetOperations {
    client: aws_sdk_cloudformation::Client,
    name: String,
    call_as: aws_sdk_cloudformation::types::CallAs,
    backoff: Backoff,
}

impl StackSetOperations {
    /// With these credentials, in the StackSet's own region.
    pub fn new(
        config: &SdkConfig,
        stack_set_name: &str,
        call_as: CallAs,
        backoff: Backoff,
    ) -> Self {
        Self {
            client: aws_sdk_cloudformation::Client::new(&without_retries(config)),
            name: stack_set_name.to_owned(),
            call_as: call_as.into(),
            backoff,
        }
    }

    /// Makes instances in accounts that have none. One that is there already and is not current is deployed anew.
    ///
    /// Limits: 50 OUs an operation. No request rate is published. An id that CloudFormation has seen begins nothing.
    /// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackInstances.html>
    pub async fn create_instances(
        &self,
        operation_id: &str,
        targets: &OperationTargets,
    ) -> Result<Begun, StackSetOperationError> {
        self.begin(CREATE_STACK_INSTANCES, || async {
            self.client
                .create_stack_instances()
                .stack_set_name(&self.name)
                .call_as(self.call_as.clone())
                .operation_id(operation_id)
                .deployment_targets(deployment_targets(targets))
                .regions(&targets.region)
                .operation_preferences(preferences())
                .send()
                .await
                .map(|_| Begun::Accepted)
                .map_err(|error| classify(CREATE_STACK_INSTANCES, None, &error))
        })
        .await
    }

    /// Deploys instances anew that are there, with the values that they have.
    ///
    /// Errors: also where one of the accounts has no instance, or an OU was never a target of the StackSet; then
    /// nothing begins. Limits as for [`Self::create_instances`].
    /// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_UpdateStackInstances.html>
    pub async fn update_instances(
        &self,
        operation_id: &str,
        targets: &OperationTargets,
    ) -> Result<Begun, StackSetOperationError> {
        self.begin(UPDATE_STACK_INSTANCES, || async {
            self.client
                .update_stack_instances()
                .stack_set_name(&self.name)
                .call_as(self.call_as.clone())
                .operation_id(operation_id)
                .deployment_targets(deployment_targets(targets))
                .regions(&targets.region)
                .operation_preferences(preferences())
                .send()
                .await
                .map(|_| Begun::Accepted)
                .map_err(|error| classify(UPDATE_STACK_INSTANCES, None, &error))
        })
        .await
    }

    /// An operation; none where CloudFormation does not know it, because it never began or is older than 90 days.
    ///
    /// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackSetOperation.html>
    pub async fn operation(
        &self,
        operation_id: &str,
    ) -> Result<Option<StackSetOperation>, StackSetOperationError> {
        let answer = self
            .backoff
            .retry(|| async {
                self.client
                    .describe_stack_set_operation()
                    .stack_set_name(&self.name)
                    .call_as(self.call_as.clone())
                    .operation_id(operation_id)
                    .send()
                    .await
                    .map_err(|error| classify(DESCRIBE_STACK_SET_OPERATION, None, &error))
            })
            .await;
        let operation = match answer {
            Ok(answer) => answer.stack_set_operation,
            Err(failure) if failure.code == "OperationNotFoundException" => return Ok(None),
            Err(failure) => return Err(self.failed(failure)),
        };
        let operation = operation.ok_or_else(|| {
            AwsFailure::new(
                ErrorClass::Bug,
                DESCRIBE_STACK_SET_OPERATION,
                "Unreadable",
                "the answer holds no StackSetOperation",
            )
        })?;
        let status = operation.status().map(|status| status.as_str());
        Ok(Some(StackSetOperation {
            status: text(status),
            status_reason: text(operation.status_reason()),
        }))
    }

    /// How an operation stands in each account. 100 a page, all pages or a failure; a page may be empty and carry a token.
    ///
    /// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackSetOperationResults.html>
    pub async fn results(
        &self,
        operation_id: &str,
    ) -> Result<OperationResults, StackSetOperationError> {
        const PAGE: i32 = 100;
        const ACTION: &str = LIST_STACK_SET_OPERATION_RESULTS;
        let call = |token| {
            self.client
                .list_stack_set_operation_results()
                .stack_set_name(&self.name)
                .call_as(self.call_as.clone())
                .operation_id(operation_id)
                .max_results(PAGE)
                .set_next_token(token)
                .send()
        };
        let mut pages = Pages::repeated(ACTION, &self.backoff, call, |page| page.next_token());
        let mut all = OperationResults::default();
        let failed = |failure| self.failed(failure);
        while let Some(page) = pages.next().await.map_err(failed)? {
            for summary in page.summaries() {
                match result(summary) {
                    Some(result) => all.results.push(result),
                    None => all.without_account += 1,
                }
            }
        }
        Ok(all)
    }

    /// Asks for an operation; what passes is asked again, an operation that is in the way is not.
    async fn begin<F, Fut>(&self, action: &str, mut ask: F) -> Result<Begun, StackSetOperationError>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<Begun, AwsFailure>>,
    {
        // Of any of the calls: the last one's refusal says nothing of one before it.
        let unanswered = AtomicBool::new(false);
        let began = self
            .backoff
            .retry(|| {
                let asked = ask();
                async {
                    match asked.await {
                        Err(failure) if is_in_the_way(&failure.code) => Ok(Begun::Busy {
                            message: failure.message,
                        }),
                        Err(failure) if failure.code == "OperationIdAlreadyExistsException" => {
                            Ok(Begun::SeenBefore)
                        }
                        Err(failure) => {
                            if may_have_begun(action, &failure) {
                                unanswered.store(true, Ordering::Relaxed);
                            }
                            Err(failure)
                        }
                        Ok(begun) => Ok(begun),
                    }
                }
            })
            .await;
        began.map_err(|failure| {
            if unanswered.load(Ordering::Relaxed) {
                StackSetOperationError::Unanswered(failure)
            } else {
                self.failed(failure)
            }
        })
    }

    fn failed(&self, failure: AwsFailure) -> StackSetOperationError {
        if failure.code == "StackSetNotFoundException" {
            return StackSetOperationError::StackSetNotFound {
                name: self.name.clone(),
            };
        }
        StackSetOperationError::Aws(failure)
    }
}

/// Another operation under way, or one that ended between the request and its check.
fn is_in_the_way(code: &str) -> bool {
    matches!(
        code,
        "OperationInProgressException" | "StaleRequestException"
    )
}

/// Whether the call may have been carried out although it failed.
fn may_have_begun(action: &str, failure: &AwsFailure) -> bool {
    // Without credentials the call itself was never made.
    let made = failure.action == action && failure.code != "NoCredentials";
    let unanswered = matches!(
        failure.class,
        ErrorClass::Timeout | ErrorClass::Network | ErrorClass::Service
    );
    made && (unanswered || failure.code == "Unreadable")
}

/// Only the named accounts of the OUs.
///
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeploymentTargets.html>
fn deployment_targets(targets: &OperationTargets) -> DeploymentTargets {
    DeploymentTargets::builder()
        .set_organizational_unit_ids(Some(targets.ou_ids.iter().cloned().collect()))
        .set_accounts(Some(
            targets
                .account_ids
                .iter()
                .map(ToString::to_string)
                .collect(),
        ))
        .account_filter_type(AccountFilterType::Intersection)
        .build()
}

/// One account that fails holds up no other; without the second line accounts would be served one by one.
fn preferences() -> StackSetOperationPreferences {
    StackSetOperationPreferences::builder()
        .failure_tolerance_percentage(100)
        .max_concurrent_percentage(100)
        .build()
}

/// None where it names no account.
fn result(
    summary: &aws_sdk_cloudformation::types::StackSetOperationResultSummary,
) -> Option<OperationResult> {
    Some(OperationResult {
        account_id: summary.account()?.parse().ok()?,
        region: text(summary.region()),
        status: text(summary.status().map(|status| status.as_str())),
        status_reason: text(summary.status_reason()),
    })
}

fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}
