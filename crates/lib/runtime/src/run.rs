//! The run loop of collectors: one account, its targets, and the ledger.
//!
//! Invariants: `started` is written before the first AWS call and `finished` after the last row; a run that has ended
//! is not run again by a repeated delivery; a target's failure is its own; a database failure is recorded as nothing;
//! the ledger tells the engine's time, as looks and views do, whatever the function's own clock says.

use std::marker::PhantomData;
use std::time::Duration;

use chrono::TimeDelta;
use futures::StreamExt;
use polo_aws::regions::DESCRIBE_REGIONS;
use polo_aws::{AccountSession, AwsFailure, Clock, list_regions, session_name};
use polo_core::run::{GLOBAL_REGION, PAYER_TARGET};
use polo_core::text::clip;
use polo_core::{
    AccountId, CollectorManifest, ErrorClass, Field, Invocation, PoloStatus, RunOutcome, Scope,
    TargetOutcome, Timestamp, ids,
};
use polo_store::accounts::AccountRow;
use polo_store::regions::AccountRegion;
use polo_store::runs::{RunRow, TargetRecord};
use polo_store::{Store, StoreError, time_of};
use serde_json::{Value, json};

use crate::budget::Budget;
use crate::collector::{CollectError, Collector, Target};
use crate::function::{Function, Request};
use crate::{Context, FunctionError, Sink};

/// Regions at once: enough to hide latency, few enough for the smallest function.
const REGIONS_AT_ONCE: usize = 4;
/// What is kept of the function's time for storing how the run ended.
const CLOSING_TIME: Duration = Duration::from_secs(5);

/// A collector as a function.
pub struct CollectorFunction<C> {
    context: Context,
    manifest: CollectorManifest,
    collector: C,
    _kind: PhantomData<fn() -> C>,
}

/// One part of a run: what is to be read, and the name under which its target is recorded.
struct Part {
    scope: Scope,
    region: String,
}

impl Part {
    fn new(scope: Scope, region: &str) -> Self {
        Self {
            scope,
            region: region.to_owned(),
        }
    }
}

/// How an invocation ended that was not an error.
enum Ended {
    /// The run of this invocation.
    Run(RunRow),
    /// An earlier delivery's run: nothing was done.
    Earlier(RunRow),
}

/// The engine's time, told by the function's clock. Views compare what the ledger says with looks and with the
/// engine's `now`, so a clock that is seconds off would hide a gap or show one that is closed.
struct EngineTime {
    clock: Clock,
    ahead: TimeDelta,
}

impl EngineTime {
    async fn of(store: &Store, clock: &Clock) -> Result<Self, StoreError> {
        let version = store.version().await?;
        let engine = time_of(version);
        Ok(Self {
            clock: clock.clone(),
            ahead: engine - clock.now(),
        })
    }

    fn now(&self) -> Timestamp {
        self.of_function(self.clock.now())
    }

    /// The same moment as the function's clock calls it.
    fn of_function(&self, at: Timestamp) -> Timestamp {
        at + self.ahead
    }
}

impl<C: Collector> Function for CollectorFunction<C> {
    const NAME: &'static str = C::ID;
    type Payload = Invocation;
    const TAKES: &'static [Field] = &[Field::AccountId, Field::Collector, Field::Regions];

    fn new(context: Context) -> Result<Self, FunctionError> {
        let manifest = CollectorManifest::parse(C::ID, C::MANIFEST)
            .map_err(|error| FunctionError::Refused(format!("{error}")))?;
        Ok(Self {
            context,
            manifest,
            collector: C::new(),
            _kind: PhantomData,
        })
    }

    async fn handle(
        &self,
        invocation: Invocation,
        request: &Request,
    ) -> Result<Value, FunctionError> {
        let (run, repeated) = match Box::pin(self.run(&invocation, request)).await? {
            Ended::Run(run) => (run, false),
            Ended::Earlier(run) => (run, true),
        };
        Ok(json!({
            "run_id": run.run_id, "attempt": run.attempt, "account_id": run.account_id, "collector": run.collector,
            "outcome": if run.finished_at.is_none() { "running" } else { run.outcome.as_str() },
            "error_class": run.error_class, "reason": run.reason, "targets": run.targets,
            "targets_conclusive": run.targets_conclusive, "resources_seen": run.resources_seen,
            "rows_written": run.rows_written, "repeated_delivery": repeated
        }))
    }
}

impl<C: Collector> CollectorFunction<C> {
    async fn run(
        &self,
        invocation: &Invocation,
        request: &Request,
    ) -> Result<Ended, FunctionError> {
        let Some(account_id) = invocation.account_id.clone() else {
            return Err(FunctionError::Refused(format!(
                "{} collects one account at a time: give it as {{\"account_id\": \"123456789012\"}}, or have the \
                 collection-dispatcher ask for all",
                C::ID
            )));
        };
        if let Some(asked) = invocation
            .collector
            .as_deref()
            .filter(|asked| *asked != C::ID)
        {
            return Err(FunctionError::Refused(format!(
                "the payload is for collector {asked:?}, but this is {}",
                C::ID
            )));
        }
        if invocation.regions.is_some() && self.manifest.scope != Scope::Region {
            return Err(FunctionError::Refused(format!(
                "{} asks an API that has no regions: leave \"regions\" out of the payload",
                C::ID
            )));
        }
        let store = &self.context.store;
        let account = match store.account(&account_id).await {
            Ok(account) => Some(account),
            Err(StoreError::UnknownAccount { .. }) if !invocation.is_manual() => None,
            Err(error) => return Err(error.into()),
        };
        let not_active = match &account {
            None => Some("unknown_account".to_owned()),
            Some(account) if account.status()? != PoloStatus::Active => {
                Some(account.polo_status.clone())
            }
            Some(_) => None,
        };
        if let (Some(_), true, Some(account)) = (&not_active, invocation.is_manual(), &account) {
            return Err(FunctionError::Refused(format!(
                "account {account_id} is {} ({}): only active accounts are collected; see `polo accounts show {account_id}`",
                account.polo_status, account.status_reason
            )));
        }
        if let Some(regions) = &invocation.regions {
            self.refuse_other_regions(&account_id, regions).await?;
        }
        let pays = match self.manifest.scope {
            Scope::Account | Scope::Region => false,
            Scope::Payer | Scope::AccountAndPayer => store.pays(&account_id).await?,
        };
        let skip = match (not_active, self.manifest.scope) {
            (None, Scope::Payer) if !pays => {
                if invocation.is_manual() {
                    return Err(FunctionError::Refused(format!(
                        "{} is asked in the account that pays, and {account_id} pays for none: see v_payers for those that do",
                        C::ID
                    )));
                }
                Some("not_the_payer".to_owned())
            }
            (reason, _) => reason,
        };

        let run_id = ids::run(invocation.sweep_id, &account_id, C::ID);
        let attempts = store.attempts(run_id, &account_id).await?;
        let time = EngineTime::of(store, &self.context.clock).await?;
        let now = time.now();
        if let Some(last) = attempts.last()
            && !may_try_again(last, request, now)
        {
            return Ok(Ended::Earlier(last.clone()));
        }
        let mut run = RunRow {
            run_id,
            attempt: attempts
                .last()
                .map_or(1, |last| last.attempt.saturating_add(1)),
            sweep_id: invocation.sweep_id,
            account_id: account_id.to_string(),
            collector: C::ID.to_owned(),
            trigger: invocation.trigger.as_str().to_owned(),
            request_id: request.request_id.clone(),
            regions: invocation.regions.clone().unwrap_or_default(),
            started_at: now,
            deadline_at: self.deadline(request, &time),
            finished_at: None,
            outcome: String::new(),
            error_class: String::new(),
            reason: String::new(),
            targets: 0,
            targets_conclusive: 0,
            resources_seen: 0,
            rows_written: 0,
            code_version: env!("CARGO_PKG_VERSION").to_owned(),
            _version: 0,
        };
        if let Some(reason) = skip {
            run.set_outcome(&RunOutcome::Skipped(reason), String::new(), now);
            store.write_run(&mut run).await?;
            return Ok(Ended::Run(run));
        }
        let Some(account) = account else {
            return Ok(Ended::Run(run));
        };

        store.write_run(&mut run).await?;
        let collected = Box::pin(self.collect_account(&account, pays, invocation, &mut run, &time));
        let (outcome, reason) = collected.await?;
        run.set_outcome(&outcome, reason, time.now());
        store.write_run(&mut run).await?;
        if invocation.is_manual() {
            store.copy_account(&account_id).await?;
        }
        match outcome {
            RunOutcome::Failed(class) if class.retryable() => Err(FunctionError::RunFailed {
                run_id,
                collector: C::ID.to_owned(),
                account_id: account_id.to_string(),
                class,
                reason: run.reason,
            }),
            RunOutcome::Failed(_)
            | RunOutcome::Complete
            | RunOutcome::Partial
            | RunOutcome::Skipped(_) => Ok(Ended::Run(run)),
        }
    }

    /// A region that the account does not have would fail the run, and become a gap of the account.
    async fn refuse_other_regions(
        &self,
        account_id: &AccountId,
        regions: &[String],
    ) -> Result<(), FunctionError> {
        let known = self.known_regions(account_id).await?;
        let Some(other) = regions.iter().find(|region| !known.contains(region)) else {
            return Ok(());
        };
        if known.is_empty() {
            return Err(FunctionError::Refused(format!(
                "the regions of account {account_id} are not known yet, {other} among them: collect the account once \
                 without \"regions\""
            )));
        }
        Err(FunctionError::Refused(format!(
            "region {other} is not enabled in account {account_id}: it has {}; if you enabled it since the last run, \
             collect the account without \"regions\" first",
            clip(&known.join(", "), 200)
        )))
    }

    /// The account's regions by its last answer, else those that are configured for accounts that give none.
    async fn known_regions(&self, account_id: &AccountId) -> Result<Vec<String>, StoreError> {
        let known = self.context.store.enabled_regions(account_id).await?;
        Ok(if known.is_empty() {
            self.context.config.fallback_regions.clone()
        } else {
            known
        })
    }

    fn deadline(&self, request: &Request, time: &EngineTime) -> Timestamp {
        match request.deadline_at {
            Some(at) => time.of_function(at),
            None => time.now() + TimeDelta::seconds(i64::from(self.manifest.timeout_s)),
        }
    }

    /// Everything between `started` and `finished`.
    async fn collect_account(
        &self,
        account: &AccountRow,
        pays: bool,
        invocation: &Invocation,
        run: &mut RunRow,
        time: &EngineTime,
    ) -> Result<(RunOutcome, String), FunctionError> {
        let role = account.read_role()?;
        if *role.account_id() != account.id()? {
            // Everything that is read is stored under the account of the session.
            let reason = format!(
                "the read role is {role}, which is not a role of this account: correct it with `polo accounts set {}`",
                account.account_id
            );
            return Ok((RunOutcome::Failed(ErrorClass::Config), reason));
        }
        let sessions = self.context.sessions_of(&account.organization_id);
        let name = session_name(C::ID, &run.run_id.simple().to_string());
        let session = match sessions.session_for(&role, &name).await {
            Ok(session) => session,
            Err(failure) => return Ok((RunOutcome::Failed(failure.class), sentence(&failure))),
        };
        let (parts, note) = match self.parts(&session, pays, invocation).await? {
            Ok(found) => found,
            Err(failure) => return Ok((RunOutcome::Failed(failure.class), sentence(&failure))),
        };
        let budget = Budget::new(
            &self.context.store,
            session.account_id(),
            C::ID,
            run.run_id,
            self.manifest.billing.as_ref(),
            self.context.config.day_usd_at_most,
        );
        let mut targets: Vec<TargetRecord> = Vec::with_capacity(parts.len());
        let mut reads = futures::stream::iter(parts)
            .map(|part| self.collect_target(&session, part, &budget, run, time))
            .buffer_unordered(REGIONS_AT_ONCE);
        while let Some(target) = reads.next().await {
            targets.push(target?);
        }
        drop(reads);
        targets.sort_by(|a, b| a.region.cmp(&b.region));
        self.context.store.write_targets(run, &targets).await?;
        run.targets = count(targets.len());
        run.targets_conclusive = count(
            targets
                .iter()
                .filter(|target| target.outcome.is_conclusive())
                .count(),
        );
        run.resources_seen = targets.iter().map(|target| target.resources_seen).sum();
        run.rows_written = targets.iter().map(|target| target.rows_written).sum();
        let outcome = RunOutcome::of_targets(targets.iter().map(|target| &target.outcome));
        let first_problem = targets.iter().find_map(problem);
        let reason: Vec<String> = first_problem
            .into_iter()
            .chain(Some(note).filter(|note| !note.is_empty()))
            .collect();
        Ok((outcome, reason.join("; ")))
    }

    /// What the run is made of, by the manifest's scope.
    async fn parts(
        &self,
        session: &AccountSession,
        pays: bool,
        invocation: &Invocation,
    ) -> Result<Result<(Vec<Part>, String), AwsFailure>, StoreError> {
        let global = || Part::new(Scope::Account, GLOBAL_REGION);
        let payer = || Part::new(Scope::Payer, PAYER_TARGET);
        let parts = match self.manifest.scope {
            Scope::Account => vec![global()],
            Scope::Payer => vec![payer()],
            Scope::AccountAndPayer if pays => vec![global(), payer()],
            Scope::AccountAndPayer => vec![global()],
            Scope::Region => {
                let found = self.regions(session, invocation).await?;
                return Ok(found.map(|(regions, note)| {
                    let parts = regions
                        .iter()
                        .map(|region| Part::new(Scope::Region, region));
                    (parts.collect(), note)
                }));
            }
        };
        Ok(Ok((parts, String::new())))
    }

    /// The regions to ask, and a note where they are not the account's own answer of today.
    async fn regions(
        &self,
        session: &AccountSession,
        invocation: &Invocation,
    ) -> Result<Result<(Vec<String>, String), AwsFailure>, StoreError> {
        if let Some(regions) = &invocation.regions {
            return Ok(Ok((regions.clone(), String::new())));
        }
        let store = &self.context.store;
        let version = store.version().await?;
        let failure = match list_regions(
            &session.config(session.home_region()),
            &self.context.backoff,
        )
        .await
        {
            // Every account has some: an answer without any would make a run that asks nothing look complete.
            Ok(found) if !found.iter().any(|region| region.enabled) => AwsFailure::new(
                ErrorClass::Bug,
                DESCRIBE_REGIONS,
                "NoEnabledRegion",
                "the answer holds no region that the account has enabled",
            ),
            Ok(found) => {
                let found: Vec<AccountRegion> = found
                    .into_iter()
                    .map(|r| AccountRegion {
                        region: r.region,
                        opt_in_status: r.opt_in_status,
                        enabled: r.enabled,
                    })
                    .collect();
                let seen_at = self.context.clock.now();
                store
                    .write_account_regions(session.account_id(), version, seen_at, &found)
                    .await?;
                let enabled = found
                    .into_iter()
                    .filter(|r| r.enabled)
                    .map(|r| r.region)
                    .collect();
                return Ok(Ok((enabled, String::new())));
            }
            Err(failure) => failure,
        };
        // Denied is often an SCP that allows some regions only: what is configured or was seen last is asked instead.
        let instead = self.known_regions(session.account_id()).await?;
        if instead.is_empty() {
            return Ok(Err(failure));
        }
        tracing::warn!(account.id = %session.account_id(), error = %failure, "regions as last known");
        Ok(Ok((
            instead,
            format!("regions as last known: {}", sentence(&failure)),
        )))
    }

    async fn collect_target(
        &self,
        session: &AccountSession,
        part: Part,
        budget: &Budget<'_>,
        run: &RunRow,
        time: &EngineTime,
    ) -> Result<TargetRecord, StoreError> {
        let Part { scope, region } = part;
        let store = &self.context.store;
        let look = store
            .begin_look(session.account_id(), &region, C::ID, run.run_id)
            .await?;
        let aws = session.config(match scope {
            Scope::Region => &region,
            Scope::Account | Scope::Payer | Scope::AccountAndPayer => session.home_region(),
        });
        let target = Target {
            session: session.clone(),
            region: region.clone(),
            scope,
            aws,
            look,
        };
        let uses_resources = self
            .manifest
            .tables
            .iter()
            .any(|table| table == "resources");
        let mut sink = Sink::new(store, &target.look, budget, uses_resources);

        let left = (run.deadline_at - time.now()).to_std().unwrap_or_default();
        let left = left.saturating_sub(CLOSING_TIME);
        let collected = if left.is_zero() {
            // A time-out of nothing would still let the first call go out.
            None
        } else {
            // On the heap: a collector's calls nest deeply, and the compiler bounds how deep a whole function may.
            let collected = Box::pin(self.collector.collect(&target, &mut sink));
            tokio::time::timeout(left, collected).await.ok()
        };
        let collected = collected.unwrap_or_else(|| {
            Err(CollectError::Aws(AwsFailure::new(
                ErrorClass::Timeout,
                C::ID,
                "FunctionTimeout",
                "the function's time was up before this region was read to its end",
            )))
        });
        let outcome = match collected {
            Ok(()) => {
                sink.complete().await?;
                match sink.take_shortfall() {
                    None => TargetOutcome::Complete,
                    Some(failure) => {
                        let message = format!("{}: {}", failure.code, failure.message);
                        TargetOutcome::of_shortfall(failure.class, failure.action, message)
                    }
                }
            }
            Err(CollectError::Store(error)) => return Err(error),
            Err(CollectError::Aws(failure)) => {
                // What was seen is there; what was not seen is unknown.
                sink.flush().await?;
                TargetOutcome::of_failure(
                    failure.class,
                    failure.action,
                    format!("{}: {}", failure.code, failure.message),
                )
            }
        };
        let counts = sink.counts();
        Ok(TargetRecord {
            region,
            started_at: target.look.started_at,
            finished_at: time.now(),
            outcome,
            resources_seen: counts.seen,
            rows_written: counts.written,
        })
    }
}

/// Whether an attempt that the ledger holds leaves anything to do for this delivery.
fn may_try_again(last: &RunRow, request: &Request, now: Timestamp) -> bool {
    let same_request = last.request_id == request.request_id;
    match last.finished_at {
        // Ended. Lambda's own retry of a failure that passes is the one reason to begin again.
        Some(_) => {
            let class: Option<ErrorClass> = last.error_class.parse().ok();
            same_request && last.outcome == "failed" && class.is_some_and(ErrorClass::retryable)
        }
        // Not ended: Lambda retries a request only when its attempt is over; another delivery may still be at work.
        None => same_request || last.deadline_at < now,
    }
}

fn problem(target: &TargetRecord) -> Option<String> {
    match &target.outcome {
        TargetOutcome::Denied {
            action, message, ..
        }
        | TargetOutcome::Failed {
            action, message, ..
        } => Some(format!("{}: {action}: {message}", target.region)),
        TargetOutcome::Complete | TargetOutcome::RegionDisabled | TargetOutcome::NotEnabled => None,
    }
}

fn sentence(failure: &AwsFailure) -> String {
    format!("{}: {}: {}", failure.action, failure.code, failure.message)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
