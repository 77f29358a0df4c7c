//! The regions of accounts, `account_regions`. A look-up that failed is not written, so the last good one stays.

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_core::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Store, StoreError, TableRow};

/// A region as an account sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRegion {
    /// The region.
    pub region: String,
    /// `opt-in-not-required`, `opted-in` or `not-opted-in`.
    pub opt_in_status: String,
    /// Whether it can be used.
    pub enabled: bool,
}

#[derive(Row, Serialize)]
struct RegionRow {
    account_id: String,
    region: String,
    opt_in_status: String,
    enabled: bool,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    seen_at: DateTime<Utc>,
    _version: u64,
}

impl TableRow for RegionRow {
    const TABLE: &'static str = "account_regions";
}

#[derive(Row, Deserialize)]
struct RegionName {
    region: String,
}

impl Store {
    /// Stores what an account's look-up answered, disabled regions included.
    pub async fn write_account_regions(
        &self,
        account_id: &AccountId,
        version: u64,
        seen_at: Timestamp,
        regions: &[AccountRegion],
    ) -> Result<(), StoreError> {
        let rows: Vec<RegionRow> = regions
            .iter()
            .map(|region| RegionRow {
                account_id: account_id.to_string(),
                region: region.region.clone(),
                opt_in_status: region.opt_in_status.clone(),
                enabled: region.enabled,
                seen_at,
                _version: version,
            })
            .collect();
        self.insert("write account_regions", &rows).await
    }

    /// The enabled regions of an account as last seen, sorted; empty where no look-up ever succeeded.
    pub async fn enabled_regions(&self, account_id: &AccountId) -> Result<Vec<String>, StoreError> {
        let query = self
            .client()
            .query("SELECT region FROM account_regions FINAL WHERE account_id = {id:String} AND enabled ORDER BY region")
            .param("id", account_id.as_str());
        let rows: Vec<RegionName> = self.fetch("read account_regions", query).await?;
        Ok(rows.into_iter().map(|row| row.region).collect())
    }
}
