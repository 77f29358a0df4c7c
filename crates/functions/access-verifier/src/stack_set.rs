//! The StackSet's instances, which the status rule needs: a role that was deployed and is denied is another case than
//! one that never was.
//!
//! Invariant: only a whole listing is stored; one that failed leaves what was known, and is told.

use std::collections::BTreeSet;

use polo_aws::list_stack_instances;
use polo_core::{AccountId, error_chain};
use polo_runtime::{Context, FunctionError};
use polo_store::stack_instances::StackInstanceState;
use serde_json::{Value, json};
use uuid::Uuid;

/// A reading of the StackSet.
#[derive(Default)]
pub(crate) struct Reading {
    /// The part of the function's answer about the StackSet.
    pub(crate) answer: Value,
    /// The accounts whose instances changed since the last reading.
    pub(crate) changed: BTreeSet<AccountId>,
}

/// Reads and stores the instances, where a StackSet is configured.
pub(crate) async fn read(context: &Context, sweep_id: Uuid) -> Result<Reading, FunctionError> {
    let Some(stack_set) = &context.config.stack_set else {
        return Ok(Reading::default());
    };
    let version = context.store.version().await?;
    let read_at = context.clock.now();
    let role = stack_set.role_arn.as_ref();
    let instances = match list_stack_instances(
        &context.management(role, sweep_id),
        &stack_set.name,
        stack_set.call_as(),
        &context.backoff,
    )
    .await
    {
        Ok(instances) => instances,
        Err(error) => {
            // The checks stand on their own, so they are stored all the same.
            let error = match role {
                None => error_chain(&error),
                Some(role) => format!("through {role}: {}", error_chain(&error)),
            };
            tracing::error!(
                stack_set = stack_set.name,
                error,
                "the stack instances could not be read"
            );
            return Ok(Reading {
                answer: json!({ "stack_set": stack_set.name, "failed": error }),
                changed: BTreeSet::new(),
            });
        }
    };
    let states: Vec<StackInstanceState> = instances
        .into_iter()
        .map(|instance| StackInstanceState {
            account_id: instance.account_id,
            region: instance.region,
            status: instance.status,
            detailed_status: instance.detailed_status,
            status_reason: instance.status_reason,
            stack_id: instance.stack_id,
            organizational_unit_id: instance.ou_id,
        })
        .collect();
    let changed = context
        .store
        .write_stack_instances(&stack_set.name, version, read_at, &states)
        .await?;
    Ok(Reading {
        answer: json!({ "stack_set": stack_set.name, "instances": states.len() }),
        changed,
    })
}
