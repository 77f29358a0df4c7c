//! How each expected collector stands in one account, also one that never ran there.

use polo_core::{AccountId, Run, Timestamp};
use polo_store::collectors::ExpectedCollector;
use polo_store::{Store, StoreError};

use crate::standing::standing;

/// What stands for a collector without a run.
pub const NEVER_RAN: &str = "never_ran";
/// What stands for a payer's collector without a run: most accounts are not asked.
pub const PAYER_ONLY: &str = "payer_only";

/// An expected collector and its newest run over everything that it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectorState {
    /// The collector.
    pub expected: ExpectedCollector,
    /// None if it never ran.
    pub newest: Option<Run>,
}

impl CollectorState {
    /// Reads the expected collectors of one account, by id.
    pub async fn read(store: &Store, account_id: &AccountId) -> Result<Vec<Self>, StoreError> {
        let expected = store.expected_collectors().await?;
        let mut newest = store.newest_full_runs(account_id).await?;
        Ok(expected
            .into_iter()
            .map(|expected| Self {
                newest: newest
                    .iter()
                    .position(|run| run.collector == expected.collector)
                    .map(|at| newest.swap_remove(at)),
                expected,
            })
            .collect())
    }

    /// How its newest run stands, [`NEVER_RAN`] or [`PAYER_ONLY`].
    pub fn standing(&self, now: Timestamp) -> &str {
        match &self.newest {
            Some(run) => standing(run, now),
            None if self.expected.scope == "payer" => PAYER_ONLY,
            None => NEVER_RAN,
        }
    }
}
