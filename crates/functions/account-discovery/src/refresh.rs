//! One account, asked for by hand: its facts, its tags, and its check, now. It never says that an account has left.

use std::collections::HashMap;

use polo_access::checks::{CheckPlan, Checks, not_yet_made};
use polo_core::reconcile::{Reconciliation, reconcile};
use polo_core::{AccountId, ErrorClass, Invocation, RoleKind};
use polo_runtime::config::OrganizationConfig;
use polo_runtime::{Context, FunctionError};

use crate::facts::Frame;
use crate::organization::{describe, listing_error, reader};
use crate::report::Discovered;
use crate::tags;

/// Refreshes the account in whichever organization lists it.
pub(crate) async fn account(
    context: &Context,
    organizations: &[OrganizationConfig],
    account_id: &AccountId,
    invocation: &Invocation,
) -> Result<Discovered, FunctionError> {
    let mut looked_in = Vec::new();
    for organization in organizations {
        match in_organization(context, organization, account_id, invocation).await {
            Err(FunctionError::Call(failure)) if failure.class == ErrorClass::NotFound => {
                looked_in.push(
                    organization
                        .id
                        .clone()
                        .unwrap_or_else(|| "the hub's organization".to_owned()),
                );
            }
            other => return other,
        }
    }
    Err(FunctionError::Refused(format!(
        "account {account_id} is not in {}: check the id, or add its organization to POLO_ORGANIZATIONS",
        looked_in.join(", ")
    )))
}

async fn in_organization(
    context: &Context,
    organization: &OrganizationConfig,
    account_id: &AccountId,
    invocation: &Invocation,
) -> Result<Discovered, FunctionError> {
    let store = &context.store;
    let version = store.version().await?;
    let now = context.clock.now();
    let reader = reader(context, organization, invocation.sweep_id);
    let info = describe(&reader, organization).await?;
    let account = reader
        .describe_account(account_id)
        .await
        .map_err(listing_error)?;
    let tree = reader.list_tree().await?;
    let parents = match &account.parents {
        Some(parents) => parents.clone(),
        None => reader.list_parents(account_id).await?,
    };
    let filter = organization.filter();
    let frame = Frame {
        config: &context.config,
        organization_id: &info.id,
        management_account_id: &info.management_account_id,
        filter: &filter,
        home_partition: context.home_partition(),
    };
    let facts = frame.facts(&account, &parents, &tree);
    let known = store.account_facts().await?;
    let known: HashMap<_, _> = known
        .into_iter()
        .filter(|(id, _)| id == account_id)
        .collect();
    let in_monitoring = facts.in_scope && !account.state.ends_monitoring();
    let built = facts.read_role_arn.clone();
    let reconciliation: Reconciliation = reconcile(now, &info.id, &known, vec![facts], false, None);
    store.apply(version, now, &reconciliation).await?;
    let tags_read = tags::read(context, &reader, version, &[account_id], &[]).await?;

    let row = store.account(account_id).await?;
    let checks = Checks::begin(context, invocation.sweep_id);
    if in_monitoring && !row.excluded_by_operator {
        let plan = CheckPlan {
            account_id: account_id.clone(),
            kind: RoleKind::Read,
            role: if row.polo_read_role.is_empty() {
                built
            } else {
                row.read_role()?
            },
            external_id: context.config.external_id_of(&info.id),
            status_before: Some(row.status()?),
            denials_before: row.denials_in_a_row,
        };
        for plan in not_yet_made(context, invocation.sweep_id, vec![plan]).await? {
            checks.ask(plan);
        }
    }
    let checks = checks.finish(context).await?;
    Ok(Discovered {
        organization_id: info.id,
        accounts_seen: 1,
        reconciliation,
        checks: checks.into_iter().map(|check| check.account_id).collect(),
        tags_read,
        tree: Some(tree),
        problem: None,
    })
}
