//! Discovery's tables: `account_facts`, `account_discoveries`, `account_tags`, `discovery_runs`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_core::reconcile::{AccountFacts, Membership, Reconciliation};
use polo_core::{AccountId, Timestamp, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Store, StoreError, TableRow};

#[derive(Row, Serialize, Deserialize)]
struct FactsRow {
    account_id: String,
    organization_id: String,
    partition: String,
    account_name: String,
    account_email: String,
    org_state: String,
    membership: String,
    in_scope: bool,
    is_management: bool,
    parents: Vec<String>,
    org_unit: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    joined_at: Option<DateTime<Utc>>,
    joined_method: String,
    read_role_arn: String,
    action_role_arn: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    reinstated_at: Option<DateTime<Utc>>,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    left_at: Option<DateTime<Utc>>,
    _version: Version,
}

impl TableRow for FactsRow {
    const TABLE: &'static str = "account_facts";
}

impl FactsRow {
    fn new(facts: &AccountFacts, version: Version) -> Self {
        Self {
            account_id: facts.account_id.to_string(),
            organization_id: facts.organization_id.clone(),
            partition: facts.partition.clone(),
            account_name: facts.account_name.clone(),
            account_email: facts.account_email.clone(),
            org_state: facts.org_state.clone(),
            membership: facts.membership.as_str().to_owned(),
            in_scope: facts.in_scope,
            is_management: facts.is_management,
            parents: facts.parents.clone(),
            org_unit: facts.org_unit.clone(),
            joined_at: facts.joined_at,
            joined_method: facts.joined_method.clone(),
            read_role_arn: facts.read_role_arn.to_string(),
            action_role_arn: facts
                .action_role_arn
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            reinstated_at: facts.reinstated_at,
            left_at: facts.left_at,
            _version: version,
        }
    }

    fn into_facts(self) -> Result<AccountFacts, StoreError> {
        let unreadable = |column, value: &str, problem: String| StoreError::Unreadable {
            table: FactsRow::TABLE,
            column,
            value: value.to_owned(),
            problem,
        };
        let membership = match self.membership.as_str() {
            "member" => Membership::Member,
            "left" => Membership::Left,
            other => {
                return Err(unreadable(
                    "membership",
                    other,
                    "it is member or left".to_owned(),
                ));
            }
        };
        let action_role_arn = match self.action_role_arn.as_str() {
            "" => None,
            arn => Some(arn.parse().map_err(|e: polo_core::InvalidRoleArn| {
                unreadable("action_role_arn", arn, e.to_string())
            })?),
        };
        Ok(AccountFacts {
            account_id: self
                .account_id
                .parse()
                .map_err(|e: polo_core::InvalidAccountId| {
                    unreadable("account_id", &self.account_id, e.to_string())
                })?,
            organization_id: self.organization_id,
            partition: self.partition,
            account_name: self.account_name,
            account_email: self.account_email,
            org_state: self.org_state,
            membership,
            in_scope: self.in_scope,
            is_management: self.is_management,
            parents: self.parents,
            org_unit: self.org_unit,
            joined_at: self.joined_at,
            joined_method: self.joined_method,
            read_role_arn: self
                .read_role_arn
                .parse()
                .map_err(|e: polo_core::InvalidRoleArn| {
                    unreadable("read_role_arn", &self.read_role_arn, e.to_string())
                })?,
            action_role_arn,
            reinstated_at: self.reinstated_at,
            left_at: self.left_at,
        })
    }
}

#[derive(Row, Serialize)]
struct DiscoveryRow {
    account_id: AccountId,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    discovered_at: DateTime<Utc>,
}

impl TableRow for DiscoveryRow {
    const TABLE: &'static str = "account_discoveries";
}

#[derive(Row, Serialize)]
struct TagsRow {
    account_id: String,
    tags: Vec<(String, String)>,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    read_at: DateTime<Utc>,
    _version: Version,
}

impl TableRow for TagsRow {
    const TABLE: &'static str = "account_tags";
}

/// The organization id of accounts from a configured list.
pub const EXPLICIT: &str = "explicit";

/// How complete a discovery's listing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListingResult {
    /// Every page was read.
    Complete,
    /// Some pages were.
    Partial,
    /// None was, or it could not be used.
    Failed,
}

impl ListingResult {
    fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Failed => "failed",
        }
    }
}

/// What one discovery of one organization came to.
#[derive(Debug, Clone)]
pub struct DiscoveryRun {
    /// The invocation.
    pub sweep_id: Uuid,
    /// The organization, or `explicit`.
    pub organization_id: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// How complete the listing was.
    pub listing: ListingResult,
    /// Accounts seen, discovered, changed, left.
    pub counts: [u32; 4],
    /// When every account's place in the tree was read OU by OU, if it was.
    pub placements_read_at: Option<Timestamp>,
    /// The class of what went wrong, empty if nothing did.
    pub error_class: String,
    /// What went wrong, in one sentence.
    pub message: String,
}

#[derive(Row, Serialize)]
struct DiscoveryRunRow {
    #[serde(with = "clickhouse::serde::uuid")]
    sweep_id: Uuid,
    organization_id: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    started_at: DateTime<Utc>,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    finished_at: DateTime<Utc>,
    listing: String,
    accounts_seen: u32,
    accounts_discovered: u32,
    accounts_changed: u32,
    accounts_left: u32,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    placements_read_at: Option<DateTime<Utc>>,
    error_class: String,
    message: String,
    _version: Version,
}

impl TableRow for DiscoveryRunRow {
    const TABLE: &'static str = "discovery_runs";
}

impl Store {
    /// Everything that discovery knows, by account.
    pub async fn account_facts(&self) -> Result<HashMap<AccountId, AccountFacts>, StoreError> {
        let query = self
            .client()
            .query("SELECT ?fields FROM account_facts FINAL");
        let rows: Vec<FactsRow> = self.fetch("read account_facts", query).await?;
        rows.into_iter()
            .map(|row| {
                row.into_facts()
                    .map(|facts| (facts.account_id.clone(), facts))
            })
            .collect()
    }

    /// Stores what a listing changes, under the version that was asked for before it began. When an account was first seen
    /// is stored first: its earliest note counts, so a repetition changes nothing.
    pub async fn apply(
        &self,
        version: Version,
        seen_at: Timestamp,
        reconciliation: &Reconciliation,
    ) -> Result<(), StoreError> {
        let rows: Vec<DiscoveryRow> = reconciliation
            .discovered
            .iter()
            .map(|facts| DiscoveryRow {
                account_id: facts.account_id.clone(),
                discovered_at: seen_at,
            })
            .collect();
        self.insert(&rows).await?;
        self.write_account_facts(version, reconciliation.facts())
            .await
    }

    /// Stores facts under the version that was asked for before the listing began.
    pub async fn write_account_facts(
        &self,
        version: Version,
        facts: impl IntoIterator<Item = &AccountFacts>,
    ) -> Result<(), StoreError> {
        let rows: Vec<FactsRow> = facts
            .into_iter()
            .map(|facts| FactsRow::new(facts, version))
            .collect();
        self.insert(&rows).await
    }

    /// Stores the tags of accounts, each read whole.
    pub async fn write_account_tags(
        &self,
        version: Version,
        read_at: Timestamp,
        tags: &[(AccountId, Vec<(String, String)>)],
    ) -> Result<(), StoreError> {
        let rows: Vec<TagsRow> = tags
            .iter()
            .map(|(id, tags)| TagsRow {
                account_id: id.to_string(),
                tags: tags.clone(),
                read_at,
                _version: version,
            })
            .collect();
        self.insert(&rows).await
    }

    /// Records what a discovery came to.
    pub async fn write_discovery_run(&self, run: &DiscoveryRun) -> Result<(), StoreError> {
        let version = self.version().await?;
        let [
            accounts_seen,
            accounts_discovered,
            accounts_changed,
            accounts_left,
        ] = run.counts;
        let row = DiscoveryRunRow {
            sweep_id: run.sweep_id,
            organization_id: run.organization_id.clone(),
            started_at: run.started_at,
            finished_at: run.finished_at,
            listing: run.listing.as_str().to_owned(),
            accounts_seen,
            accounts_discovered,
            accounts_changed,
            accounts_left,
            placements_read_at: run.placements_read_at,
            error_class: run.error_class.clone(),
            message: run.message.clone(),
            _version: version,
        };
        self.insert(&[row]).await
    }

    /// When an organization's accounts were last placed OU by OU; none where they never were.
    pub async fn placements_read_at(
        &self,
        organization_id: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let query = self
            .client()
            .query("SELECT max(placements_read_at) AS at FROM discovery_states WHERE organization_id = {id:String}")
            .param("id", organization_id);
        let rows: Vec<PlacedRow> = self.fetch("read discovery_states", query).await?;
        Ok(rows.into_iter().next().and_then(|row| row.at))
    }
}

#[derive(Row, Deserialize)]
struct PlacedRow {
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    at: Option<DateTime<Utc>>,
}
