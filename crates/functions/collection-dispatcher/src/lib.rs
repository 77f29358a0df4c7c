//! Asks for collection across accounts: one "Collect Account" event per active account and collector.
//!
//! Invariants: what was asked for is in `dispatches` before the event is sent; only active accounts are asked; an
//! event that a sweep has sent already is not sent again by a repeated delivery.

mod choose;
mod send;

use polo_core::{AccountId, CollectorManifest, Invocation, PoloStatus};
use polo_runtime::{Context, Function, FunctionError, Request};
use polo_store::accounts::AccountRow;
use polo_store::collectors::manifests;
use serde_json::Value;

use crate::choose::{Wanted, newly_active, reconcile, sweep};

/// The function.
pub struct CollectionDispatcher {
    context: Context,
    collectors: Vec<CollectorManifest>,
}

impl Function for CollectionDispatcher {
    const NAME: &'static str = "collection-dispatcher";

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
        let wanted = self.wanted(&invocation).await?;
        send::send(&self.context, &invocation, wanted).await
    }
}

impl CollectionDispatcher {
    /// What this invocation asks for.
    async fn wanted(&self, invocation: &Invocation) -> Result<Vec<Wanted>, FunctionError> {
        let collectors = self.collectors(invocation)?;
        let store = &self.context.store;
        let now = self.context.clock.now();
        if let Some(account_id) = &invocation.account_id {
            let account = store.account(account_id).await?;
            if account.status()? != PoloStatus::Active {
                if !invocation.is_manual() {
                    return Ok(Vec::new());
                }
                return Err(FunctionError::Refused(format!(
                    "account {account_id} is {} ({}): only active accounts are collected; see `polo accounts show {account_id}`",
                    account.polo_status, account.status_reason
                )));
            }
            let all = sweep(&[account], &collectors)?;
            if invocation.is_manual() {
                return Ok(all);
            }
            return Ok(newly_active(
                all,
                &store.dispatch_states().await?,
                &self.collectors,
                now,
            ));
        }
        let accounts = store.accounts().await?;
        if accounts.is_empty() {
            return Err(FunctionError::Refused(
                "the registry holds no account: run account-discovery first (`polo discover`)"
                    .to_owned(),
            ));
        }
        let active = active(accounts)?;
        let all = sweep(&active, &collectors)?;
        match invocation.mode.as_deref() {
            None | Some("sweep") => Ok(all),
            Some("reconcile") => Ok(reconcile(all, &store.dispatch_states().await?, now)),
            Some(other) => Err(FunctionError::Refused(format!(
                "mode is {other:?}: it has to be sweep or reconcile"
            ))),
        }
    }

    /// The collectors that this invocation is about.
    fn collectors(
        &self,
        invocation: &Invocation,
    ) -> Result<Vec<&CollectorManifest>, FunctionError> {
        if let Some(id) = &invocation.collector {
            let found = self.collectors.iter().find(|collector| collector.id == *id);
            return found.map(|collector| vec![collector]).ok_or_else(|| {
                let known: Vec<&str> = self
                    .collectors
                    .iter()
                    .map(|collector| collector.id.as_str())
                    .collect();
                FunctionError::Refused(format!(
                    "there is no collector {id:?}: it is one of {}",
                    known.join(", ")
                ))
            });
        }
        let of_schedule = |collector: &&CollectorManifest| {
            invocation
                .schedule
                .as_deref()
                .is_none_or(|schedule| collector.schedule == schedule)
        };
        Ok(self.collectors.iter().filter(of_schedule).collect())
    }
}

fn active(accounts: Vec<AccountRow>) -> Result<Vec<AccountRow>, FunctionError> {
    let mut active = Vec::new();
    for account in accounts {
        if account.status()? == PoloStatus::Active {
            active.push(account);
        }
    }
    Ok(active)
}

/// The id of an account of the registry.
fn id(account: &AccountRow) -> Result<AccountId, FunctionError> {
    Ok(account.id()?)
}
