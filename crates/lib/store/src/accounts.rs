//! The truth about accounts, `v_accounts`: all of them, some of them, or one.

use chrono::{DateTime, Utc};
use clickhouse::{Row, RowOwned, RowRead};
use polo_core::{AccountId, Place, PoloStatus, RoleArn};
use serde::{Deserialize, Serialize};

use crate::{Store, StoreError};

/// One account as `v_accounts` shows it. Times are UTC; a time that never was is none.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct AccountRow {
    /// The account.
    pub account_id: String,
    /// Its name.
    pub account_name: String,
    /// Its e-mail address.
    pub account_email: String,
    /// Its OUs by name, as `Root/Workloads/Prod`.
    pub org_unit: String,
    /// What Polo can do with it; see [`AccountRow::status`].
    pub polo_status: String,
    /// Why.
    pub status_reason: String,
    /// The read role in force.
    pub polo_read_role: String,
    /// The action role in force, empty where none is configured.
    pub polo_action_role: String,
    /// The oldest of the expected collectors' last complete runs.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    pub last_successful_scan: Option<DateTime<Utc>>,
    /// `collector[/region]: class: message` of the worst open gap.
    pub last_scan_error: String,
    /// What it is for.
    pub account_role: String,
    /// Who answers for it.
    pub owner: String,
    /// When Polo first saw it.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    pub discovered_at: DateTime<Utc>,
    /// Its organization.
    pub organization_id: String,
    /// Its state in the organization.
    pub org_state: String,
    /// Whether it is its organization's management account.
    pub is_management: bool,
    /// The root and OUs above it.
    pub parents: Vec<String>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// Whether an operator's exclusion is in force.
    pub excluded_by_operator: bool,
    /// Why an operator excluded or included it.
    pub excluded_reason: String,
    /// Who did.
    pub excluded_by: String,
    /// Until when it is excluded.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    pub excluded_until: Option<DateTime<Utc>>,
    /// `success`, `denied` or `none`: what is confirmed of the read role.
    pub read_verdict: String,
    /// Whether the read role ever worked.
    pub ever_worked: bool,
    /// Denials since it last worked.
    pub denials_in_a_row: u32,
    /// When the read role was last checked.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    pub last_check_at: Option<DateTime<Utc>>,
    /// What that check said.
    pub last_check_verdict: String,
    /// Its error class.
    pub last_check_class: String,
    /// AWS's words.
    pub last_check_message: String,
    /// When it is due again; none means now.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    pub next_check_at: Option<DateTime<Utc>>,
    /// What the last check of the action role said; empty if there was none.
    pub action_verdict: String,
    /// The stack instance's status, empty where there is none.
    pub stack_status: String,
    /// Its detailed status.
    pub stack_detailed_status: String,
    /// Its reason.
    pub stack_status_reason: String,
    /// Whether it is monitored and Polo cannot see it, or has seen it completely too long ago or never.
    pub is_uncovered: bool,
    /// The collector of the worst open gap, empty if there is none; see [`AccountRow::gap`].
    pub gap_collector: String,
    /// Its place, empty for a run that failed before its first listing.
    pub gap_place: String,
    /// Its error class, or `crashed`.
    pub gap_class: String,
    /// The IAM action that failed, else empty.
    pub gap_action: String,
    /// AWS's words.
    pub gap_message: String,
}

/// The worst open gap of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap<'a> {
    /// The collector.
    pub collector: &'a str,
    /// The region, or `payer`; empty for the account itself and for a run that failed before its first listing.
    pub place: &'a str,
    /// The error class, or `crashed`.
    pub class: &'a str,
    /// The IAM action that failed, else empty.
    pub action: &'a str,
    /// AWS's words.
    pub message: &'a str,
}

/// What `v_accounts` says of one account beyond [`AccountRow`]: where it comes from and what its checks add up to.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct AccountDetails {
    /// Its partition.
    pub partition: String,
    /// `member` or `left`.
    pub membership: String,
    /// Whether the OU filters admit it.
    pub in_scope: bool,
    /// When it joined its organization.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    pub joined_at: Option<DateTime<Utc>>,
    /// When it was found to have left.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    pub left_at: Option<DateTime<Utc>>,
    /// When the read role first worked.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    pub first_success_at: Option<DateTime<Utc>>,
    /// When it last worked, as far as that counts.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    pub last_success_at: Option<DateTime<Utc>>,
    /// AWS's code in the last check of the read role.
    pub last_check_code: String,
    /// The error class of the last check of the action role.
    pub action_error_class: String,
    /// When the action role was last checked.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    pub action_checked_at: Option<DateTime<Utc>>,
    /// Whether the StackSet has rolled the role out and the grace for its propagation is over; none is no.
    pub role_was_deployed: bool,
}

const VIEW: &str = "v_accounts";

impl AccountRow {
    /// The worst open gap; none if there is none.
    pub fn gap(&self) -> Option<Gap<'_>> {
        (!self.gap_collector.is_empty()).then(|| Gap {
            collector: &self.gap_collector,
            place: if self.gap_place == Place::Account.as_str() {
                ""
            } else {
                &self.gap_place
            },
            class: &self.gap_class,
            action: &self.gap_action,
            message: &self.gap_message,
        })
    }

    /// The account's id, validated.
    pub fn id(&self) -> Result<AccountId, StoreError> {
        self.account_id
            .parse()
            .map_err(|e: polo_core::InvalidAccountId| StoreError::Unreadable {
                table: VIEW,
                column: "account_id",
                value: self.account_id.clone(),
                problem: e.to_string(),
            })
    }

    /// The status.
    pub fn status(&self) -> Result<PoloStatus, StoreError> {
        parse_status(&self.polo_status)
    }

    /// The read role in force.
    pub fn read_role(&self) -> Result<RoleArn, StoreError> {
        parse_role("polo_read_role", &self.polo_read_role)
    }

    /// The action role in force, where there is one.
    pub fn action_role(&self) -> Result<Option<RoleArn>, StoreError> {
        match self.polo_action_role.as_str() {
            "" => Ok(None),
            arn => parse_role("polo_action_role", arn).map(Some),
        }
    }
}

pub(crate) fn parse_status(status: &str) -> Result<PoloStatus, StoreError> {
    status.parse().map_err(
        |e: polo_core::status::UnknownPoloStatus| StoreError::Unreadable {
            table: VIEW,
            column: "polo_status",
            value: status.to_owned(),
            problem: e.to_string(),
        },
    )
}

pub(crate) fn parse_role(column: &'static str, arn: &str) -> Result<RoleArn, StoreError> {
    arn.parse()
        .map_err(|e: polo_core::InvalidRoleArn| StoreError::Unreadable {
            table: VIEW,
            column,
            value: arn.to_owned(),
            problem: e.to_string(),
        })
}

/// The text of the view, which is the statement for some accounts as well.
const VIEW_TEXT: &str = include_str!("../migrations/0052_v_accounts.sql");

/// How many account ids one statement takes: as a parameter they stay below 64 KiB.
pub(crate) const IDS_PER_STATEMENT: usize = 4_000;

/// `v_accounts` for the accounts in the parameter `accounts`, as a relation. Each table is read by its key.
pub(crate) fn of_some_accounts() -> String {
    let select = VIEW_TEXT
        .split_once(" AS\n")
        .map_or(VIEW_TEXT, |(_, select)| select);
    let select = select.replace(
        "{of_accounts}",
        "AND account_id IN {accounts:Array(String)}",
    );
    format!("({select})")
}

impl Store {
    /// All accounts, by id. Reads states alone: O(accounts x collectors x places), at any age of history.
    pub async fn accounts(&self) -> Result<Vec<AccountRow>, StoreError> {
        let query = self
            .client()
            .query("SELECT ?fields FROM v_accounts ORDER BY account_id");
        self.fetch("read v_accounts", query).await
    }

    /// Whether there is any account.
    pub async fn holds_accounts(&self) -> Result<bool, StoreError> {
        let query = self
            .client()
            .query("SELECT account_id FROM account_facts LIMIT 1");
        let found: Vec<String> = self.fetch("read account_facts", query).await?;
        Ok(!found.is_empty())
    }

    /// One account. What it reads does not depend on how many accounts there are.
    ///
    /// # Errors
    /// [`StoreError::UnknownAccount`] if the registry does not hold it.
    pub async fn account(&self, account_id: &AccountId) -> Result<AccountRow, StoreError> {
        self.one_account(account_id).await
    }

    /// What else the view says of one account.
    ///
    /// # Errors
    /// [`StoreError::UnknownAccount`] if the registry does not hold it.
    pub async fn account_details(
        &self,
        account_id: &AccountId,
    ) -> Result<AccountDetails, StoreError> {
        self.one_account(account_id).await
    }

    /// Those of these accounts that the registry holds, in no particular order. What it reads grows with their number alone.
    pub async fn some_accounts<T: RowOwned + RowRead>(
        &self,
        account_ids: &[&AccountId],
    ) -> Result<Vec<T>, StoreError> {
        let sql = format!("SELECT ?fields FROM {} AS v", of_some_accounts());
        let mut rows = Vec::new();
        for chunk in account_ids.chunks(IDS_PER_STATEMENT) {
            let ids: Vec<&str> = chunk.iter().map(|id| id.as_str()).collect();
            let query = self.client().query(&sql).param("accounts", ids);
            rows.extend(self.fetch("read some accounts", query).await?);
        }
        Ok(rows)
    }

    async fn one_account<T: RowOwned + RowRead>(
        &self,
        account_id: &AccountId,
    ) -> Result<T, StoreError> {
        let rows = self.some_accounts(&[account_id]).await?;
        rows.into_iter()
            .next()
            .ok_or_else(|| StoreError::UnknownAccount {
                account_id: account_id.clone(),
            })
    }
}
