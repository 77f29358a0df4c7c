//! Asking CloudFormation for one operation over all accounts of one action.
//!
//! Invariant: an attempt is noted before it is asked for, and again with whether CloudFormation took it.

use polo_aws::{Begun, OperationTargets};
use polo_runtime::{Context, FunctionError};
use polo_store::provisioning::{AttemptOutcome, ProvisioningAction, ProvisioningAttempt};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::choose::Group;
use crate::stack_set::{StackSet, failed};

/// What came of asking.
pub(crate) enum Asked {
    /// There was nobody to ask for.
    Nothing,
    /// CloudFormation has taken it; the answer for people.
    Accepted(Value),
    /// Another operation is under way; its words.
    Busy(String),
}

/// Asks for the group's instances.
pub(crate) async fn ask(
    context: &Context,
    stack_set: &StackSet<'_>,
    action: ProvisioningAction,
    operation_id: Uuid,
    group: Group,
    region: &str,
) -> Result<Asked, FunctionError> {
    if group.account_ids.is_empty() {
        return Ok(Asked::Nothing);
    }
    let asked_at = context.clock.now();
    let attempts: Vec<ProvisioningAttempt> = group
        .account_ids
        .iter()
        .map(|account_id| ProvisioningAttempt {
            account_id: account_id.clone(),
            operation_id,
            stack_set_name: stack_set.name().to_owned(),
            action,
            asked_at,
            outcome: AttemptOutcome::Asked,
            reason: String::new(),
            ended_at: None,
        })
        .collect();
    context.store.write_provisioning_attempts(&attempts).await?;

    let targets = OperationTargets {
        ou_ids: group.ou_ids,
        account_ids: group.account_ids,
        region: region.to_owned(),
    };
    let id = operation_id.to_string();
    let begun = match action {
        ProvisioningAction::Create => stack_set.operations.create_instances(&id, &targets).await,
        ProvisioningAction::Update => stack_set.operations.update_instances(&id, &targets).await,
    };
    let begun = begun.map_err(failed);
    let (outcome, reason) = match &begun {
        Ok(Begun::Accepted) => (AttemptOutcome::Running, String::new()),
        Ok(Begun::Busy { message }) => (AttemptOutcome::Busy, message.clone()),
        Err(error) => (AttemptOutcome::Refused, error.chain()),
    };
    let now = context.clock.now();
    let attempts: Vec<ProvisioningAttempt> = attempts
        .into_iter()
        .map(|attempt| attempt.with_outcome(outcome, reason.as_str(), now))
        .collect();
    context.store.write_provisioning_attempts(&attempts).await?;
    Ok(match begun? {
        Begun::Accepted => Asked::Accepted(json!({
            "operation_id": operation_id, "accounts": targets.account_ids, "left": group.left
        })),
        Begun::Busy { message } => Asked::Busy(message),
    })
}
