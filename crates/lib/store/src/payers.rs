//! Who pays for whom: `account_payers`, and the views over it.
//!
//! Invariant: an answer is never overwritten by a failure to ask again.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_core::{AccountId, ErrorClass, PoloStatus, Timestamp, Version};
use serde::{Deserialize, Serialize};

use crate::accounts::IDS_PER_STATEMENT;
use crate::facts::EXPLICIT;
use crate::{Store, StoreError, TableRow};

/// What an account answered when it was asked who pays for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayerAnswer {
    /// Its organization's management account, or itself.
    Payer {
        /// Who pays.
        payer_account_id: AccountId,
        /// The organization; empty where it is in none.
        organization_id: String,
    },
    /// It could not be asked.
    Failure {
        /// Why.
        class: ErrorClass,
        /// In AWS's words.
        message: String,
    },
}

/// An account that is watched, or that pays, and who pays for it, as `v_account_payers` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidAccount {
    /// The account.
    pub account_id: AccountId,
    /// Its status.
    pub status: PoloStatus,
    /// Who pays for it; none where that is not known.
    pub payer: Option<AccountId>,
}

#[derive(Row, Deserialize)]
struct PaidRow {
    account_id: AccountId,
    polo_status: String,
    payer_account_id: String,
}

impl PaidRow {
    fn read(self) -> Result<PaidAccount, StoreError> {
        let unreadable = |column, value: &str, problem: String| StoreError::Unreadable {
            table: "v_account_payers",
            column,
            value: value.to_owned(),
            problem,
        };
        let status =
            self.polo_status
                .parse()
                .map_err(|error: polo_core::status::UnknownPoloStatus| {
                    unreadable("polo_status", &self.polo_status, error.to_string())
                })?;
        let payer = match self.payer_account_id.as_str() {
            "" => None,
            id => Some(id.parse().map_err(|error: polo_core::InvalidAccountId| {
                unreadable("payer_account_id", id, error.to_string())
            })?),
        };
        Ok(PaidAccount {
            account_id: self.account_id,
            status,
            payer,
        })
    }
}

#[derive(Row, Serialize)]
struct AnswerRow {
    account_id: String,
    answered: bool,
    payer_account_id: String,
    organization_id: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    asked_at: DateTime<Utc>,
    error_class: String,
    message: String,
    _version: Version,
}

impl TableRow for AnswerRow {
    const TABLE: &'static str = "account_payers";
}

/// The organizations that were listed completely: their management accounts pay. A configured list is none.
fn listed() -> String {
    format!(
        "SELECT organization_id FROM discovery_states
         WHERE organization_id NOT IN ('', '{EXPLICIT}') AND last_complete_at > toDateTime64(0, 3, 'UTC')"
    )
}

/// The account in the parameter `id` if it pays, else nothing.
pub(crate) fn pays_sql() -> String {
    let listed = listed();
    format!(
        "SELECT account_id FROM account_facts FINAL
         WHERE account_id = {{id:String}}
             AND ((is_management AND membership = 'member' AND organization_id != '')
                 OR (organization_id NOT IN ({listed}) AND account_id IN
                     (SELECT account_id FROM account_payers FINAL
                      WHERE account_id = {{id:String}} AND answered AND payer_account_id = {{id:String}})))"
    )
}

#[derive(Row, Deserialize)]
struct AccountIdRow {
    account_id: String,
}

impl Store {
    /// Every account that is watched, with who pays for it, by id. Reads the registry once.
    pub async fn paid_accounts(&self) -> Result<Vec<PaidAccount>, StoreError> {
        let query = self
            .client()
            .query("SELECT ?fields FROM v_account_payers ORDER BY account_id");
        let rows: Vec<PaidRow> = self.fetch("read v_account_payers", query).await?;
        rows.into_iter().map(PaidRow::read).collect()
    }

    /// Whether an account pays: it is the management account of a listed organization, or it answered that it pays for
    /// itself and its organization was never listed. Of accounts, only its own rows are read.
    pub async fn pays(&self, account_id: &AccountId) -> Result<bool, StoreError> {
        let query = self
            .client()
            .query(&pays_sql())
            .param("id", account_id.as_str());
        let rows: Vec<AccountIdRow> = self.fetch("read account_payers", query).await?;
        Ok(!rows.is_empty())
    }

    /// Those of these accounts that have to be asked who pays for them: no listing tells, the last answer is older
    /// than `answered_before`, and no attempt has failed since `failed_before`. Of accounts, only their own rows are read.
    pub async fn lacking_payer(
        &self,
        account_ids: &[&AccountId],
        answered_before: Timestamp,
        failed_before: Timestamp,
    ) -> Result<BTreeSet<String>, StoreError> {
        let listed = listed();
        let sql = format!(
            "SELECT account_id FROM account_facts FINAL
             WHERE account_id IN {{accounts:Array(String)}} AND organization_id NOT IN ({listed}) AND account_id NOT IN
                 (SELECT account_id FROM account_payers FINAL
                  WHERE account_id IN {{accounts:Array(String)}}
                      AND asked_at >= fromUnixTimestamp64Milli(if(answered, {{answered:Int64}}, {{failed:Int64}}), 'UTC'))"
        );
        let mut lacking = BTreeSet::new();
        for chunk in account_ids.chunks(IDS_PER_STATEMENT) {
            let ids: Vec<&str> = chunk.iter().map(|id| id.as_str()).collect();
            let query = self
                .client()
                .query(&sql)
                .param("accounts", ids)
                .param("answered", answered_before.timestamp_millis())
                .param("failed", failed_before.timestamp_millis());
            let rows: Vec<AccountIdRow> = self.fetch("read account_payers", query).await?;
            lacking.extend(rows.into_iter().map(|row| row.account_id));
        }
        Ok(lacking)
    }

    /// Stores what accounts answered when they were asked who pays for them.
    pub async fn write_payer_answers(
        &self,
        asked_at: Timestamp,
        answers: &[(AccountId, PayerAnswer)],
    ) -> Result<(), StoreError> {
        if answers.is_empty() {
            return Ok(());
        }
        let version = self.version().await?;
        let rows: Vec<AnswerRow> = answers
            .iter()
            .map(|(account_id, answer)| {
                let (payer, organization_id, class, message) = match answer {
                    PayerAnswer::Payer {
                        payer_account_id,
                        organization_id,
                    } => (payer_account_id.as_str(), organization_id.as_str(), "", ""),
                    PayerAnswer::Failure { class, message } => {
                        ("", "", class.as_str(), message.as_str())
                    }
                };
                AnswerRow {
                    account_id: account_id.to_string(),
                    answered: !payer.is_empty(),
                    payer_account_id: payer.to_owned(),
                    organization_id: organization_id.to_owned(),
                    asked_at,
                    error_class: class.to_owned(),
                    message: message.to_owned(),
                    _version: version,
                }
            })
            .collect();
        self.insert(&rows).await
    }
}
