//! Finding out who pays for accounts that no listing of an organization tells of: each active one is asked itself, with
//! its own read role, once a day.
//!
//! Invariant: nobody is asked whose organization was listed, and a failure to ask leaves the last answer.

use chrono::TimeDelta;
use futures::StreamExt;
use polo_aws::organizations::{Membership, OrganizationReader};
use polo_aws::{AwsFailure, OrganizationError, session_name};
use polo_core::{AccountId, ErrorClass, PoloStatus};
use polo_store::payers::PayerAnswer;
use serde_json::{Value, json};

use crate::{Context, FunctionError};

/// An answer holds this long: who pays changes when an account joins or leaves an organization.
const HOLDS: TimeDelta = TimeDelta::hours(24);
/// An account that could not be asked is asked again after this: a denial is mended by a new role, not by asking.
const ASKED_AGAIN: TimeDelta = TimeDelta::hours(1);
/// Accounts asked at once.
const AT_ONCE: usize = 8;

/// Asks the active accounts of which it is not known who pays for them; only one account if it is given.
pub async fn ask(context: &Context, only: Option<&AccountId>) -> Result<Value, FunctionError> {
    let store = &context.store;
    let now = context.clock.now();
    let (answered_before, failed_before) = (now - HOLDS, now - ASKED_AGAIN);
    let unknown = match only {
        None => {
            store
                .accounts_without_payer(answered_before, failed_before)
                .await?
        }
        Some(id)
            if store
                .lacks_payer(id, answered_before, failed_before)
                .await?
                && store.account(id).await?.status()? == PoloStatus::Active =>
        {
            vec![id.to_string()]
        }
        Some(_) => Vec::new(),
    };
    let answers: Vec<(AccountId, PayerAnswer)> = futures::stream::iter(unknown)
        .map(|account_id| ask_one(context, account_id))
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
    account_id: String,
) -> Result<(AccountId, PayerAnswer), FunctionError> {
    let account_id: AccountId = account_id.parse().map_err(|error| {
        FunctionError::Refused(format!(
            "the registry holds account {account_id:?}: {error}"
        ))
    })?;
    let account = context.store.account(&account_id).await?;
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
