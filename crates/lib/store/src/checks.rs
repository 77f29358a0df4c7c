//! The history of access checks, `access_checks`: appended to by discovery and verifier, never changed.

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_core::{AccountId, RoleKind, Timestamp, Verdict};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Store, StoreError, TableRow};

/// One access check that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessCheck {
    /// The same for every delivery of the same invocation.
    pub check_id: Uuid,
    /// The account that was asked for.
    pub account_id: AccountId,
    /// Which of its roles.
    pub role: RoleKind,
    /// The role's ARN.
    pub role_arn: String,
    /// When.
    pub checked_at: Timestamp,
    /// What it says of the role.
    pub verdict: Verdict,
    /// The class of the failure, empty on success.
    pub error_class: String,
    /// AWS's code, empty on success.
    pub error_code: String,
    /// AWS's words, empty on success.
    pub message: String,
    /// The identity in the answer, empty on failure.
    pub assumed_role_arn: String,
    /// When to ask again.
    pub next_check_at: Timestamp,
    /// The function that asked.
    pub checked_by: String,
    /// How long the call took.
    pub duration_ms: u32,
}

#[derive(Row, Serialize, Deserialize)]
struct CheckRow {
    #[serde(with = "clickhouse::serde::uuid")]
    check_id: Uuid,
    account_id: String,
    role_kind: String,
    role_arn: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    checked_at: DateTime<Utc>,
    verdict: String,
    error_class: String,
    error_code: String,
    message: String,
    assumed_role_arn: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    next_check_at: DateTime<Utc>,
    checked_by: String,
    duration_ms: u32,
}

impl TableRow for CheckRow {
    const TABLE: &'static str = "access_checks";
}

#[derive(Row, Deserialize)]
struct CheckId {
    #[serde(with = "clickhouse::serde::uuid")]
    check_id: Uuid,
}

/// How many UUIDs one statement takes: as a parameter they stay below 64 KiB.
const IDS_PER_STATEMENT: usize = 1_500;

impl Store {
    /// Appends checks.
    pub async fn write_access_checks(&self, checks: &[AccessCheck]) -> Result<(), StoreError> {
        let rows: Vec<CheckRow> = checks
            .iter()
            .map(|check| CheckRow {
                check_id: check.check_id,
                account_id: check.account_id.to_string(),
                role_kind: check.role.as_str().to_owned(),
                role_arn: check.role_arn.clone(),
                checked_at: check.checked_at,
                verdict: check.verdict.as_str().to_owned(),
                error_class: check.error_class.clone(),
                error_code: check.error_code.clone(),
                message: check.message.clone(),
                assumed_role_arn: check.assumed_role_arn.clone(),
                next_check_at: check.next_check_at,
                checked_by: check.checked_by.clone(),
                duration_ms: check.duration_ms,
            })
            .collect();
        self.insert(&rows).await
    }

    /// Which of these checks have been made already. Each account's history is read by its key.
    pub async fn checks_already_made(
        &self,
        checks: &[(AccountId, Uuid)],
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut made = Vec::new();
        for chunk in checks.chunks(IDS_PER_STATEMENT) {
            let accounts: Vec<&str> = chunk.iter().map(|(account, _)| account.as_str()).collect();
            let ids: Vec<String> = chunk.iter().map(|(_, id)| id.to_string()).collect();
            let query = self
                .client()
                .query(
                    "SELECT DISTINCT check_id FROM access_checks
                     WHERE account_id IN {accounts:Array(String)} AND check_id IN {ids:Array(UUID)}",
                )
                .param("accounts", accounts)
                .param("ids", ids);
            let rows: Vec<CheckId> = self.fetch("read access_checks", query).await?;
            made.extend(rows.into_iter().map(|row| row.check_id));
        }
        Ok(made)
    }

    /// The last checks of an account, newest first.
    pub async fn access_history(
        &self,
        account_id: &AccountId,
        limit: u32,
    ) -> Result<Vec<AccessCheck>, StoreError> {
        let query = self
            .client()
            .query("SELECT ?fields FROM access_checks FINAL WHERE account_id = {id:String} ORDER BY checked_at DESC, check_id LIMIT {limit:UInt32}")
            .param("id", account_id.as_str())
            .param("limit", limit);
        let rows: Vec<CheckRow> = self.fetch("read access_checks", query).await?;
        rows.into_iter()
            .map(|row| {
                let unreadable = |column, value: &str, problem: String| StoreError::Unreadable {
                    table: CheckRow::TABLE,
                    column,
                    value: value.to_owned(),
                    problem,
                };
                Ok(AccessCheck {
                    check_id: row.check_id,
                    account_id: account_id.clone(),
                    role: row.role_kind.parse().map_err(
                        |e: polo_core::check::UnknownRoleKind| {
                            unreadable("role_kind", &row.role_kind, e.to_string())
                        },
                    )?,
                    role_arn: row.role_arn,
                    checked_at: row.checked_at,
                    verdict: match row.verdict.as_str() {
                        "success" => Verdict::Success,
                        "denied" => Verdict::Denied,
                        "inconclusive" => Verdict::Inconclusive,
                        other => {
                            return Err(unreadable("verdict", other, "unknown verdict".to_owned()));
                        }
                    },
                    error_class: row.error_class,
                    error_code: row.error_code,
                    message: row.message,
                    assumed_role_arn: row.assumed_role_arn,
                    next_check_at: row.next_check_at,
                    checked_by: row.checked_by,
                    duration_ms: row.duration_ms,
                })
            })
            .collect()
    }
}
