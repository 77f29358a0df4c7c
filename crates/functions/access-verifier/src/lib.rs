//! Verifies that the roles of the registry's accounts can be assumed, and reads what the StackSet says of them.
//!
//! Invariants: an excluded account is never touched; what could not be asked is inconclusive; the status itself is
//! decided by `v_accounts` alone. A tick reads that view once, then reads the accounts that it changed by key. It also
//! updates the copy for dashboards.

mod stack_set;

use std::collections::BTreeSet;

use polo_access::checks::{CheckPlan, Checks, not_yet_made, publish_status_changes};
use polo_access::payers;
use polo_core::status_reason::refusal;
use polo_core::{AccountId, Field, Invocation, PoloStatus, Trigger};
use polo_runtime::{Context, Function, FunctionError, Request};
use polo_store::accounts::AccountRow;
use polo_store::checks::AccessCheck;
use polo_store::registry::Registry;
use serde_json::{Value, json};

use crate::stack_set::Reading;

/// The function.
pub struct AccessVerifier {
    context: Context,
}

impl Function for AccessVerifier {
    const NAME: &'static str = "access-verifier";
    type Payload = Invocation;
    const TAKES: &'static [Field] = &[Field::AccountId];

    fn new(context: Context) -> Result<Self, FunctionError> {
        Ok(Self { context })
    }

    async fn handle(
        &self,
        invocation: Invocation,
        _request: &Request,
    ) -> Result<Value, FunctionError> {
        let context = &self.context;
        let only = invocation.account_id.as_ref();
        let mut registry = match only {
            Some(account_id) => context.store.registry_of(account_id).await?,
            None => context.store.registry().await?,
        };
        let accounts = self.accounts_to_check(&invocation, &registry)?;
        let checks = Checks::begin(context, invocation.sweep_id);
        let mut plans = Vec::new();
        for account in &accounts {
            plans.extend(CheckPlan::of_account(context, account)?);
        }
        let planned = plans.len();
        let mut touched: BTreeSet<AccountId> =
            plans.iter().map(|plan| plan.account_id.clone()).collect();
        let chosen = accounts.len();
        let plans = not_yet_made(context, invocation.sweep_id, plans).await?;
        let repeated = planned - plans.len();
        for plan in plans {
            checks.ask(plan);
        }
        // The listing of a StackSet grows with the organization; the tick reads it for all.
        let stack_set = match only {
            Some(_) => Reading::default(),
            // Read while the checks are under way: the status rule needs both.
            None => stack_set::read(context, invocation.sweep_id).await?,
        };
        let checks = checks.finish(context).await?;
        touched.extend(stack_set.changed);
        let touched: Vec<&AccountId> = touched.iter().collect();
        context.store.read_again(&mut registry, &touched).await?;
        let payers = payers::ask(context, &registry).await?;
        let published = publish_status_changes(context, invocation.sweep_id, &mut registry).await?;
        Ok(json!({
            "accounts": chosen, "checks": verdicts(&checks), "checks_made_before": repeated,
            "stack_instances": stack_set.answer, "payers": payers, "told": published,
            "account": only.and_then(|account_id| registry.account(account_id)).map(answer_for_one)
        }))
    }
}

impl AccessVerifier {
    /// The one account of the payload; on a schedule those that are due; by hand all that are not excluded.
    fn accounts_to_check<'a>(
        &self,
        invocation: &Invocation,
        registry: &'a Registry,
    ) -> Result<Vec<&'a AccountRow>, FunctionError> {
        let now = self.context.clock.now();
        let is_tick = matches!(invocation.trigger, Trigger::Schedule { .. })
            && invocation.account_id.is_none();
        let mut chosen = Vec::new();
        for account in registry.accounts() {
            let status = account.status()?;
            if status == PoloStatus::Excluded {
                if let Some(account_id) = &invocation.account_id
                    && invocation.is_manual()
                {
                    let (reason, consequence) = (
                        &account.status_reason,
                        "it is not checked until that is lifted",
                    );
                    let sentence = refusal(account_id, status, reason, consequence);
                    return Err(FunctionError::Refused(sentence));
                }
                continue;
            }
            if !is_tick || account.next_check_at.is_none_or(|at| at <= now) {
                chosen.push(account);
            }
        }
        Ok(chosen)
    }
}

/// What the registry says of the one account now.
fn answer_for_one(account: &AccountRow) -> Value {
    json!({
        "account_id": account.account_id, "polo_status": account.polo_status,
        "status_reason": account.status_reason, "polo_read_role": account.polo_read_role,
        "verdict": account.last_check_verdict, "error_class": account.last_check_class,
        "message": account.last_check_message
    })
}

fn verdicts(checks: &[AccessCheck]) -> Value {
    let count = |verdict| {
        checks
            .iter()
            .filter(|check| check.verdict == verdict)
            .count()
    };
    use polo_core::Verdict::{Denied, Inconclusive, Success};
    json!({ "success": count(Success), "denied": count(Denied), "inconclusive": count(Inconclusive) })
}
