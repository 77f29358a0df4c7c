//! Rows of a collector's own table on their way to the database: few large inserts rather than many small ones.
//!
//! Invariant: at most one batch waits in memory, bounded by rows and by bytes.

use clickhouse::Row;
use polo_store::resources::{BATCH_BYTES, BATCH_ROWS};
use polo_store::{StoreError, TableRow};

use crate::Sink;

/// Rows that wait.
pub struct Waiting<T> {
    doing: &'static str,
    rows: Vec<T>,
    bytes: usize,
}

impl<T> Waiting<T>
where
    T: TableRow + for<'r> Row<Value<'r> = T>,
{
    /// None yet; `doing` is what storing them is called in an error.
    pub fn new(doing: &'static str) -> Self {
        Self {
            doing,
            rows: Vec::new(),
            bytes: 0,
        }
    }

    /// Takes rows; stores a batch whenever one is full.
    pub async fn take(
        &mut self,
        sink: &mut Sink<'_>,
        rows: impl IntoIterator<Item = T>,
    ) -> Result<(), StoreError> {
        for row in rows {
            self.bytes += row.bytes();
            self.rows.push(row);
            if self.rows.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES {
                self.store(sink).await?;
            }
        }
        Ok(())
    }

    /// Stores what waits.
    pub async fn store(&mut self, sink: &mut Sink<'_>) -> Result<(), StoreError> {
        sink.rows(self.doing, &self.rows).await?;
        self.rows.clear();
        self.bytes = 0;
        Ok(())
    }
}
