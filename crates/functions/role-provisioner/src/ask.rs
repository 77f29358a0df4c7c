//! Asking CloudFormation for one operation over all accounts of one action.
//!
//! Invariants: an attempt is noted before it is asked for, and again with whether CloudFormation took it. It stays
//! `asked` while nobody can tell, and is `running` only where the operation is known to be for its account.

use std::collections::HashSet;

use polo_aws::{Begun, OperationTargets, StackSetOperationError};
use polo_core::AccountId;
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
    let note = Note {
        context,
        operation_id,
        attempts,
        left: group.left,
    };
    match begun {
        Ok(Begun::Accepted) => {
            let everyone = targets.account_ids.into_iter().collect();
            note.running(&everyone).await
        }
        // An earlier delivery may have asked for fewer accounts by this id.
        Ok(Begun::SeenBefore) => {
            let part = stack_set.part_of(operation_id).await?;
            note.running(&part.unwrap_or_default()).await
        }
        // What is in the way may be this very operation, if its first answer got lost.
        Ok(Begun::Busy { message }) => match stack_set.part_of(operation_id).await? {
            Some(part) => note.running(&part).await,
            None => {
                note.all(AttemptOutcome::Busy, &message).await?;
                Ok(Asked::Busy(message))
            }
        },
        // Stays `asked`: settling reads the operation by its id.
        Err(error @ StackSetOperationError::Unanswered(_)) => Err(failed(error)),
        Err(error) => {
            let error = failed(error);
            note.all(AttemptOutcome::Refused, &error.chain()).await?;
            Err(error)
        }
    }
}

/// The attempts as they were noted before asking, to be noted again.
struct Note<'a> {
    context: &'a Context,
    operation_id: Uuid,
    attempts: Vec<ProvisioningAttempt>,
    /// How many accounts of this action were not asked for.
    left: usize,
}

impl Note<'_> {
    /// The operation runs for these; what it is for the others shows when it is read again.
    async fn running(self, part: &HashSet<AccountId>) -> Result<Asked, FunctionError> {
        let now = self.context.clock.now();
        let (running, open): (Vec<_>, Vec<_>) = self
            .attempts
            .into_iter()
            .partition(|attempt| part.contains(&attempt.account_id));
        let accounts: Vec<AccountId> = running
            .iter()
            .map(|attempt| attempt.account_id.clone())
            .collect();
        let running: Vec<ProvisioningAttempt> = running
            .into_iter()
            .map(|attempt| attempt.with_outcome(AttemptOutcome::Running, "", now))
            .collect();
        let store = &self.context.store;
        store.write_provisioning_attempts(&running).await?;
        Ok(Asked::Accepted(json!({
            "operation_id": self.operation_id, "accounts": accounts, "left": self.left + open.len()
        })))
    }

    /// All of them ended so.
    async fn all(self, outcome: AttemptOutcome, reason: &str) -> Result<(), FunctionError> {
        let now = self.context.clock.now();
        let ended: Vec<ProvisioningAttempt> = self
            .attempts
            .into_iter()
            .map(|attempt| attempt.with_outcome(outcome, reason, now))
            .collect();
        let store = &self.context.store;
        Ok(store.write_provisioning_attempts(&ended).await?)
    }
}
