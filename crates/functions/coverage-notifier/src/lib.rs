//! Notifies Slack of accounts that Polo cannot see or collect completely: when that begins, while it lasts, when it ends.
//!
//! Invariants: the truth is `v_accounts`; `coverage_notices` holds what was posted; a message is their difference, so a
//! lost event or a failing Slack only delays it to the next tick. Slack's address is read and checked at each invocation. If
//! it is unusable, or Slack rejects a message, the invocation fails after everything else is stored, so the function's
//! alarm rings. Nothing is posted while `coverage_notices` cannot be written. A notice is stored after Slack has taken the
//! message. If that fails, the invocation still succeeds, so Lambda does not repeat it, and this process stores the notice
//! before it posts anything else. So every message is posted at least once. It is posted twice only if this process ends or
//! is replaced before the notice is stored, if two invocations overlap, or if Slack took it and the answer was lost: then
//! once more for each tick, and for each process that Lambda starts for a retry.

mod concerns;
mod message;
mod pending;
mod plan;
mod slack;
#[cfg(test)]
mod testing;
mod totals;

use polo_core::status_reason::refusal;
use polo_core::{AccountId, Field, Invocation, PoloStatus, Timestamp};
use polo_runtime::{Context, Function, FunctionError, Request};
use polo_store::accounts::AccountRow;
use polo_store::notices::ConcernKind;
use serde_json::{Value, json};

use crate::message::{Frame, message};
use crate::pending::Pending;
use crate::plan::Plan;
use crate::slack::Slack;
use crate::totals::Totals;

/// The function.
pub struct CoverageNotifier {
    context: Context,
    slack: Option<Slack>,
    pending: Pending,
}

impl Function for CoverageNotifier {
    const NAME: &'static str = "coverage-notifier";
    type Payload = Invocation;
    const TAKES: &'static [Field] = &[Field::AccountId];

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
        request: &Request,
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
        // Also with nothing to post: people must learn that the webhook is broken before an account is.
        let address = slack.address(&self.context).await;
        store.write_notices(version, &plan.dropped).await?;
        let address = address?;
        let mut answer = json!({
            "concerns": plan.concerns, "new": plan.opened.len(), "still": plan.still_open.len(),
            "over": plan.healed.len(), "no_longer_watched": plan.dropped.len(), "slack": "nothing to report"
        });
        if plan.is_silent() {
            return Ok(answer);
        }
        let message = message(
            &plan,
            &self.frame(&plan, &accounts, &invocation, now).await?,
        );
        // While notices cannot be written, each tick would post the same. Just below the version of what is posted,
        // which therefore wins whatever the order of the two.
        store
            .write_notices(version.before(), &plan.intent())
            .await?;
        match slack
            .post(&address, &message, &request.request_id, now)
            .await
        {
            Ok(()) => {
                answer["slack"] = "posted".into();
                if let Some(error) = self.pending.note(store, version, plan.notices()).await {
                    answer["not_noted"] = error.into();
                }
            }
            Err(failure) if failure.heals() => answer["slack"] = failure.sentence().into(),
            Err(failure) => return Err(failure.into()),
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
        let status = account.status()?;
        if invocation.is_manual() && status == PoloStatus::Excluded {
            let (reason, consequence) =
                (&account.status_reason, "no notifications are sent for it");
            let sentence = refusal(account_id, status, reason, consequence);
            return Err(FunctionError::Refused(sentence));
        }
        Ok(vec![account])
    }

    /// What the message says beside the changes.
    async fn frame(
        &self,
        plan: &Plan,
        accounts: &[AccountRow],
        invocation: &Invocation,
        now: Timestamp,
    ) -> Result<Frame<'_>, FunctionError> {
        let store = &self.context.store;
        let gaps: Vec<&AccountId> = plan.concerns_of(ConcernKind::Collecting).collect();
        let incomplete = match gaps.as_slice() {
            [] => Vec::new(),
            gaps => store.incomplete_collectors(gaps).await?,
        };
        let totals = match invocation.account_id {
            Some(_) => None,
            None => Some(Totals::of(accounts, now)?),
        };
        Ok(Frame {
            env: &self.context.config.env,
            page_url: self.context.config.status_page_url.as_deref(),
            incomplete,
            totals,
            now,
        })
    }
}
