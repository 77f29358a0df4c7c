//! Whether a run may begin: the payload, the account and what the ledger knows of earlier deliveries.
//!
//! Invariant: a person is refused in one sentence; an event that cannot be acted upon is recorded as skipped.

use chrono::TimeDelta;
use polo_core::status_reason::refusal;
use polo_core::text::clip;
use polo_core::{
    AccountId, CollectorId, CollectorManifest, ErrorClass, Invocation, PoloStatus, Region, Run,
    RunEnd, RunOutcome, Scope, Timestamp, Totals, ids,
};
use polo_runtime::{Context, FunctionError, Request};
use polo_store::admission::{Admission, AdmittedAccount};
use polo_store::{EngineClock, StoreError};

/// What becomes of an invocation.
pub(crate) enum Admitted {
    /// The run begins.
    Begins(Beginning),
    /// It is recorded and not made.
    Skipped(Run, EngineClock),
    /// An earlier delivery made it, or is making it.
    Redelivered(Run),
}

/// A run that is about to begin, and what it needs.
pub(crate) struct Beginning {
    pub(crate) run: Run,
    pub(crate) account: AdmittedAccount,
    /// Whether the account pays.
    pub(crate) pays: bool,
    /// The account's regions by its last answer, else those that are configured for accounts that give none.
    pub(crate) known_regions: Vec<Region>,
    pub(crate) clock: EngineClock,
}

/// Asks whether a run may begin.
pub(crate) async fn admit(
    context: &Context,
    manifest: &CollectorManifest,
    invocation: &Invocation,
    request: &Request,
) -> Result<Admitted, FunctionError> {
    let collector = &manifest.id;
    let account_id = account_of(manifest, invocation)?;
    let run_id = ids::run(invocation.sweep_id, account_id, collector);
    let store = &context.store;
    let Admission {
        account,
        pays,
        enabled_regions,
        last_attempt,
        clock,
    } = store
        .admission(account_id, collector, run_id, manifest.scope)
        .await?;
    let known_regions = if enabled_regions.is_empty() {
        context.config.fallback_regions.clone()
    } else {
        enabled_regions
    };
    let account = collectable(manifest, invocation, account_id, account, pays)?;
    if let Some(regions) = &invocation.regions {
        refuse_other_regions(account_id, &known_regions, regions)?;
    }
    let now = clock.now();
    if let Some(last) = &last_attempt
        && !may_try_again(last, request, now)
    {
        return Ok(Admitted::Redelivered(last.clone()));
    }
    let time_left = match request.deadline_at {
        Some(deadline) => deadline - context.clock.now(),
        None => TimeDelta::seconds(i64::from(manifest.timeout_s)),
    };
    let run = Run {
        run_id,
        attempt: last_attempt.map_or(1, |last| last.attempt.saturating_add(1)),
        sweep_id: invocation.sweep_id,
        account_id: account_id.clone(),
        collector: collector.clone(),
        trigger: invocation.trigger.as_str().to_owned(),
        request_id: request.request_id.clone(),
        regions: invocation.regions.clone().unwrap_or_default(),
        started_at: now,
        deadline_at: now + time_left,
        end: None,
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Ok(match account {
        Ok(account) => Admitted::Begins(Beginning {
            run,
            account,
            pays,
            known_regions,
            clock,
        }),
        Err(reason) => Admitted::Skipped(skipped(run, reason), clock),
    })
}

fn skipped(run: Run, reason: &str) -> Run {
    let end = RunEnd {
        finished_at: run.started_at,
        outcome: RunOutcome::Skipped,
        reason: reason.to_owned(),
        totals: Totals::default(),
    };
    Run {
        end: Some(end),
        ..run
    }
}

/// The one account that the payload names, if the payload is for this collector.
fn account_of<'a>(
    manifest: &CollectorManifest,
    invocation: &'a Invocation,
) -> Result<&'a AccountId, FunctionError> {
    let id = &manifest.id;
    let Some(account_id) = &invocation.account_id else {
        return Err(FunctionError::Refused(format!(
            "{id} collects one account at a time: give it as {{\"account_id\": \"123456789012\"}}, or have the \
             collection-dispatcher ask for all"
        )));
    };
    let is_other = |asked: &&CollectorId| *asked != id;
    if let Some(asked) = invocation.collector.as_ref().filter(is_other) {
        return Err(FunctionError::Refused(format!(
            "the payload is for collector \"{asked}\", but this is {id}"
        )));
    }
    if invocation.regions.is_some() && manifest.scope != Scope::Region {
        return Err(FunctionError::Refused(format!(
            "{id} asks an API that has no regions: leave \"regions\" out of the payload"
        )));
    }
    Ok(account_id)
}

/// The account, or why nothing is asked there.
fn collectable(
    manifest: &CollectorManifest,
    invocation: &Invocation,
    account_id: &AccountId,
    account: Option<AdmittedAccount>,
    pays: bool,
) -> Result<Result<AdmittedAccount, &'static str>, FunctionError> {
    let is_manual = invocation.is_manual();
    let Some(account) = account else {
        if is_manual {
            return Err(StoreError::UnknownAccount {
                account_id: account_id.clone(),
            }
            .into());
        }
        return Ok(Err("unknown_account"));
    };
    if account.status != PoloStatus::Active {
        if is_manual {
            let consequence = "only active accounts are collected";
            return Err(FunctionError::Refused(refusal(
                account_id,
                account.status,
                &account.status_reason,
                consequence,
            )));
        }
        return Ok(Err(account.status.as_str()));
    }
    if manifest.scope == Scope::Payer && !pays {
        if is_manual {
            return Err(FunctionError::Refused(format!(
                "{} is asked in the account that pays, and {account_id} pays for none: see v_payers for those that do",
                manifest.id
            )));
        }
        return Ok(Err("not_the_payer"));
    }
    Ok(Ok(account))
}

/// A region that the account does not have would fail the run, and become a gap of the account.
fn refuse_other_regions(
    account_id: &AccountId,
    known: &[Region],
    asked: &[Region],
) -> Result<(), FunctionError> {
    let Some(other) = asked.iter().find(|region| !known.contains(region)) else {
        return Ok(());
    };
    if known.is_empty() {
        return Err(FunctionError::Refused(format!(
            "the regions of account {account_id} are not known yet, {other} among them: collect the account once \
             without \"regions\""
        )));
    }
    let known: Vec<&str> = known.iter().map(Region::as_str).collect();
    Err(FunctionError::Refused(format!(
        "region {other} is not enabled in account {account_id}: it has {}; if you enabled it since the last run, \
         collect the account without \"regions\" first",
        clip(&known.join(", "), 200)
    )))
}

/// Whether an attempt that the ledger holds leaves anything to do for this delivery.
fn may_try_again(last: &Run, request: &Request, now: Timestamp) -> bool {
    let same_request = last.request_id == request.request_id;
    match &last.end {
        // Ended. Lambda's own retry of a failure that passes is the one reason to begin again.
        Some(_) => same_request && last.class().is_some_and(ErrorClass::retryable),
        // Not ended: Lambda retries a request only when its attempt is over; another delivery may still be at work.
        None => same_request || last.deadline_at < now,
    }
}
