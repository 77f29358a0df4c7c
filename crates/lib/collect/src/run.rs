//! The run loop of collectors: one account, its places, and the ledger.
//!
//! Invariants: `started` is written before the first AWS call and `finished` after the last row. A run that has ended is not
//! run again by a redelivery. A place's failure is its own. A database failure is recorded as nothing. The ledger's times are
//! the database's, as those of looks and views are, whatever the function's own clock says.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use polo_aws::{AccountSession, AwsFailure, session_name};
use polo_core::{
    CollectorManifest, ErrorClass, Field, Invocation, Place, PlaceResult, Run, RunEnd, RunOutcome,
    TargetOutcome, Totals,
};
use polo_runtime::{Context, Function, FunctionError, Request};
use polo_store::StoreError;
use polo_store::resources::{Look, Origin};
use serde_json::{Value, json};

use crate::admit::{Admitted, Beginning, admit};
use crate::budget::Budget;
use crate::collector::{Collector, Target};
use crate::error::CollectError;
use crate::places::{Places, places};
use crate::recorder::Recorder;
use crate::sink::Sink;

/// Places at once: enough to hide latency, few enough for the smallest function.
const PLACES_AT_ONCE: usize = 4;
/// What is kept of the function's time for storing how the run ended.
const CLOSING_TIME: Duration = Duration::from_secs(10);

/// A collector as a function.
pub struct CollectorFunction<C> {
    context: Context,
    manifest: CollectorManifest,
    collector: C,
}

/// What the places of a run share.
struct Shared<'a> {
    session: &'a AccountSession,
    beginning: &'a Beginning,
    origin: &'a Origin,
    recorder: &'a Recorder<'a>,
    budget: &'a Budget<'a>,
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
        })
    }

    async fn handle(
        &self,
        invocation: Invocation,
        request: &Request,
    ) -> Result<Value, FunctionError> {
        let admitted = admit(&self.context, &self.manifest, &invocation, request).await?;
        let store = &self.context.store;
        match admitted {
            Admitted::Redelivered(run) => Ok(answer(&run, true)),
            Admitted::Skipped(run, clock) => {
                store.write_run(&run, clock.version()).await?;
                Ok(answer(&run, false))
            }
            Admitted::Begins(mut beginning) => {
                let clock = beginning.clock;
                store.write_run(&beginning.run, clock.version()).await?;
                let mut end = Box::pin(self.collect_account(&beginning)).await?;
                end.finished_at = clock.now();
                beginning.run.end = Some(end);
                store.write_run(&beginning.run, clock.version()).await?;
                if invocation.is_manual() {
                    store.copy_account(&beginning.run.account_id).await?;
                }
                conclude(&beginning.run)
            }
        }
    }
}

/// The answer of a run that has ended. A failure that another attempt may heal is an error, so that Lambda repeats it.
fn conclude(run: &Run) -> Result<Value, FunctionError> {
    match run.class() {
        Some(class) if class.retryable() => Err(FunctionError::RunFailed {
            run_id: run.run_id,
            collector: run.collector.to_string(),
            account_id: run.account_id.to_string(),
            class,
            reason: run.reason().to_owned(),
        }),
        Some(_) | None => Ok(answer(run, false)),
    }
}

fn answer(run: &Run, repeated: bool) -> Value {
    let totals = run.totals();
    json!({
        "run_id": run.run_id, "attempt": run.attempt, "account_id": run.account_id, "collector": run.collector,
        "outcome": run.end.as_ref().map_or("running", |end| end.outcome.as_str()),
        "error_class": run.class().map_or("", ErrorClass::as_str), "reason": run.reason(), "targets": totals.places,
        "targets_conclusive": totals.places_conclusive, "resources_seen": totals.resources_seen,
        "rows_written": totals.rows_written, "repeated_delivery": repeated
    })
}

impl<C: Collector> CollectorFunction<C> {
    /// Everything between `started` and `finished`.
    async fn collect_account(&self, beginning: &Beginning) -> Result<RunEnd, FunctionError> {
        let Beginning {
            run,
            account,
            clock,
            ..
        } = beginning;
        let role = account.read_role()?;
        if *role.account_id() != run.account_id {
            // Everything that is read is stored under the account of the session.
            let reason = format!(
                "the read role is {role}, which is not a role of this account: correct it with `polo accounts set {}`",
                run.account_id
            );
            return Ok(failed(run, ErrorClass::Config, reason));
        }
        let sessions = self.context.sessions_of(&account.organization_id);
        let name = session_name(C::ID, &run.run_id.simple().to_string());
        let session = match sessions.session_for(&role, &name).await {
            Ok(session) => session,
            Err(failure) => return Ok(failed(run, failure.class, sentence(&failure))),
        };
        let Places { places, note } =
            match places(&self.context, &self.manifest, beginning, &session).await? {
                Ok(places) => places,
                Err(failure) => return Ok(failed(run, failure.class, sentence(&failure))),
            };
        let origin = Origin {
            account_id: run.account_id.clone(),
            collector: run.collector.clone(),
            run_id: run.run_id,
        };
        let store = &self.context.store;
        let billing = self.manifest.billing.as_ref();
        let day_usd_at_most = self.context.config.day_usd_at_most;
        let budget = Budget::new(store, *clock, &origin, billing, day_usd_at_most);
        let recorder = Recorder::new(store, *clock, run, &origin, &self.manifest);
        let shared = Shared {
            session: &session,
            beginning,
            origin: &origin,
            recorder: &recorder,
            budget: &budget,
        };
        let read = self.read_and_store(places, &shared).await;
        // Counted too high is safe, so this fails no run.
        if let Err(error) = budget.settle().await {
            tracing::warn!(run.id = %run.run_id, %error, "unused units of the budget stay counted");
        }
        read?;
        let results = recorder.results().await;
        let outcome = RunOutcome::of_places(results.iter().map(|result| &result.outcome));
        let reasons: Vec<String> = results
            .iter()
            .find_map(problem)
            .into_iter()
            .chain(note)
            .collect();
        Ok(RunEnd {
            finished_at: run.started_at,
            outcome,
            reason: reasons.join("; "),
            totals: Totals::of(&results),
        })
    }

    async fn read_and_store(
        &self,
        places: Vec<Place>,
        shared: &Shared<'_>,
    ) -> Result<(), StoreError> {
        // Both are polled side by side, so that a flush never waits for a place that waits for the flush.
        tokio::select! {
            read = self.read_all(places, shared) => read?,
            error = shared.recorder.flush_regularly() => return Err(error),
        }
        shared.recorder.flush().await
    }

    async fn read_all(&self, places: Vec<Place>, shared: &Shared<'_>) -> Result<(), StoreError> {
        let mut reads = futures::stream::iter(places)
            .map(|place| self.read_place(place, shared))
            .buffer_unordered(PLACES_AT_ONCE);
        while let Some(read) = reads.next().await {
            read?;
        }
        Ok(())
    }

    async fn read_place(&self, place: Place, shared: &Shared<'_>) -> Result<(), StoreError> {
        let Shared {
            session,
            beginning,
            origin,
            recorder,
            budget,
        } = shared;
        let region = place
            .region()
            .map_or(session.home_region(), |region| region.as_str());
        let aws = session.config(region);
        let look = Arc::new(Look {
            place,
            version: beginning.clock.version(),
        });
        let target = Target {
            session: (*session).clone(),
            origin: (*origin).clone(),
            aws,
            look: Arc::clone(&look),
        };
        let mut sink = Sink::new(&self.context.store, Arc::clone(&look), recorder, budget);
        let left = beginning.run.deadline_at - beginning.clock.now();
        let left = left
            .to_std()
            .unwrap_or_default()
            .saturating_sub(CLOSING_TIME);
        let collected = if left.is_zero() {
            // A time-out of nothing would still let the first call go out.
            None
        } else {
            // On the heap: a collector's calls nest deeply, and the compiler bounds how deep a whole function may.
            let collected = Box::pin(self.collector.collect(&target, &mut sink));
            tokio::time::timeout(left, collected).await.ok()
        };
        let collected = collected.unwrap_or_else(|| Err(CollectError::Aws(out_of_time(C::ID))));
        let (outcome, is_complete) = match collected {
            Ok(()) => match sink.take_missing_detail() {
                None => (TargetOutcome::Complete, true),
                Some(failure) => {
                    let message = said(&failure);
                    let AwsFailure { class, action, .. } = failure;
                    (
                        TargetOutcome::of_missing_detail(class, action, message),
                        true,
                    )
                }
            },
            Err(CollectError::Store(error)) => return Err(error),
            // What was seen is there; what was not seen is unknown.
            Err(CollectError::Aws(failure)) => {
                let message = said(&failure);
                let AwsFailure { class, action, .. } = failure;
                (TargetOutcome::of_failure(class, action, message), false)
            }
        };
        recorder
            .end(look, outcome, is_complete, sink.resources_seen())
            .await;
        Ok(())
    }
}

fn failed(run: &Run, class: ErrorClass, reason: String) -> RunEnd {
    RunEnd {
        finished_at: run.started_at,
        outcome: RunOutcome::Failed(class),
        reason,
        totals: Totals::default(),
    }
}

fn out_of_time(collector: &str) -> AwsFailure {
    AwsFailure::new(
        ErrorClass::Timeout,
        collector,
        "FunctionTimeout",
        "the function ran out of time before it had read this place completely",
    )
}

fn problem(result: &PlaceResult) -> Option<String> {
    let outcome = &result.outcome;
    outcome.class()?;
    Some(format!(
        "{}: {}: {}",
        result.place,
        outcome.action(),
        outcome.message()
    ))
}

fn sentence(failure: &AwsFailure) -> String {
    format!("{}: {}", failure.action, said(failure))
}

fn said(failure: &AwsFailure) -> String {
    format!("{}: {}", failure.code, failure.message)
}
