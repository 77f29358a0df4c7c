//! Where a collector puts what it reads of one place.
//!
//! Invariant: nothing counts as stored before the database has said so. What is billed passes [`Sink::spend`] before it is
//! asked.

use std::sync::Arc;

use clickhouse::Row;
use polo_aws::AwsFailure;
use polo_store::resources::{Look, Seen, SeenResource};
use polo_store::{Store, StoreError, TableRow};

use crate::budget::Budget;
use crate::error::CollectError;
use crate::recorder::Recorder;

/// The sink of one place.
pub struct Sink<'a> {
    store: &'a Store,
    look: Arc<Look>,
    recorder: &'a Recorder<'a>,
    budget: &'a Budget<'a>,
    missing_detail: Option<AwsFailure>,
    missing_details: u64,
    resources_seen: u64,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(
        store: &'a Store,
        look: Arc<Look>,
        recorder: &'a Recorder<'a>,
        budget: &'a Budget<'a>,
    ) -> Self {
        Self {
            store,
            look,
            recorder,
            budget,
            missing_detail: None,
            missing_details: 0,
            resources_seen: 0,
        }
    }

    /// Takes resources; stores a batch whenever one is full.
    pub async fn resources(
        &mut self,
        resources: impl IntoIterator<Item = SeenResource>,
    ) -> Result<(), StoreError> {
        let mut waiting = self.recorder.waiting().await;
        for resource in resources {
            self.resources_seen += 1;
            waiting.push(Seen {
                look: Arc::clone(&self.look),
                resource,
            });
            self.recorder.store_if_full(&mut waiting).await?;
        }
        Ok(())
    }

    /// Takes rows of one of the collector's own tables.
    pub async fn rows<T>(&mut self, rows: impl IntoIterator<Item = T>) -> Result<(), StoreError>
    where
        T: TableRow + 'static + for<'r> Row<Value<'r> = T>,
    {
        let count = self.notes(rows).await?;
        self.resources_seen += count;
        Ok(())
    }

    /// Takes rows that note what the collector did. They do not count as what AWS showed.
    pub async fn notes<T>(&mut self, rows: impl IntoIterator<Item = T>) -> Result<u64, StoreError>
    where
        T: TableRow + 'static + for<'r> Row<Value<'r> = T>,
    {
        let mut waiting = self.recorder.waiting().await;
        let mut count = 0;
        for row in rows {
            count += 1;
            waiting.rows.push(&self.look.place, row);
            self.recorder.store_if_full(&mut waiting).await?;
        }
        Ok(count)
    }

    /// Stores all rows that wait, for a collector that reads its own tables next.
    pub async fn store_rows(&mut self) -> Result<(), StoreError> {
        let mut waiting = self.recorder.waiting().await;
        self.recorder.store_rows(&mut waiting).await
    }

    /// Records that one detail of a resource could not be read; the listing continues. The place ends as what the first such
    /// failure is (of those that another attempt may heal, if there are any), and never as complete. Resources that the
    /// listing does not show are gone nevertheless.
    pub fn missing_detail(&mut self, failure: AwsFailure) {
        self.missing_details += 1;
        let kept = self.missing_detail.as_ref();
        if kept.is_none_or(|kept| failure.class.retryable() && !kept.class.retryable()) {
            self.missing_detail = Some(failure);
        }
    }

    /// Takes units out of the budget of the manifest's `billing`, right before the call that is billed for them.
    ///
    /// # Errors
    /// [`polo_core::ErrorClass::Budget`] if the run or the day has none left: pass it on with `?`.
    pub async fn spend(&self, action: &'static str, units: u64) -> Result<(), CollectError> {
        self.budget.spend(action, units).await
    }

    /// What one question answers, asked once for all places of a run.
    pub async fn once<T, F>(&self, ask: impl FnOnce() -> F) -> Result<Arc<T>, CollectError>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<T, StoreError>>,
    {
        self.recorder.once(ask).await
    }

    /// The database, for what a collector has to read: its own tables, and what other collectors found.
    pub fn store(&self) -> &Store {
        self.store
    }

    /// The failure that stands for the details that could not be read, with their number.
    pub(crate) fn take_missing_detail(&mut self) -> Option<AwsFailure> {
        let mut failure = self.missing_detail.take()?;
        if self.missing_details > 1 {
            failure.message += &format!(
                " (one of {} details that could not be read)",
                self.missing_details
            );
        }
        Some(failure)
    }

    pub(crate) fn resources_seen(&self) -> u64 {
        self.resources_seen
    }
}
