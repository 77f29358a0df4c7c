//! The registry as one invocation reads it, and its copy for dashboards, `aws_accounts`.
//!
//! Invariants: the version is asked from the server first, and only then is an account read, so that of two copies the one
//! that has seen more wins; an invocation reads the whole registry at most once, and what it has changed again by its keys.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_core::{AccountId, Version};
use serde::{Deserialize, Serialize};

use crate::accounts::{AccountRow, IDS_PER_STATEMENT};
use crate::resources::BATCH_ROWS;
use crate::{Store, StoreError, TableRow};

/// Accounts as they were read, each with the version that was asked before.
#[derive(Debug, Clone)]
pub struct Registry {
    /// Whether this is every account that there was.
    is_whole: bool,
    /// By id.
    accounts: BTreeMap<String, (Version, AccountRow)>,
}

impl Registry {
    /// All that were read, by id.
    pub fn accounts(&self) -> impl Iterator<Item = &AccountRow> {
        self.accounts.values().map(|(_, account)| account)
    }

    /// One of them.
    pub fn account(&self, account_id: &AccountId) -> Option<&AccountRow> {
        self.accounts
            .get(account_id.as_str())
            .map(|(_, account)| account)
    }

    fn take(&mut self, version: Version, accounts: Vec<AccountRow>) {
        self.accounts.extend(
            accounts
                .into_iter()
                .map(|account| (account.account_id.clone(), (version, account))),
        );
    }
}

/// An account whose status is not the one that its copy shows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the other fields are those of v_accounts")]
pub struct StatusChange {
    pub account_id: String,
    pub account_name: String,
    pub organization_id: String,
    /// The status in the copy; empty for an account that it does not hold yet.
    pub previous_polo_status: String,
    pub polo_status: String,
    pub status_reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize, Deserialize)]
struct CopyRow {
    account_id: String,
    account_name: String,
    account_email: String,
    org_unit: String,
    polo_status: String,
    polo_read_role: String,
    polo_action_role: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    last_successful_scan: DateTime<Utc>,
    last_scan_error: String,
    account_role: String,
    owner: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    discovered_at: DateTime<Utc>,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    updated_at: DateTime<Utc>,
    _version: Version,
    organization_id: String,
    status_reason: String,
}

impl TableRow for CopyRow {
    const TABLE: &'static str = "aws_accounts";
}

impl CopyRow {
    fn of(account: &AccountRow, version: Version) -> Self {
        Self {
            account_id: account.account_id.clone(),
            account_name: account.account_name.clone(),
            account_email: account.account_email.clone(),
            org_unit: account.org_unit.clone(),
            polo_status: account.polo_status.clone(),
            polo_read_role: account.polo_read_role.clone(),
            polo_action_role: account.polo_action_role.clone(),
            // The column takes no NULL: the contract shows the epoch for an account without a complete scan.
            last_successful_scan: account.last_successful_scan.unwrap_or_default(),
            last_scan_error: account.last_scan_error.clone(),
            account_role: account.account_role.clone(),
            owner: account.owner.clone(),
            discovered_at: account.discovered_at,
            updated_at: version.at(),
            _version: version,
            organization_id: account.organization_id.clone(),
            status_reason: account.status_reason.clone(),
        }
    }

    /// Whether it shows what this account is, whenever it was written.
    fn shows(&self, account: &AccountRow) -> bool {
        let same = Self {
            updated_at: self.updated_at,
            ..Self::of(account, self._version)
        };
        *self == same
    }
}

impl Store {
    /// Every account. Reads states alone: O(accounts x collectors x places), at any age of history.
    pub async fn registry(&self) -> Result<Registry, StoreError> {
        let version = self.version().await?;
        let mut registry = Registry {
            is_whole: true,
            accounts: BTreeMap::new(),
        };
        registry.take(version, self.accounts().await?);
        Ok(registry)
    }

    /// One account. What it reads does not depend on how many accounts there are.
    ///
    /// # Errors
    /// [`StoreError::UnknownAccount`] if the registry does not hold it.
    pub async fn registry_of(&self, account_id: &AccountId) -> Result<Registry, StoreError> {
        let version = self.version().await?;
        let mut registry = Registry {
            is_whole: false,
            accounts: BTreeMap::new(),
        };
        registry.take(version, vec![self.account(account_id).await?]);
        Ok(registry)
    }

    /// Reads these accounts again, by their keys. New ones are added.
    pub async fn read_again(
        &self,
        registry: &mut Registry,
        account_ids: &[&AccountId],
    ) -> Result<(), StoreError> {
        if account_ids.is_empty() {
            return Ok(());
        }
        let version = self.version().await?;
        registry.take(version, self.some_accounts(account_ids).await?);
        Ok(())
    }

    /// Brings the copy up to date with what was read, and returns the changes of status, by account. An account of which a
    /// newer copy has seen more is left to it and read again.
    ///
    /// Of a whole registry, only rows that differ are written. A single account is written even where its copy looks right:
    /// an older, slower copy of the whole may still be under way with a stale row, and must find a newer one.
    pub async fn copy(&self, registry: &mut Registry) -> Result<Vec<StatusChange>, StoreError> {
        let copies = self.copies(registry).await?;
        let mut rows = Vec::new();
        let mut changes = Vec::new();
        let mut overtaken = Vec::new();
        for (id, (version, account)) in &registry.accounts {
            let copy = copies.get(id);
            if copy.is_some_and(|copy| copy._version >= *version) {
                overtaken.push(account.id()?);
                continue;
            }
            if !registry.is_whole || copy.is_none_or(|copy| !copy.shows(account)) {
                rows.push(CopyRow::of(account, *version));
            }
            let shown = copy.map_or("", |copy| copy.polo_status.as_str());
            if shown != account.polo_status {
                changes.push(StatusChange {
                    account_id: id.clone(),
                    account_name: account.account_name.clone(),
                    organization_id: account.organization_id.clone(),
                    previous_polo_status: shown.to_owned(),
                    polo_status: account.polo_status.clone(),
                    status_reason: account.status_reason.clone(),
                });
            }
        }
        for batch in rows.chunks(BATCH_ROWS) {
            self.insert(batch).await?;
        }
        let overtaken: Vec<&AccountId> = overtaken.iter().collect();
        self.read_again(registry, &overtaken).await?;
        Ok(changes)
    }

    /// Brings one account's copy up to date.
    ///
    /// # Errors
    /// [`StoreError::UnknownAccount`] if the registry does not hold it.
    pub async fn copy_account(&self, account_id: &AccountId) -> Result<(), StoreError> {
        let mut registry = self.registry_of(account_id).await?;
        self.copy(&mut registry).await?;
        Ok(())
    }

    async fn copies(&self, registry: &Registry) -> Result<HashMap<String, CopyRow>, StoreError> {
        const COPIES: &str = "SELECT ?fields FROM aws_accounts FINAL";
        const READ: &str = "read aws_accounts";
        let mut copies: Vec<CopyRow> = Vec::new();
        if registry.is_whole {
            copies = self.fetch(READ, self.client().query(COPIES)).await?;
        } else {
            let ids: Vec<&str> = registry.accounts.keys().map(String::as_str).collect();
            let sql = format!("{COPIES} WHERE account_id IN {{accounts:Array(String)}}");
            for chunk in ids.chunks(IDS_PER_STATEMENT) {
                let query = self.client().query(&sql).param("accounts", chunk);
                copies.extend(self.fetch(READ, query).await?);
            }
        }
        Ok(copies
            .into_iter()
            .map(|copy| (copy.account_id.clone(), copy))
            .collect())
    }
}
