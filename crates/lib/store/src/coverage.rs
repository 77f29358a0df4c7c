//! What people are told of coverage beyond the accounts themselves: which collectors are incomplete, and when accounts were
//! last listed.

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_core::AccountId;
use serde::{Deserialize, Serialize};

use crate::accounts::IDS_PER_STATEMENT;
use crate::{Store, StoreError};

/// When an organization was last listed as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct LastListing {
    /// The organization; empty for accounts that are configured one by one.
    pub organization_id: String,
    /// When its last complete listing began.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    pub started_at: DateTime<Utc>,
}

/// A collector whose last run over a whole account was not complete.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct IncompleteCollector {
    /// The account.
    pub account_id: String,
    /// The collector.
    pub collector: String,
}

impl Store {
    /// The incomplete collectors of these accounts, by account and collector. Runs over chosen regions do not count.
    pub async fn incomplete_collectors(
        &self,
        accounts: &[&AccountId],
    ) -> Result<Vec<IncompleteCollector>, StoreError> {
        let mut incomplete = Vec::new();
        for chunk in accounts.chunks(IDS_PER_STATEMENT) {
            let ids: Vec<&str> = chunk.iter().map(|id| id.as_str()).collect();
            let query = self
                .client()
                .query(
                    "SELECT account_id, toString(collector) AS collector FROM collector_states FINAL
                     WHERE account_id IN {accounts:Array(String)} AND last_ended.4 NOT IN ('', 'complete')
                     ORDER BY account_id, collector",
                )
                .param("accounts", ids);
            incomplete.extend(self.fetch("read collector_states", query).await?);
        }
        Ok(incomplete)
    }

    /// The last complete listing of each organization, by its id; one that was never listed is missing.
    pub async fn last_listings(&self) -> Result<Vec<LastListing>, StoreError> {
        let query = self.client().query(
            "SELECT toString(organization_id) AS organization_id, max(last_complete_at) AS started_at
             FROM discovery_states GROUP BY organization_id
             HAVING started_at > toDateTime64(0, 3, 'UTC') ORDER BY organization_id",
        );
        self.fetch("read discovery_states", query).await
    }
}
