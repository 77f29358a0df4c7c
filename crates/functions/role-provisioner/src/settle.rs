//! What became of the operations that were asked for before.
//!
//! Invariants: an attempt ends once, with CloudFormation's own word for its account; an operation that CloudFormation does
//! not know ends its attempts only when nobody can still be about to begin it; one that cannot be read holds up no other.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::TimeDelta;
use polo_core::AccountId;
use polo_runtime::{Context, FunctionError};
use polo_store::provisioning::{AttemptOutcome, ProvisioningAttempt};
use uuid::Uuid;

use crate::stack_set::{StackSet, failed};

/// The longest that an invocation lasts, from its note of an attempt to the call that begins it.
const ABOUT_TO_BEGIN: TimeDelta = TimeDelta::minutes(15);

/// What was found out.
#[derive(Default)]
pub(crate) struct Settled {
    /// Attempts by outcome, and results that name no account, for the answer.
    pub(crate) counts: BTreeMap<&'static str, usize>,
    /// The operations that CloudFormation knows, or may know.
    pub(crate) known: HashSet<Uuid>,
    /// The first operation that could not be read, and why.
    pub(crate) failure: Option<FunctionError>,
}

/// Reads the operations of which more is to come, and notes what came. `own` are those of this delivery: a retry knows
/// that nobody else is about to begin them.
///
/// Errors: only the database's; an operation that cannot be read is part of the answer.
pub(crate) async fn settle(
    context: &Context,
    stack_set: &StackSet<'_>,
    open: Vec<ProvisioningAttempt>,
    own: &[Uuid],
) -> Result<Settled, FunctionError> {
    let mut by_operation: BTreeMap<Uuid, Vec<ProvisioningAttempt>> = BTreeMap::new();
    for attempt in open {
        by_operation
            .entry(attempt.operation_id)
            .or_default()
            .push(attempt);
    }
    let mut settled = Settled::default();
    for (operation_id, attempts) in by_operation {
        let is_own = own.contains(&operation_id);
        let read = match read(context, stack_set, operation_id, attempts, is_own).await {
            Ok(read) => read,
            Err(error) => {
                let message = format!(
                    "the StackSet's operation {operation_id} could not be read: {}",
                    error.chain()
                );
                tracing::error!("{message}");
                settled.known.insert(operation_id);
                settled.failure.get_or_insert(FunctionError::Listing {
                    error_type: error.error_type(),
                    message,
                });
                continue;
            }
        };
        if read.is_known {
            settled.known.insert(operation_id);
        }
        if read.without_account > 0 {
            let count = read.without_account;
            tracing::error!(%operation_id, count, "results of an operation name no account");
            *settled.counts.entry("results_without_account").or_default() += count;
        }
        for attempt in &read.attempts {
            *settled.counts.entry(attempt.outcome.as_str()).or_default() += 1;
        }
        // One operation at a time: what was found out stays found out if the next one cannot be noted.
        let store = &context.store;
        store.write_provisioning_attempts(&read.attempts).await?;
    }
    Ok(settled)
}

/// An operation as it is now.
struct Read {
    is_known: bool,
    /// The attempts of which more is known than before.
    attempts: Vec<ProvisioningAttempt>,
    without_account: usize,
}

async fn read(
    context: &Context,
    stack_set: &StackSet<'_>,
    operation_id: Uuid,
    attempts: Vec<ProvisioningAttempt>,
    is_own: bool,
) -> Result<Read, FunctionError> {
    let now = context.clock.now();
    let id = operation_id.to_string();
    let operation = stack_set.operations.operation(&id).await.map_err(failed)?;
    let Some(operation) = operation else {
        let ended = attempts.into_iter().filter(|attempt| {
            is_own
                || attempt.outcome == AttemptOutcome::Running
                || now - attempt.asked_at >= ABOUT_TO_BEGIN
        });
        let reason = "CloudFormation does not know the operation";
        return Ok(Read {
            is_known: false,
            attempts: ended
                .map(|attempt| attempt.with_outcome(AttemptOutcome::Unknown, reason, now))
                .collect(),
            without_account: 0,
        });
    };
    let is_unsure = |attempt: &ProvisioningAttempt| attempt.outcome == AttemptOutcome::Asked;
    let all = if operation.has_ended() || attempts.iter().any(is_unsure) {
        stack_set.operations.results(&id).await.map_err(failed)?
    } else {
        Default::default()
    };
    let results: HashMap<AccountId, (String, String)> = all
        .results
        .into_iter()
        .map(|result| (result.account_id, (result.status, result.status_reason)))
        .collect();
    let told = attempts.into_iter().filter_map(|attempt| {
        let result = results.get(&attempt.account_id);
        let (outcome, reason) = match (operation.has_ended(), result) {
            (true, Some((status, reason))) => (outcome(status), reason.clone()),
            (true, None) if is_unsure(&attempt) => (
                AttemptOutcome::Busy,
                "the operation of this id was begun without this account".to_owned(),
            ),
            (true, None) => (
                AttemptOutcome::Failed,
                format!(
                    "the operation ended ({}) without a word on this account: it may have left the StackSet's \
                     targets meanwhile {}",
                    operation.status, operation.status_reason
                )
                .trim_end()
                .to_owned(),
            ),
            // Not listed yet, or no part of it.
            (false, None) if is_unsure(&attempt) => return None,
            (false, _) => (AttemptOutcome::Running, String::new()),
        };
        Some(attempt.with_outcome(outcome, reason, now))
    });
    Ok(Read {
        is_known: true,
        attempts: told.collect(),
        without_account: all.without_account,
    })
}

/// An account's result in an operation that has ended: what had not begun by then never will.
fn outcome(status: &str) -> AttemptOutcome {
    match status {
        "SUCCEEDED" => AttemptOutcome::Succeeded,
        "FAILED" => AttemptOutcome::Failed,
        _ => AttemptOutcome::Cancelled,
    }
}
