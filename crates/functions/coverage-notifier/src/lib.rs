//! Tells Slack which accounts Polo cannot see or not collect whole: when that begins, when it lasts, when it is over.
//!
//! Invariants: the truth is `v_accounts`, what was told is `coverage_notices`; what is told is their difference, so a
//! lost event or a failing Slack costs a tick and nothing else. A failing Slack never fails an invocation. Nothing is
//! told while the database takes no notes. A message is noted after Slack has taken it; where that fails, the invocation
//! ends well and this process notes it before it tells anything else. So everything is told at least once, and twice
//! only where this process ends before the note is written, where another is invoked before or the database's password
//! is rotated before, where two invocations overlap, or where Slack took a message and its answer was lost.

mod concerns;
mod message;
mod pending;
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
use crate::pending::Pending;
use crate::plan::Plan;
use crate::slack::Slack;

/// The function.
pub struct CoverageNotifier {
    context: Context,
    slack: Option<Slack>,
    pending: Pending,
}

impl Function for CoverageNotifier {
    const NAME: &'static str = "coverage-notifier";
    type Payload = Invocation;

    fn new(context: Context) -> Result<Self, FunctionError> {
        Ok(Self {
            slack: Slack::of(&context)?,
            pending: Pending::default(),
            context,
        })
    }

    async fn handle(
        &self,
        invocation: Invocation,
        _request: &Request,
    ) -> Result<Value, FunctionError> {
        let store = &self.context.store;
        self.pending.write(store).await?;
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
        let mut not_noted = None;
        let told = if plan.is_silent() {
            json!("nothing to tell")
        } else {
            let frame = Frame {
                env: &self.context.config.env,
                page_url: self.context.config.status_page_url.as_deref(),
                now,
            };
            // While the notes cannot be written, every tick would tell the same. Just below the version of what was
            // told, which therefore wins whatever the order of the two.
            store
                .write_notices(version.saturating_sub(1), &plan.intent())
                .await?;
            match slack.post(&self.context, &message(&plan, &frame)).await {
                Ok(()) => {
                    not_noted = self.pending.note(store, version, plan.notices()).await;
                    json!("told")
                }
                Err(failure) => {
                    let (class, error) = (failure.class(), failure.chain());
                    tracing::error!(error_class = %class, error, "Slack was not told");
                    json!({ "failed": error, "error_class": class })
                }
            }
        };
        let mut answer = json!({
            "concerns": plan.concerns, "new": plan.opened.len(), "still": plan.still_open.len(),
            "over": plan.healed.len(), "no_longer_watched": plan.dropped.len(), "slack": told
        });
        if let Some(error) = not_noted {
            answer["not_noted"] = error.into();
        }
        Ok(answer)
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
