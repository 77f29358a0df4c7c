//! Asks for collection across accounts: one "Collect Account" event per active account and collector.
//!
//! Invariants: what was asked for is in `dispatches` before the event is sent; only active accounts are asked; an
//! event that a sweep has sent already is not sent again by a repeated delivery.

mod active;
mod choose;
mod send;

use std::time::Duration;

use polo_core::status_reason::refusal;
use polo_core::{AccountId, CollectorManifest, DispatchMode, Field, Invocation, PoloStatus, Scope};
use polo_runtime::{Context, Function, FunctionError, Request};
use polo_store::collectors::manifests;
use polo_store::dispatches::DispatchState;
use serde_json::Value;

use crate::active::{Active, active, dark_payers};
use crate::choose::{Wanted, independent, newly_active, reconcile, sweep};

/// The longest that a sweep spends on deleting resources that are gone for long.
const DELETING: Duration = Duration::from_secs(120);

/// The function.
pub struct CollectionDispatcher {
    context: Context,
    collectors: Vec<CollectorManifest>,
}

impl Function for CollectionDispatcher {
    const NAME: &'static str = "collection-dispatcher";
    type Payload = Invocation;
    const TAKES: &'static [Field] = &[
        Field::AccountId,
        Field::Collector,
        Field::Mode,
        Field::Schedule,
    ];

    fn new(context: Context) -> Result<Self, FunctionError> {
        let collectors = manifests().map_err(|error| FunctionError::Refused(error.to_string()))?;
        Ok(Self {
            context,
            collectors,
        })
    }

    async fn handle(
        &self,
        invocation: Invocation,
        _request: &Request,
    ) -> Result<Value, FunctionError> {
        let states = match &invocation.account_id {
            Some(account_id) => self.context.store.dispatch_states_of(account_id).await?,
            None => self.context.store.dispatch_states().await?,
        };
        let wanted = self.wanted(&invocation, &states).await?;
        let sent = send::send(&self.context, &invocation, wanted, &states).await?;
        if invocation.schedule.is_some() && !invocation.is_manual() {
            self.delete_gone().await;
        }
        Ok(sent)
    }
}

impl CollectionDispatcher {
    /// Deletes resources that are gone for long. If that fails or takes too long, the next sweep goes on.
    async fn delete_gone(&self) {
        let work = self.context.store.delete_gone(&self.collectors);
        match tokio::time::timeout(DELETING, work).await {
            Ok(Ok(0)) => {}
            Ok(Ok(rows)) => tracing::info!(rows, "deleted resources that are gone for long"),
            Ok(Err(error)) => tracing::warn!(
                error = polo_core::error_chain(&error),
                "resources that are gone for long are not deleted"
            ),
            Err(_) => tracing::warn!("not all resources that are gone for long are deleted"),
        }
    }

    /// What this invocation asks for.
    async fn wanted(
        &self,
        invocation: &Invocation,
        states: &[DispatchState],
    ) -> Result<Vec<Wanted>, FunctionError> {
        let mode = invocation.mode.unwrap_or(DispatchMode::Sweep);
        let collectors = self.collectors(invocation)?;
        let store = &self.context.store;
        let now = self.context.clock.now();
        if let Some(account_id) = &invocation.account_id {
            let account = store.account(account_id).await?;
            let status = account.status()?;
            if status != PoloStatus::Active {
                if !invocation.is_manual() {
                    return Ok(Vec::new());
                }
                let (reason, consequence) =
                    (&account.status_reason, "only active accounts are collected");
                let sentence = refusal(account_id, status, reason, consequence);
                return Err(FunctionError::Refused(sentence));
            }
            let pays = ask_payers(&collectors) && store.pays(account_id).await?;
            let active = [Active {
                account_id: account_id.clone(),
                pays,
            }];
            let all = sweep(&active, &collectors);
            return match mode {
                DispatchMode::Reconcile => Ok(reconcile(all, states, &self.collectors, now)),
                DispatchMode::Sweep if invocation.is_manual() => Ok(all),
                DispatchMode::Sweep => {
                    let all = independent(all, &self.collectors);
                    Ok(newly_active(all, states, &self.collectors, now))
                }
            };
        }
        let paid = store.paid_accounts().await?;
        if paid.is_empty() && !store.holds_accounts().await? {
            // Before the first discovery a tick has nothing to do, and must not ring an alarm; a sweep of nothing is wrong.
            if matches!(mode, DispatchMode::Reconcile) && !invocation.is_manual() {
                tracing::warn!("the registry holds no account yet");
                return Ok(Vec::new());
            }
            return Err(FunctionError::Refused(
                "the registry holds no account: run account-discovery first (`polo discover`)"
                    .to_owned(),
            ));
        }
        if ask_payers(&collectors) {
            for (payer, accounts) in dark_payers(&paid) {
                tracing::warn!(
                    payer.account_id = payer.map(AccountId::as_str),
                    accounts,
                    "payer not visible: the view v_payers says why"
                );
            }
        }
        let all = sweep(&active(&paid), &collectors);
        match mode {
            // A person wants it now.
            DispatchMode::Sweep if invocation.is_manual() => Ok(all),
            DispatchMode::Sweep => Ok(independent(all, &self.collectors)),
            DispatchMode::Reconcile => Ok(reconcile(all, states, &self.collectors, now)),
        }
    }

    /// The collectors that this invocation is about.
    fn collectors(
        &self,
        invocation: &Invocation,
    ) -> Result<Vec<&CollectorManifest>, FunctionError> {
        let mut chosen: Vec<&CollectorManifest> = self.collectors.iter().collect();
        if let Some(schedule) = &invocation.schedule {
            chosen.retain(|collector| collector.schedule == *schedule);
            if chosen.is_empty() {
                let known = names(self.collectors.iter().map(|one| one.schedule.as_str()));
                return Err(FunctionError::Refused(format!(
                    "no collector has the schedule {schedule:?}: it is one of {known}"
                )));
            }
        }
        if let Some(id) = &invocation.collector {
            let known = names(chosen.iter().map(|one| one.id.as_str()));
            chosen.retain(|collector| collector.id == *id);
            if chosen.is_empty() {
                return Err(FunctionError::Refused(format!(
                    "there is no collector \"{id}\": it is one of {known}"
                )));
            }
        }
        Ok(chosen)
    }
}

/// Whether any of these collectors runs in payers alone.
fn ask_payers(collectors: &[&CollectorManifest]) -> bool {
    collectors.iter().any(|one| one.scope == Scope::Payer)
}

/// Each name once, as a list for people.
fn names<'a>(all: impl Iterator<Item = &'a str>) -> String {
    let all: std::collections::BTreeSet<&str> = all.collect();
    all.into_iter().collect::<Vec<_>>().join(", ")
}
