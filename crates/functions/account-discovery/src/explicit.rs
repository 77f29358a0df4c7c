//! Accounts from a configured list: no Organizations permission is needed, and the list is complete by definition.

use polo_access::checks::{Checks, not_yet_made};
use polo_core::reconcile::{AccountFacts, Membership, reconcile};
use polo_core::{AccountId, Invocation, RoleArn};
use polo_runtime::config::ConfiguredAccount;
use polo_runtime::{Context, FunctionError};
use polo_store::facts::{EXPLICIT, ListingResult};
use polo_store::registry::Registry;

use crate::organization::Before;
use crate::report::{Discovered, Record, record};

/// Registers and checks the configured accounts, or the one asked for.
pub(crate) async fn discover(
    context: &Context,
    accounts: &[ConfiguredAccount],
    only: Option<&AccountId>,
    invocation: &Invocation,
    registry: &Registry,
) -> Result<Discovered, FunctionError> {
    let chosen: Vec<&ConfiguredAccount> = accounts
        .iter()
        .filter(|account| only.is_none_or(|id| *id == account.account_id))
        .collect();
    if let (true, Some(id)) = (chosen.is_empty(), only) {
        return Err(FunctionError::Refused(format!(
            "account {id} is not configured: add it to POLO_ACCOUNTS"
        )));
    }
    let store = &context.store;
    let version = store.version().await?;
    let started_at = context.clock.now();
    let before = Before::read(context, registry).await?;
    let seen: Vec<AccountFacts> = chosen
        .iter()
        .map(|account| facts(context, account, before.facts.get(&account.account_id)))
        .collect();

    let checks = Checks::begin(context, invocation.sweep_id);
    let mut plans = Vec::new();
    for facts in &seen {
        let built = facts.read_role_arn.clone();
        plans.extend(before.plan(context, &facts.account_id, EXPLICIT, built)?);
    }
    for plan in not_yet_made(context, invocation.sweep_id, plans).await? {
        checks.ask(plan);
    }
    let accounts_seen = seen.len();
    let complete = only.is_none();
    let reconciliation = reconcile(
        started_at,
        EXPLICIT,
        &before.facts,
        seen,
        complete,
        invocation.accept_removals,
    );
    store.apply(version, started_at, &reconciliation).await?;
    let checks = checks.finish(context).await?;
    let refused = reconciliation.refused.clone();
    if complete {
        record(
            context,
            Record {
                sweep_id: invocation.sweep_id,
                organization_id: EXPLICIT,
                started_at,
                listing: ListingResult::Complete,
                accounts_seen,
                reconciliation: &reconciliation,
                placements_read_at: None,
                problem: refused
                    .as_ref()
                    .map(|refused| ("mass_removal".to_owned(), refused.to_string())),
            },
        )
        .await?;
    }
    Ok(Discovered {
        organization_id: EXPLICIT.to_owned(),
        accounts_seen,
        reconciliation,
        checks: checks.into_iter().map(|check| check.account_id).collect(),
        tags_read: 0,
        tree: None,
        problem: refused.map(FunctionError::from),
    })
}

/// What a list says of an account; the name that an organization once gave it stays.
fn facts(
    context: &Context,
    account: &ConfiguredAccount,
    known: Option<&AccountFacts>,
) -> AccountFacts {
    let partition = match &account.read_role {
        Some(role) => role.partition().clone(),
        None => context.home_partition(),
    };
    let role = |name: &str| RoleArn::new(partition.clone(), account.account_id.clone(), name);
    AccountFacts {
        account_id: account.account_id.clone(),
        organization_id: EXPLICIT.to_owned(),
        account_name: known.map_or_else(
            || account.account_id.to_string(),
            |known| known.account_name.clone(),
        ),
        account_email: known
            .map(|known| known.account_email.clone())
            .unwrap_or_default(),
        org_state: String::new(),
        membership: Membership::Member,
        in_scope: true,
        is_management: false,
        parents: Vec::new(),
        org_unit: String::new(),
        joined_at: None,
        joined_method: String::new(),
        read_role_arn: account
            .read_role
            .clone()
            .unwrap_or_else(|| role(&context.config.read_role_name)),
        action_role_arn: context.config.action_role_name.as_deref().map(role),
        reinstated_at: None,
        left_at: None,
        partition: partition.to_string(),
    }
}
