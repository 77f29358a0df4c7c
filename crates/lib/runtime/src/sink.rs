//! Where a collector puts what it reads: rows go to the database in batches while pages still arrive.
//!
//! Invariant: at most one batch waits in memory, and nothing counts as stored before the database has said so.
//! What is billed passes [`Sink::spend`] before it is asked.

use polo_aws::AwsFailure;
use polo_store::resources::{BATCH_BYTES, BATCH_ROWS, Look, SeenResource};
use polo_store::{Store, StoreError, TableRow};

use crate::CollectError;
use crate::budget::Budget;

/// The sink of one target.
pub struct Sink<'a> {
    store: &'a Store,
    look: &'a Look,
    budget: &'a Budget<'a>,
    waiting: Vec<SeenResource>,
    waiting_bytes: usize,
    shortfall: Option<AwsFailure>,
    shortfalls: u64,
    uses_resources: bool,
    seen: u64,
    written: u64,
}

/// What went through a sink.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Resources and rows that AWS showed.
    pub seen: u64,
    /// Rows that were stored, history included.
    pub written: u64,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(
        store: &'a Store,
        look: &'a Look,
        budget: &'a Budget<'a>,
        uses_resources: bool,
    ) -> Self {
        Self {
            store,
            look,
            budget,
            waiting: Vec::new(),
            waiting_bytes: 0,
            shortfall: None,
            shortfalls: 0,
            uses_resources,
            seen: 0,
            written: 0,
        }
    }

    /// Takes resources; stores a batch whenever one is full.
    pub async fn resources(
        &mut self,
        resources: impl IntoIterator<Item = SeenResource>,
    ) -> Result<(), StoreError> {
        for resource in resources {
            self.seen += 1;
            self.waiting_bytes += resource.bytes();
            self.waiting.push(resource);
            if self.waiting.len() >= BATCH_ROWS || self.waiting_bytes >= BATCH_BYTES {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// Stores rows of a collector's own table.
    pub async fn rows<T>(&mut self, doing: &'static str, rows: &[T]) -> Result<(), StoreError>
    where
        T: TableRow + for<'r> clickhouse::Row<Value<'r> = T>,
    {
        self.store.insert(doing, rows).await?;
        self.seen += rows.len() as u64;
        self.written += rows.len() as u64;
        Ok(())
    }

    /// Takes a failure that leaves a detail of some resource unread while the listing itself goes on. The target ends
    /// as what the first of them is (of those that another attempt may heal, if there are any), and never as complete; what the listing does not show is gone all the same.
    pub fn shortfall(&mut self, failure: AwsFailure) {
        self.shortfalls += 1;
        // What another attempt may heal is told before what it can't.
        let told = self.shortfall.as_ref();
        if told.is_none_or(|told| failure.class.retryable() && !told.class.retryable()) {
            self.shortfall = Some(failure);
        }
    }

    /// Takes units out of the budget of the manifest's `billing`, right before the call that is billed for them.
    ///
    /// # Errors
    /// [`polo_core::ErrorClass::Budget`] where the run or the day has none left: pass it on with `?`.
    pub async fn spend(&self, action: &'static str, units: u64) -> Result<(), CollectError> {
        self.budget.spend(action, units).await
    }

    /// The database, for what a collector has to read: its own tables, and what other collectors found.
    pub fn store(&self) -> &Store {
        self.store
    }

    /// The failure to tell of those that left a detail unread, with how many there were.
    pub(crate) fn take_shortfall(&mut self) -> Option<AwsFailure> {
        let mut failure = self.shortfall.take()?;
        if self.shortfalls > 1 {
            failure.message += &format!(
                " (one of {} details that could not be read)",
                self.shortfalls
            );
        }
        Some(failure)
    }

    /// Stores what waits. It waits until it is stored: a flush that is cut off is made up for by the next one.
    pub(crate) async fn flush(&mut self) -> Result<(), StoreError> {
        self.written += self.store.write_resources(self.look, &self.waiting).await?;
        self.waiting.clear();
        self.waiting_bytes = 0;
        Ok(())
    }

    /// After a target that was read to its end: what it did not show is gone.
    pub(crate) async fn complete(&mut self) -> Result<(), StoreError> {
        self.flush().await?;
        if self.uses_resources {
            self.written += self.store.mark_gone(self.look).await?;
        }
        Ok(())
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            seen: self.seen,
            written: self.written,
        }
    }
}
