//! Tells Slack which accounts Polo cannot see or not collect whole: when that begins, when it lasts, when it is over.
//!
//! Invariants: the truth is `v_accounts`, what was told is `coverage_notices`; what is told is their difference, so a
//! lost event or a failing Slack costs a tick and nothing else. A failing Slack never fails an invocation. A message is
//! noted after Slack has taken it: told at least once, and twice only where the function or the database ends in
//! between, or where two invocations overlap.

mod concerns;
mod message;
mod plan;
mod slack;
#[cfg(test)]
mod testing;
mod words;

use polo_core::{Invocation, PoloStatus};
use polo_runtime::{Context, Function, FunctionError, Request};
use polo_store::accounts::AccountRow;
use serde_json::{Value, json};

use crate::message::{Frame, message};
use crate::plan::Plan;
use crate::slack::Slack;

/// The function.
pub struct CoverageNotifier {
    context: Context,
    slack: Option<Slack>,
}

impl Function for CoverageNotifier {
    const NAME: &'static str = "coverage-notifier";
    type Payload = Invocation;

    fn new(context: Context) -> Result<Self, FunctionError> {
        Ok(Self {
            slack: Slack::of(&context)?,
            context,
        })
    }

    async fn handle(
        &self,
        invocation: Invocation,
        _request: &Request,
    ) -> Result<Value, FunctionError> {
        let store = &self.context.store;
        // First the clock, then what is read: of two invocations the one that began last has the last word.
        let version = store.version().await?;
        let accounts = self.accounts(&invocation).await?;
        let open = store.open_notices().await?;
        let now = self.context.clock.now();
        let plan = Plan::of(&accounts, &open, now)?;
        let Some(slack) = &self.slack else {
            return Ok(json!({ "concerns": plan.concerns, "slack": "not configured" }));
        };
        store.write_notices(version, &plan.dropped).await?;
        let told = if plan.is_silent() {
            json!("nothing to tell")
        } else {
            let frame = Frame {
                env: &self.context.config.env,
                page_url: self.context.config.status_page_url.as_deref(),
                now,
            };
            match slack.post(&self.context, &message(&plan, &frame)).await {
                Ok(()) => {
                    store.write_notices(version, &plan.notices()).await?;
                    json!("told")
                }
                Err(failure) => {
                    let (class, error) = (failure.class(), failure.chain());
                    tracing::error!(error_class = %class, error, "Slack was not told");
                    json!({ "failed": error, "error_class": class })
                }
            }
        };
        Ok(json!({
            "concerns": plan.concerns, "new": plan.opened.len(), "still": plan.still_open.len(),
            "over": plan.healed.len(), "no_longer_watched": plan.dropped.len(), "slack": told
        }))
    }
}

impl CoverageNotifier {
    /// The one account of the payload, else all.
    async fn accounts(&self, invocation: &Invocation) -> Result<Vec<AccountRow>, FunctionError> {
        let store = &self.context.store;
        let Some(account_id) = &invocation.account_id else {
            return Ok(store.accounts().await?);
        };
        let account = store.account(account_id).await?;
        if invocation.is_manual() && account.status()? == PoloStatus::Excluded {
            return Err(FunctionError::Refused(format!(
                "account {account_id} is excluded ({}): nobody is told of it until that is lifted; see `polo accounts show {account_id}`",
                account.status_reason
            )));
        }
        Ok(vec![account])
    }
}
