//! Verifies that the roles of the registry's accounts can be assumed, and reads what the StackSet says of them.
//!
//! Invariants: an excluded account is never touched; what could not be asked is inconclusive; the status itself is
//! decided by `v_accounts` alone. Its five-minute tick is also what brings the copy for dashboards up to date.

mod stack_set;

use polo_core::{Field, Invocation, PoloStatus, Trigger};
use polo_runtime::access::{CheckPlan, Checks, not_yet_made, publish_status_changes, store_checks};
use polo_runtime::{Context, Function, FunctionError, Request, payers};
use polo_store::accounts::AccountRow;
use polo_store::checks::AccessCheck;
use serde_json::{Value, json};

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
        let accounts = self.accounts_to_check(&invocation).await?;
        let checks = Checks::begin(context, invocation.sweep_id);
        let mut plans = Vec::new();
        for account in &accounts {
            plans.extend(CheckPlan::of_account(context, account)?);
        }
        let planned = plans.len();
        let plans = not_yet_made(context, invocation.sweep_id, plans).await?;
        let repeated = planned - plans.len();
        for plan in plans {
            checks.ask(plan);
        }
        // The listing of a StackSet grows with the organization; the tick reads it for all.
        let only = invocation.account_id.as_ref();
        // Read while the checks are under way: the status rule needs both.
        let stack_set = match only {
            Some(_) => Value::Null,
            None => stack_set::read(context, invocation.sweep_id).await?,
        };
        let checks = checks.finish().await?;
        store_checks(context, &checks).await?;
        let payers = payers::ask(context, only).await?;
        let told = publish_status_changes(context, invocation.sweep_id, only).await?;
        Ok(json!({
            "accounts": accounts.len(), "checks": verdicts(&checks), "checks_made_before": repeated,
            "stack_instances": stack_set, "payers": payers, "told": told, "account": self.answer_for_one(&invocation).await?
        }))
    }
}

impl AccessVerifier {
    /// The one account of the payload; on a schedule those that are due; by hand all that are not excluded.
    async fn accounts_to_check(
        &self,
        invocation: &Invocation,
    ) -> Result<Vec<AccountRow>, FunctionError> {
        let store = &self.context.store;
        if let Some(account_id) = &invocation.account_id {
            let account = store.account(account_id).await?;
            if account.status()? == PoloStatus::Excluded {
                if !invocation.is_manual() {
                    return Ok(Vec::new());
                }
                return Err(FunctionError::Refused(format!(
                    "account {account_id} is excluded ({}): it is not checked until that is lifted; see `polo accounts show {account_id}`",
                    account.status_reason
                )));
            }
            return Ok(vec![account]);
        }
        let on_schedule = matches!(invocation.trigger, Trigger::Schedule { .. });
        let now = self.context.clock.now();
        let mut chosen = Vec::new();
        for account in store.accounts().await? {
            let due = account.next_check_at.is_none_or(|at| at <= now);
            if account.status()? != PoloStatus::Excluded && (due || !on_schedule) {
                chosen.push(account);
            }
        }
        Ok(chosen)
    }

    /// What the registry says of the one account now, for whoever asked.
    async fn answer_for_one(&self, invocation: &Invocation) -> Result<Value, FunctionError> {
        let Some(account_id) = &invocation.account_id else {
            return Ok(Value::Null);
        };
        let account = self.context.store.account(account_id).await?;
        Ok(json!({
            "account_id": account.account_id, "polo_status": account.polo_status,
            "status_reason": account.status_reason, "polo_read_role": account.polo_read_role,
            "verdict": account.last_check_verdict, "error_class": account.last_check_class,
            "message": account.last_check_message
        }))
    }
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
