//! Where a collector puts what it reads: rows go to the database in batches while pages still arrive.
//!
//! Invariant: at most one batch waits in memory, and nothing counts as stored before the database has said so.

use polo_store::resources::{BATCH_ROWS, Look, SeenResource};
use polo_store::{Store, StoreError, TableRow};

/// The sink of one target.
pub struct Sink<'a> {
    store: &'a Store,
    look: &'a Look,
    waiting: Vec<SeenResource>,
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
    pub(crate) fn new(store: &'a Store, look: &'a Look, uses_resources: bool) -> Self {
        Self {
            store,
            look,
            waiting: Vec::new(),
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
            self.waiting.push(resource);
            if self.waiting.len() >= BATCH_ROWS {
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

    /// Stores what waits. It waits until it is stored: a flush that is cut off is made up for by the next one.
    pub(crate) async fn flush(&mut self) -> Result<(), StoreError> {
        self.written += self.store.write_resources(self.look, &self.waiting).await?;
        self.waiting.clear();
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
