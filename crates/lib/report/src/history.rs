//! What has happened to one account, newest first: operators' decisions, checks, runs and their targets.

use polo_core::{AccountId, Run};
use polo_store::checks::AccessCheck;
use polo_store::runs::LedgerPlace;
use polo_store::settings::StoredSetting;
use polo_store::{Store, StoreError};

/// How many access checks are told of an account.
const CHECKS: u32 = 20;
/// How many runs are.
const RUNS: u32 = 10;

/// The history of one account, as far back as it is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountHistory {
    /// What operators last decided, by setting.
    pub settings: Vec<StoredSetting>,
    /// The last 20 access checks.
    pub checks: Vec<AccessCheck>,
    /// The last 10 runs.
    pub runs: Vec<Run>,
    /// How the places of those runs ended.
    pub places: Vec<LedgerPlace>,
}

impl AccountHistory {
    /// Reads it. An account that nobody knows has an empty one.
    pub async fn read(store: &Store, account_id: &AccountId) -> Result<Self, StoreError> {
        let runs = store.latest_runs(Some(account_id), RUNS).await?;
        let ids: Vec<_> = runs.iter().map(|run| run.run_id).collect();
        Ok(Self {
            settings: store.settings_of(account_id).await?,
            checks: store.access_history(account_id, CHECKS).await?,
            places: store.places_of(account_id, &ids).await?,
            runs,
        })
    }
}
