//! The registry: reading the truth, `v_accounts`, and making its copy for dashboards, `aws_accounts`.

use chrono::{DateTime, Utc};
use clickhouse::{Row, RowOwned, RowRead};
use polo_core::{AccountId, PoloStatus, RoleArn};
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
        self.polo_status
            .parse()
            .map_err(
                |e: polo_core::status::UnknownPoloStatus| StoreError::Unreadable {
                    table: VIEW,
                    column: "polo_status",
                    value: self.polo_status.clone(),
                    problem: e.to_string(),
                },
            )
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

fn parse_role(column: &'static str, arn: &str) -> Result<RoleArn, StoreError> {
    arn.parse()
        .map_err(|e: polo_core::InvalidRoleArn| StoreError::Unreadable {
            table: VIEW,
            column,
            value: arn.to_owned(),
            problem: e.to_string(),
        })
}

/// The copied columns and what they are in the view; version and time of change follow.
const COPIED: [(&str, &str); 14] = [
    ("account_id", "v.account_id"),
    ("account_name", "v.account_name"),
    ("account_email", "v.account_email"),
    ("org_unit", "v.org_unit"),
    ("polo_status", "v.polo_status"),
    ("polo_read_role", "v.polo_read_role"),
    ("polo_action_role", "v.polo_action_role"),
    (
        "last_successful_scan",
        "ifNull(v.last_successful_scan, toDateTime64(0, 3, 'UTC'))",
    ),
    ("last_scan_error", "v.last_scan_error"),
    ("account_role", "v.account_role"),
    ("owner", "v.owner"),
    ("discovered_at", "v.discovered_at"),
    ("organization_id", "v.organization_id"),
    ("status_reason", "v.status_reason"),
];

/// The text of the view, which is the statement for some accounts as well.
const VIEW_TEXT: &str = include_str!("../migrations/0043_v_accounts.sql");

/// How many account ids one statement takes: as a parameter they stay below 64 KiB.
pub(crate) const IDS_PER_STATEMENT: usize = 4_000;

/// `v_accounts` for the accounts in the parameter `accounts`, as a relation. Each table is read by its key.
fn some_accounts() -> String {
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

    async fn one_account<T: RowOwned + RowRead>(
        &self,
        account_id: &AccountId,
    ) -> Result<T, StoreError> {
        let sql = format!("SELECT ?fields FROM {} AS v", some_accounts());
        let query = self
            .client()
            .query(&sql)
            .param("accounts", vec![account_id.as_str()]);
        let rows: Vec<T> = self.fetch("read an account", query).await?;
        rows.into_iter()
            .next()
            .ok_or_else(|| StoreError::UnknownAccount {
                account_id: account_id.clone(),
            })
    }

    /// Brings the whole copy up to date, writing only rows that differ.
    pub async fn copy_accounts(&self) -> Result<(), StoreError> {
        self.copy_from("v_accounts", None).await
    }

    /// Brings one account's copy up to date. It is written even where it looks right: an older, slower copy of the
    /// whole may still be under way with a stale row, and must find a newer one.
    pub async fn copy_account(&self, account_id: &AccountId) -> Result<(), StoreError> {
        self.copy_from(&some_accounts(), Some(account_id)).await
    }

    /// The copy, from a relation of `v_accounts`' columns. Public so that a test can slow the relation down.
    #[doc(hidden)]
    pub async fn copy_from(
        &self,
        source: &str,
        only: Option<&AccountId>,
    ) -> Result<(), StoreError> {
        // First the clock, then the snapshot: the copy that started last has the highest version and has seen every
        // write that was complete by then.
        let version = self.version().await?;
        let columns: Vec<&str> = COPIED.iter().map(|(column, _)| *column).collect();
        let values: Vec<&str> = COPIED.iter().map(|(_, value)| *value).collect();
        let columns = columns.join(", ");
        let (copies, chosen) = match only {
            Some(_) => (
                "WHERE account_id IN {accounts:Array(String)}",
                "1".to_owned(),
            ),
            None => {
                let differs: Vec<String> = COPIED
                    .iter()
                    .map(|(column, value)| format!("a.{column} != {value}"))
                    .collect();
                ("", differs.join(" OR "))
            }
        };
        let sql = format!(
            "INSERT INTO aws_accounts ({columns}, updated_at, _version)
             SELECT {values}, fromUnixTimestamp64Micro(toInt64({version}), 'UTC'), {version}
             FROM {source} AS v
             LEFT JOIN (SELECT * FROM aws_accounts FINAL {copies}) AS a ON a.account_id = v.account_id
             WHERE {chosen}",
            values = values.join(", "),
        );
        let mut query = self
            .client()
            .query_raw(&sql)
            .with_setting("async_insert", "0");
        if let Some(account_id) = only {
            query = query.param("accounts", vec![account_id.as_str()]);
        }
        self.bounded("copy v_accounts to aws_accounts", query.execute())
            .await
    }
}

/// An account whose status is another than its copy shows.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct StatusChange {
    /// The account.
    pub account_id: String,
    /// Its name.
    pub account_name: String,
    /// Its organization.
    pub organization_id: String,
    /// The status that the copy shows; empty for an account that it does not hold yet.
    pub previous_polo_status: String,
    /// The status that holds.
    pub polo_status: String,
    /// Why.
    pub status_reason: String,
}

impl Store {
    /// The accounts whose status has changed since the last copy, by whatever cause; only this one if it is given.
    pub async fn status_changes(
        &self,
        only: Option<&AccountId>,
    ) -> Result<Vec<StatusChange>, StoreError> {
        let (source, copies) = match only {
            Some(_) => (
                some_accounts(),
                "WHERE account_id IN {accounts:Array(String)}",
            ),
            None => ("v_accounts".to_owned(), ""),
        };
        let sql = format!(
            "SELECT v.account_id AS account_id, v.account_name AS account_name, v.organization_id AS organization_id,
                a.polo_status AS previous_polo_status, v.polo_status AS polo_status, v.status_reason AS status_reason
             FROM {source} AS v
             LEFT JOIN (SELECT account_id, toString(polo_status) AS polo_status FROM aws_accounts FINAL {copies}) AS a
                ON a.account_id = v.account_id
             WHERE a.polo_status != v.polo_status
             ORDER BY v.account_id"
        );
        let mut query = self.client().query(&sql);
        if let Some(account_id) = only {
            query = query.param("accounts", vec![account_id.as_str()]);
        }
        self.fetch("read status changes", query).await
    }
}
