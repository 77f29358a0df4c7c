//! What Slack has taken and the database has not.
//!
//! Invariant: nothing is forgotten before it is written, so a function that is invoked again while it is warm never tells the same twice.

use polo_core::{Version, error_chain};
use polo_store::notices::Notice;
use polo_store::{Store, StoreError};
use tokio::sync::Mutex;

/// Notes that are owed to the database, with the version that they were made with.
#[derive(Default)]
pub(crate) struct Pending(Mutex<Vec<(Version, Vec<Notice>)>>);

impl Pending {
    /// Writes what is owed, before anything is read that depends on it.
    pub(crate) async fn write(&self, store: &Store) -> Result<(), StoreError> {
        let mut owed = self.0.lock().await;
        while let Some((version, notices)) = owed.first() {
            store.write_notices(*version, notices).await?;
            owed.remove(0);
        }
        Ok(())
    }

    /// Notes what was told. A failure is logged, returned in one line, and made good by [`Pending::write`]: were it
    /// an error of the invocation, Lambda would repeat what has been told.
    pub(crate) async fn note(
        &self,
        store: &Store,
        version: Version,
        notices: Vec<Notice>,
    ) -> Option<String> {
        let mut owed = self.0.lock().await;
        let failure = store.write_notices(version, &notices).await.err()?;
        let error = error_chain(&failure);
        tracing::error!(
            error_type = failure.error_type(),
            error,
            "Slack was told, and that could not be noted"
        );
        owed.push((version, notices));
        Some(error)
    }
}
