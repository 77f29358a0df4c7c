//! Rows of a collector's own tables that wait for the next flush.
//!
//! Invariant: tables are stored in the order in which the manifest names them, so that what relies on rows being there is
//! stored after them.

use std::any::Any;
use std::collections::HashMap;

use clickhouse::Row;
use futures::future::BoxFuture;
use polo_core::Place;
use polo_store::resources::RowsWritten;
use polo_store::{Store, StoreError, TableRow};

/// Rows of all tables.
pub(crate) struct WaitingRows {
    /// The manifest's tables.
    tables: Vec<String>,
    waiting: Vec<Box<dyn Waiting>>,
    pub(crate) count: usize,
    pub(crate) bytes: usize,
}

/// Rows of one table, whatever their type.
trait Waiting: Any + Send {
    fn table(&self) -> &'static str;
    fn store<'a>(&'a self, store: &'a Store) -> BoxFuture<'a, Result<(), StoreError>>;
    fn clear(&mut self, written: &mut RowsWritten);
    fn as_any(&mut self) -> &mut dyn Any;
}

struct OfTable<T> {
    rows: Vec<T>,
    places: HashMap<Place, u64>,
}

impl<T> Waiting for OfTable<T>
where
    T: TableRow + 'static + for<'r> Row<Value<'r> = T>,
{
    fn table(&self) -> &'static str {
        T::TABLE
    }

    fn store<'a>(&'a self, store: &'a Store) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(store.insert(&self.rows))
    }

    fn clear(&mut self, written: &mut RowsWritten) {
        self.rows.clear();
        for (place, count) in self.places.drain() {
            *written.entry(place).or_default() += count;
        }
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

impl WaitingRows {
    pub(crate) fn new(tables: Vec<String>) -> Self {
        Self {
            tables,
            waiting: Vec::new(),
            count: 0,
            bytes: 0,
        }
    }

    pub(crate) fn push<T>(&mut self, place: &Place, row: T)
    where
        T: TableRow + 'static + for<'r> Row<Value<'r> = T>,
    {
        self.count += 1;
        self.bytes += row.bytes();
        let mut all = self.waiting.iter_mut().map(|waiting| waiting.as_any());
        if let Some(own) = all.find_map(|waiting| waiting.downcast_mut::<OfTable<T>>()) {
            own.rows.push(row);
            *own.places.entry(place.clone()).or_default() += 1;
            return;
        }
        self.waiting.push(Box::new(OfTable {
            rows: vec![row],
            places: HashMap::from([(place.clone(), 1)]),
        }));
        // A table that the manifest does not name comes last.
        let position = |table: &str| {
            let at = self.tables.iter().position(|own| own == table);
            at.unwrap_or(usize::MAX)
        };
        self.waiting
            .sort_by_key(|waiting| position(waiting.table()));
    }

    /// Stores all of them. They wait until they are stored, so a call that is cut off is repeated by the next one.
    pub(crate) async fn store(
        &mut self,
        store: &Store,
        written: &mut RowsWritten,
    ) -> Result<(), StoreError> {
        for waiting in &mut self.waiting {
            waiting.store(store).await?;
            waiting.clear(written);
        }
        (self.count, self.bytes) = (0, 0);
        Ok(())
    }
}
