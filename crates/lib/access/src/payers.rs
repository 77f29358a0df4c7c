//! Finds out who pays for accounts that no listing of an organization covers: each active one is asked once a day, with its own
//! read role.
//!
//! Invariant: an account whose organization was listed is not asked, and a failure to ask leaves the last answer.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use futures::StreamExt;
use polo_aws::organizations::{Membership, OrganizationReader};
use polo_aws::{AwsFailure, OrganizationError, session_name};
use polo_core::{AccountId, ErrorClass, PoloStatus};
use polo_runtime::{Context, FunctionError};
use polo_store::accounts::AccountRow;
use polo_store::payers::PayerAnswer;
use polo_store::registry::Registry;
use serde_json::{Value, json};

/// An answer holds this long: who pays changes when an account joins or leaves an organization.
const HOLDS: TimeDelta = TimeDelta::hours(24);
/// An account that could not be asked is asked again after this: a denial is mended by a new role, not by asking.
const ASKED_AGAIN: TimeDelta = TimeDelta::hours(1);
/// Accounts asked at once.
const AT_ONCE: usize = 8;

/// Asks the active accounts whose payer is not known.
pub async fn ask(context: &Context, registry: &Registry) -> Result<Value, FunctionError> {
    let now = context.clock.now();
    // Also while an organization's listing has only ever been partial.
    let listed: BTreeSet<&str> = registry
        .accounts()
        .filter(|account| account.is_management)
        .map(|account| account.organization_id.as_str())
        .collect();
    let mut active = Vec::new();
    for account in registry.accounts() {
        let is_listed = listed.contains(account.organization_id.as_str());
        if !is_listed && account.status()? == PoloStatus::Active {
            active.push(account.id()?);
        }
    }
    let active: Vec<&AccountId> = active.iter().collect();
    let store = &context.store;
    let lacking = store
        .lacking_payer(&active, now - HOLDS, now - ASKED_AGAIN)
        .await?;
    let accounts: Vec<AccountRow> = registry
        .accounts()
        .filter(|account| lacking.contains(&account.account_id))
        .cloned()
        .collect();
    let answers: Vec<(AccountId, PayerAnswer)> = futures::stream::iter(accounts)
        .map(|account| ask_one(context, account))
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .collect::<Result<_, _>>()?;
    store.write_payer_answers(now, &answers).await?;
    let failed = answers
        .iter()
        .filter(|(_, answer)| matches!(answer, PayerAnswer::Failure { .. }))
        .count();
    Ok(json!({ "asked": answers.len(), "failed": failed }))
}

async fn ask_one(
    context: &Context,
    account: AccountRow,
) -> Result<(AccountId, PayerAnswer), FunctionError> {
    let account_id = account.id()?;
    let role = account.read_role()?;
    let sessions = context.sessions_of(&account.organization_id);
    let name = session_name(context.function, "payer");
    let failure = |failure: AwsFailure| PayerAnswer::Failure {
        class: failure.class,
        message: format!("{}: {}: {}", failure.action, failure.code, failure.message),
    };
    let session = match sessions.session_for(&role, &name).await {
        Ok(session) => session,
        Err(problem) => return Ok((account_id, failure(problem))),
    };
    let reader = OrganizationReader::new(&session.config(session.home_region()), context.backoff);
    let answer = match reader.describe().await {
        Ok(Membership::In(organization)) => PayerAnswer::Payer {
            payer_account_id: organization.management_account_id,
            organization_id: organization.id,
        },
        // An account in no organization pays for itself.
        Ok(Membership::NotInUse) => PayerAnswer::Payer {
            payer_account_id: account_id.clone(),
            organization_id: String::new(),
        },
        Err(OrganizationError::Aws(problem)) => failure(problem),
        Err(error) => PayerAnswer::Failure {
            class: ErrorClass::Bug,
            message: error.to_string(),
        },
    };
    Ok((account_id, answer))
}
