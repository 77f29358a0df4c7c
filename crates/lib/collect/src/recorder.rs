//! What the places of one run have read, on its way to the database.
//!
//! Invariants: at most one batch waits in memory, whatever the number of places. A flush stores rows first, then gone marks,
//! then outcomes, so that an outcome never claims what is not stored. What waits is dropped only once it is stored: a flush
//! that is cut off is repeated by the next one.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use polo_aws::AwsFailure;
use polo_core::{CollectorManifest, ErrorClass, PlaceResult, Run, TargetOutcome};
use polo_store::resources::{BATCH_BYTES, BATCH_ROWS, Look, Origin, RowsWritten, Seen};
use polo_store::{EngineClock, Store, StoreError};
use tokio::sync::{Mutex, MutexGuard, OnceCell};
use tokio::time::{Instant, MissedTickBehavior};

use crate::error::CollectError;
use crate::rows::WaitingRows;

/// How long anything waits at most.
const FLUSH_PERIOD: Duration = Duration::from_secs(5);

/// The recorder of one run.
pub(crate) struct Recorder<'a> {
    store: &'a Store,
    clock: EngineClock,
    run: &'a Run,
    origin: &'a Origin,
    uses_resources: bool,
    state: Mutex<State>,
    answer: OnceCell<Arc<dyn Any + Send + Sync>>,
}

/// A place whose look has ended.
struct Ended {
    look: Arc<Look>,
    outcome: TargetOutcome,
    is_complete: bool,
    resources_seen: u64,
}

pub(crate) struct State {
    pub(crate) rows: WaitingRows,
    seen: Vec<Seen>,
    seen_bytes: usize,
    ended: Vec<Ended>,
    results: Vec<PlaceResult>,
    written: RowsWritten,
}

impl State {
    pub(crate) fn push(&mut self, seen: Seen) {
        self.seen_bytes += seen.resource.bytes();
        self.seen.push(seen);
    }

    fn is_full(&self) -> bool {
        self.seen.len() + self.rows.count >= BATCH_ROWS
            || self.seen_bytes + self.rows.bytes >= BATCH_BYTES
    }
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(
        store: &'a Store,
        clock: EngineClock,
        run: &'a Run,
        origin: &'a Origin,
        manifest: &CollectorManifest,
    ) -> Self {
        Self {
            store,
            clock,
            run,
            origin,
            uses_resources: manifest.tables.iter().any(|table| table == "resources"),
            state: Mutex::new(State {
                rows: WaitingRows::new(manifest.tables.clone()),
                seen: Vec::new(),
                seen_bytes: 0,
                ended: Vec::new(),
                results: Vec::new(),
                written: RowsWritten::new(),
            }),
            answer: OnceCell::new(),
        }
    }

    /// The answer to the one question that the places of a run share.
    pub(crate) async fn once<T, F>(&self, ask: impl FnOnce() -> F) -> Result<Arc<T>, CollectError>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<T, StoreError>>,
    {
        let ask =
            || async { Ok::<_, StoreError>(Arc::new(ask().await?) as Arc<dyn Any + Send + Sync>) };
        let answer = Arc::clone(self.answer.get_or_try_init(ask).await?);
        answer.downcast().map_err(|_| {
            AwsFailure::new(
                ErrorClass::Bug,
                self.origin.collector.as_str(),
                "TwoQuestions",
                "the places of a run share one question only",
            )
            .into()
        })
    }

    /// What waits, to add to it.
    pub(crate) async fn waiting(&self) -> MutexGuard<'_, State> {
        self.state.lock().await
    }

    /// Stores rows if there are enough for a batch.
    pub(crate) async fn store_if_full(&self, state: &mut State) -> Result<(), StoreError> {
        if state.is_full() {
            self.store_rows(state).await?;
        }
        Ok(())
    }

    /// Stores the rows that wait.
    pub(crate) async fn store_rows(&self, state: &mut State) -> Result<(), StoreError> {
        if !state.seen.is_empty() {
            let written = self.store.write_seen(self.origin, &state.seen).await?;
            state.seen.clear();
            state.seen_bytes = 0;
            add(&mut state.written, written);
        }
        let State { rows, written, .. } = state;
        rows.store(self.store, written).await
    }

    /// Takes the end of a look. `is_complete` says that every page was read, so what it did not show is gone.
    pub(crate) async fn end(
        &self,
        look: Arc<Look>,
        outcome: TargetOutcome,
        is_complete: bool,
        resources_seen: u64,
    ) {
        self.state.lock().await.ended.push(Ended {
            look,
            outcome,
            is_complete,
            resources_seen,
        });
    }

    /// Stores everything that waits, over and over, until the run ends.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn flush_regularly(&self) -> StoreError {
        let mut due = tokio::time::interval_at(Instant::now() + FLUSH_PERIOD, FLUSH_PERIOD);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            due.tick().await;
            if let Err(error) = self.flush().await {
                return error;
            }
        }
    }

    /// Stores everything that waits.
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        self.store_rows(&mut state).await?;
        if state.ended.is_empty() {
            return Ok(());
        }
        if self.uses_resources {
            let complete = state.ended.iter().filter(|ended| ended.is_complete);
            let complete: Vec<Arc<Look>> = complete.map(|ended| Arc::clone(&ended.look)).collect();
            let written = self.store.mark_gone(self.origin, &complete).await?;
            add(&mut state.written, written);
        }
        let version = self.clock.version();
        let results: Vec<PlaceResult> = state
            .ended
            .iter()
            .map(|ended| PlaceResult {
                place: ended.look.place.clone(),
                started_at: ended.look.started_at(),
                finished_at: version.at(),
                outcome: ended.outcome.clone(),
                resources_seen: ended.resources_seen,
                rows_written: state
                    .written
                    .get(&ended.look.place)
                    .copied()
                    .unwrap_or_default(),
            })
            .collect();
        self.store.write_places(self.run, version, &results).await?;
        state.ended.clear();
        state.results.extend(results);
        Ok(())
    }

    /// How all places ended, by place.
    pub(crate) async fn results(&self) -> Vec<PlaceResult> {
        let mut results = std::mem::take(&mut self.state.lock().await.results);
        results.sort_by(|a, b| a.place.as_str().cmp(b.place.as_str()));
        results
    }
}

fn add(total: &mut RowsWritten, more: RowsWritten) {
    for (place, count) in more {
        *total.entry(place).or_default() += count;
    }
}
