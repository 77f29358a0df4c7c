//! What became of the operations that were asked for before.
//!
//! Invariants: an attempt ends once, with CloudFormation's own word for its account; an operation that CloudFormation does
//! not know ends its attempts only when nobody can still be about to begin it.

use std::collections::{BTreeMap, HashMap};

use chrono::TimeDelta;
use polo_core::AccountId;
use polo_runtime::{Context, FunctionError};
use polo_store::provisioning::{AttemptOutcome, ProvisioningAttempt};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::stack_set::{StackSet, failed};

/// The longest that an invocation lasts, from its note of an attempt to the call that begins it.
const ABOUT_TO_BEGIN: TimeDelta = TimeDelta::minutes(15);

/// Reads the operations of which more is to come, and notes what came. `own` are those of this delivery: a retry knows
/// that nobody else is about to begin them.
pub(crate) async fn settle(
    context: &Context,
    stack_set: &StackSet<'_>,
    open: Vec<ProvisioningAttempt>,
    own: &[Uuid],
) -> Result<Value, FunctionError> {
    let mut by_operation: BTreeMap<Uuid, Vec<ProvisioningAttempt>> = BTreeMap::new();
    for attempt in open {
        by_operation
            .entry(attempt.operation_id)
            .or_default()
            .push(attempt);
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (operation_id, attempts) in by_operation {
        let is_own = own.contains(&operation_id);
        let settled = ended(context, stack_set, operation_id, attempts, is_own).await?;
        for attempt in &settled {
            *counts.entry(attempt.outcome.as_str()).or_default() += 1;
        }
        // One operation at a time: what was found out stays found out if the next one cannot be read.
        context.store.write_provisioning_attempts(&settled).await?;
    }
    Ok(json!(counts))
}

/// The attempts of one operation with what is known of it now.
async fn ended(
    context: &Context,
    stack_set: &StackSet<'_>,
    operation_id: Uuid,
    attempts: Vec<ProvisioningAttempt>,
    is_own: bool,
) -> Result<Vec<ProvisioningAttempt>, FunctionError> {
    let now = context.clock.now();
    let id = operation_id.to_string();
    let operation = stack_set.operations.operation(&id).await.map_err(failed)?;
    let Some(operation) = operation else {
        return Ok(attempts
            .into_iter()
            .filter(|attempt| {
                is_own
                    || attempt.outcome == AttemptOutcome::Running
                    || now - attempt.asked_at >= ABOUT_TO_BEGIN
            })
            .map(|attempt| {
                let reason = "CloudFormation does not know the operation";
                attempt.with_outcome(AttemptOutcome::Unknown, reason, now)
            })
            .collect());
    };
    if !operation.has_ended() {
        return Ok(attempts
            .into_iter()
            .map(|attempt| attempt.with_outcome(AttemptOutcome::Running, "", now))
            .collect());
    }
    let results = stack_set.operations.results(&id).await.map_err(failed)?;
    let results: HashMap<AccountId, (String, String)> = results
        .into_iter()
        .map(|result| (result.account_id, (result.status, result.status_reason)))
        .collect();
    Ok(attempts
        .into_iter()
        .map(|attempt| {
            let (outcome, reason) = match results.get(&attempt.account_id) {
                Some((status, reason)) => (outcome(status), reason.clone()),
                None => (
                    AttemptOutcome::Failed,
                    format!(
                        "the operation ended ({}) without a word on this account: it may have left the StackSet's \
                         targets meanwhile {}",
                        operation.status, operation.status_reason
                    )
                    .trim_end()
                    .to_owned(),
                ),
            };
            attempt.with_outcome(outcome, reason, now)
        })
        .collect())
}

/// An account's result in an operation that has ended: what had not begun by then never will.
fn outcome(status: &str) -> AttemptOutcome {
    match status {
        "SUCCEEDED" => AttemptOutcome::Succeeded,
        "FAILED" => AttemptOutcome::Failed,
        _ => AttemptOutcome::Cancelled,
    }
}
