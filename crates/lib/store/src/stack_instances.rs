//! What the StackSet says of each account, `stack_instances`: written by the verifier alone, always from a whole listing.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_core::{AccountId, Timestamp, Version};
use serde::{Deserialize, Serialize};

use crate::{Store, StoreError, TableRow};

/// One stack instance, as CloudFormation lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackInstanceState {
    /// The account.
    pub account_id: AccountId,
    /// The region.
    pub region: String,
    /// `CURRENT`, `OUTDATED` or `INOPERABLE`.
    pub status: String,
    /// `SUCCEEDED`, `FAILED`, `PENDING`, …
    pub detailed_status: String,
    /// Why it is not current.
    pub status_reason: String,
    /// The stack in the member account.
    pub stack_id: String,
    /// The OU through which it is targeted.
    pub organizational_unit_id: String,
}

#[derive(Row, Serialize, Deserialize, Clone)]
struct InstanceRow {
    account_id: AccountId,
    stack_set_name: String,
    region: String,
    present: bool,
    status: String,
    detailed_status: String,
    status_reason: String,
    stack_id: String,
    organizational_unit_id: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    current_since: Option<DateTime<Utc>>,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    read_at: DateTime<Utc>,
    _version: Version,
}

impl TableRow for InstanceRow {
    const TABLE: &'static str = "stack_instances";
}

impl InstanceRow {
    fn says(&self, instance: &StackInstanceState) -> bool {
        self.status == instance.status
            && self.detailed_status == instance.detailed_status
            && self.status_reason == instance.status_reason
    }
}

const CURRENT: &str = "CURRENT";

impl Store {
    /// Stores a complete listing: what it does not name is no longer there. Returns the accounts whose instances changed since
    /// the previous listing.
    pub async fn write_stack_instances(
        &self,
        stack_set_name: &str,
        version: Version,
        read_at: Timestamp,
        listing: &[StackInstanceState],
    ) -> Result<BTreeSet<AccountId>, StoreError> {
        let query = self
            .client()
            .query("SELECT ?fields FROM stack_instances FINAL WHERE stack_set_name = {name:String}")
            .param("name", stack_set_name);
        let known: Vec<InstanceRow> = self.fetch("read stack_instances", query).await?;
        let mut known: HashMap<(AccountId, String), InstanceRow> = known
            .into_iter()
            .map(|row| ((row.account_id.clone(), row.region.clone()), row))
            .collect();
        let mut rows = Vec::new();
        let mut changed = BTreeSet::new();
        for instance in listing {
            let before = known
                .remove(&(instance.account_id.clone(), instance.region.clone()))
                .filter(|row| row.present);
            if !before.as_ref().is_some_and(|row| row.says(instance)) {
                changed.insert(instance.account_id.clone());
            }
            let was_current = before.filter(|row| row.status == CURRENT);
            let current_since = (instance.status == CURRENT).then(|| {
                was_current
                    .and_then(|row| row.current_since)
                    .unwrap_or(read_at)
            });
            rows.push(InstanceRow {
                account_id: instance.account_id.clone(),
                stack_set_name: stack_set_name.to_owned(),
                region: instance.region.clone(),
                present: true,
                status: instance.status.clone(),
                detailed_status: instance.detailed_status.clone(),
                status_reason: instance.status_reason.clone(),
                stack_id: instance.stack_id.clone(),
                organizational_unit_id: instance.organizational_unit_id.clone(),
                current_since,
                read_at,
                _version: version,
            });
        }
        for row in known.into_values().filter(|row| row.present) {
            changed.insert(row.account_id.clone());
            rows.push(InstanceRow {
                present: false,
                current_since: None,
                read_at,
                _version: version,
                ..row
            });
        }
        self.insert(&rows).await?;
        Ok(changed)
    }
}
