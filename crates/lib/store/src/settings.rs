//! What operators decide, in `account_settings`: one row per account and setting, so that two edits never meet.

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_core::{AccountId, RoleArn, Timestamp, Version};
use serde::{Deserialize, Serialize};

use crate::{Store, StoreError, TableRow};

/// One decision about one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// Not to be monitored, with the reason and until when (for good, if no end is given).
    Excluded {
        /// Why.
        reason: String,
        /// Until when.
        until: Option<Timestamp>,
    },
    /// To be monitored again.
    Included {
        /// Why.
        reason: String,
    },
    /// Another read role than the built one; `None` goes back to the built one.
    ReadRole(Option<RoleArn>),
    /// Another action role than the built one; `None` goes back to the built one.
    ActionRole(Option<RoleArn>),
    /// What the account is for: `customer`, `testing`, `sales`, `internal`, …
    AccountRole(String),
    /// Who answers for it.
    Owner(String),
}

impl Setting {
    /// Column values: setting, value, reason, expiry.
    fn columns(&self) -> (&'static str, String, String, Option<Timestamp>) {
        let arn = |arn: &Option<RoleArn>| arn.as_ref().map(ToString::to_string).unwrap_or_default();
        match self {
            Self::Excluded { reason, until } => {
                ("excluded", "true".to_owned(), reason.clone(), *until)
            }
            Self::Included { reason } => ("excluded", "false".to_owned(), reason.clone(), None),
            Self::ReadRole(role) => ("read_role_arn", arn(role), String::new(), None),
            Self::ActionRole(role) => ("action_role_arn", arn(role), String::new(), None),
            Self::AccountRole(text) => ("account_role", text.clone(), String::new(), None),
            Self::Owner(text) => ("owner", text.clone(), String::new(), None),
        }
    }
}

#[derive(Row, Serialize)]
struct SettingRow {
    account_id: String,
    setting: String,
    value: String,
    reason: String,
    author: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    expires_at: Option<DateTime<Utc>>,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    updated_at: DateTime<Utc>,
    _version: Version,
}

impl TableRow for SettingRow {
    const TABLE: &'static str = "account_settings";
}

/// The decision in force for one setting, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct StoredSetting {
    /// `excluded`, `read_role_arn`, `action_role_arn`, `account_role` or `owner`.
    pub setting: String,
    /// Its value; empty goes back to the default.
    pub value: String,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub author: String,
    /// Until when it holds.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was decided.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    pub updated_at: DateTime<Utc>,
}

impl Store {
    /// What operators last decided about one account, by setting.
    pub async fn settings_of(
        &self,
        account_id: &AccountId,
    ) -> Result<Vec<StoredSetting>, StoreError> {
        let query = self
            .client()
            .query("SELECT ?fields FROM account_settings FINAL WHERE account_id = {id:String} ORDER BY setting")
            .param("id", account_id.as_str());
        self.fetch("read account_settings", query).await
    }

    /// Stores decisions about one account, and shows them in `aws_accounts` at once.
    ///
    /// # Errors
    /// [`StoreError::UnknownAccount`] where the registry does not hold the account: nothing is written then.
    pub async fn decide(
        &self,
        account_id: &AccountId,
        author: &str,
        settings: &[Setting],
    ) -> Result<(), StoreError> {
        self.account(account_id).await?;
        let version = self.version().await?;
        let updated_at = version.at();
        let rows: Vec<SettingRow> = settings
            .iter()
            .map(|decision| {
                let (setting, value, reason, expires_at) = decision.columns();
                SettingRow {
                    account_id: account_id.to_string(),
                    setting: setting.to_owned(),
                    value,
                    reason,
                    author: author.to_owned(),
                    expires_at,
                    updated_at,
                    _version: version,
                }
            })
            .collect();
        self.insert(&rows).await?;
        self.copy_account(account_id).await
    }
}
