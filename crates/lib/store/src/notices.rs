//! What people were last told of accounts, `coverage_notices`: one row per account and kind of concern.
//!
//! Invariant: a notice is open only after it was told, so what was not taken is told again. What is about to be told is
//! written closed, as never told: that shows that the note can be written too.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_core::{AccountId, Timestamp, Version};
use serde::{Deserialize, Serialize};

use crate::{Store, StoreError, TableRow};

/// What can be wrong with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConcernKind {
    /// Polo cannot see it.
    Access,
    /// Polo sees it, and cannot collect all of it.
    Collecting,
}

impl ConcernKind {
    /// The kind as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Collecting => "collecting",
        }
    }
}

impl fmt::Display for ConcernKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no kind of concern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of concern {0:?}: it is access or collecting")]
pub struct UnknownConcernKind(pub String);

impl FromStr for ConcernKind {
    type Err = UnknownConcernKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Access, Self::Collecting]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownConcernKind(text.to_owned()))
    }
}

/// How a concern ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// The account is well again, and that was told.
    Healed,
    /// The account is no longer watched; nobody is told.
    Excluded,
    /// It was about to be told for the first time, and it is not known that it was.
    Untold,
}

impl Resolution {
    /// The resolution as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healed => "healed",
            Self::Excluded => "excluded",
            Self::Untold => "",
        }
    }
}

/// What was told of one concern of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The account.
    pub account_id: AccountId,
    /// Which concern.
    pub kind: ConcernKind,
    /// The cause that was last told.
    pub cause: String,
    /// When it was first told.
    pub opened_at: Timestamp,
    /// When it was last told.
    pub last_told_at: Timestamp,
    /// How often, the first time included; 0 where it never was.
    pub told_times: u32,
    /// How and when it ended; none while it is open.
    pub resolved: Option<(Resolution, Timestamp)>,
}

#[derive(Row, Serialize)]
struct NoticeRow {
    account_id: String,
    kind: String,
    cause: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    opened_at: DateTime<Utc>,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    last_told_at: DateTime<Utc>,
    told_times: u32,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    resolved_at: Option<DateTime<Utc>>,
    resolution: String,
    _version: Version,
}

impl TableRow for NoticeRow {
    const TABLE: &'static str = "coverage_notices";
}

#[derive(Row, Deserialize)]
struct OpenNotice {
    account_id: String,
    kind: String,
    cause: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    opened_at: DateTime<Utc>,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    last_told_at: DateTime<Utc>,
    told_times: u32,
}

impl OpenNotice {
    fn notice(self) -> Result<Notice, StoreError> {
        let unreadable = |column, value: &str, problem: String| StoreError::Unreadable {
            table: NoticeRow::TABLE,
            column,
            value: value.to_owned(),
            problem,
        };
        Ok(Notice {
            account_id: self
                .account_id
                .parse()
                .map_err(|e: polo_core::InvalidAccountId| {
                    unreadable("account_id", &self.account_id, e.to_string())
                })?,
            kind: self
                .kind
                .parse()
                .map_err(|e: UnknownConcernKind| unreadable("kind", &self.kind, e.to_string()))?,
            cause: self.cause,
            opened_at: self.opened_at,
            last_told_at: self.last_told_at,
            told_times: self.told_times,
            resolved: None,
        })
    }
}

impl Store {
    /// The notices that are open, by account and kind.
    pub async fn open_notices(&self) -> Result<Vec<Notice>, StoreError> {
        let query = self.client().query(
            "SELECT ?fields FROM coverage_notices FINAL WHERE resolved_at IS NULL ORDER BY account_id, kind",
        );
        let rows: Vec<OpenNotice> = self.fetch("read coverage_notices", query).await?;
        rows.into_iter().map(OpenNotice::notice).collect()
    }

    /// Notes what has been told, or is about to be. `version` is the server's clock, asked before the accounts were read:
    /// of two invocations at once the one that began last wins.
    pub async fn write_notices(
        &self,
        version: Version,
        notices: &[Notice],
    ) -> Result<(), StoreError> {
        let rows: Vec<NoticeRow> = notices
            .iter()
            .map(|notice| NoticeRow {
                account_id: notice.account_id.to_string(),
                kind: notice.kind.to_string(),
                cause: notice.cause.clone(),
                opened_at: notice.opened_at,
                last_told_at: notice.last_told_at,
                told_times: notice.told_times,
                resolved_at: notice.resolved.map(|(_, at)| at),
                resolution: notice
                    .resolved
                    .map(|(how, _)| how.as_str())
                    .unwrap_or_default()
                    .to_owned(),
                _version: version,
            })
            .collect();
        self.insert(&rows).await
    }
}
