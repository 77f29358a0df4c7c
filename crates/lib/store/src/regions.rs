//! The regions of accounts, `account_regions`. A look-up that failed is not written, so the last good one stays.

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_core::{AccountId, Region, Version};
use serde::Serialize;

use crate::{Store, StoreError, TableRow};

/// A region as an account sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRegion {
    /// The region.
    pub region: Region,
    /// `opt-in-not-required`, `opted-in` or `not-opted-in`.
    pub opt_in_status: String,
    /// Whether it can be used.
    pub enabled: bool,
}

#[derive(Row, Serialize)]
struct RegionRow {
    account_id: AccountId,
    region: Region,
    opt_in_status: String,
    enabled: bool,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    seen_at: DateTime<Utc>,
    _version: Version,
}

impl TableRow for RegionRow {
    const TABLE: &'static str = "account_regions";
}

impl Store {
    /// Stores what an account's look-up answered, disabled regions included.
    pub async fn write_account_regions(
        &self,
        account_id: &AccountId,
        version: Version,
        regions: &[AccountRegion],
    ) -> Result<(), StoreError> {
        let rows: Vec<RegionRow> = regions
            .iter()
            .map(|region| RegionRow {
                account_id: account_id.clone(),
                region: region.region.clone(),
                opt_in_status: region.opt_in_status.clone(),
                enabled: region.enabled,
                seen_at: version.at(),
                _version: version,
            })
            .collect();
        self.insert(&rows).await
    }
}
