//! Who pays for whom: `account_payers`, and the views over it.
//!
//! Invariant: an answer is never overwritten by a failure to ask again.

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_core::{AccountId, ErrorClass, Timestamp};
use serde::{Deserialize, Serialize};

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

/// An account that pays, and whether it can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct PayerRow {
    /// The payer; empty for the accounts whose payer is not known.
    pub payer_account_id: String,
    /// Whether it is active.
    pub visible: bool,
    /// The accounts that it pays for, sorted.
    pub accounts: Vec<String>,
    /// Why it is not visible; empty if it is.
    pub explanation: String,
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
    _version: u64,
}

impl TableRow for AnswerRow {
    const TABLE: &'static str = "account_payers";
}

/// The organizations that were listed completely: their management accounts pay.
const LISTED: &str = "SELECT organization_id FROM discovery_states
    WHERE organization_id != '' AND last_complete_at > toDateTime64(0, 3, 'UTC')";

#[derive(Row, Deserialize)]
struct AccountIdRow {
    account_id: String,
}

impl Store {
    /// Every payer of accounts that are watched.
    pub async fn payers(&self) -> Result<Vec<PayerRow>, StoreError> {
        let query = self
            .client()
            .query("SELECT ?fields FROM v_payers ORDER BY payer_account_id");
        self.fetch("read v_payers", query).await
    }

    /// Whether an account pays: it is the management account of a listed organization, or it answered that it pays for
    /// itself and its organization was never listed. Of accounts, only its own rows are read.
    pub async fn pays(&self, account_id: &AccountId) -> Result<bool, StoreError> {
        let sql = format!(
            "SELECT account_id FROM account_facts FINAL
             WHERE account_id = {{id:String}}
                 AND ((is_management AND membership = 'member' AND organization_id != '')
                     OR (organization_id NOT IN ({LISTED}) AND account_id IN
                         (SELECT account_id FROM account_payers FINAL
                          WHERE account_id = {{id:String}} AND answered AND payer_account_id = {{id:String}})))"
        );
        let query = self.client().query(&sql).param("id", account_id.as_str());
        let rows: Vec<AccountIdRow> = self.fetch("read account_payers", query).await?;
        Ok(!rows.is_empty())
    }

    /// The active accounts that have to be asked who pays for them: no listing tells, the last answer is older than
    /// `answered_before`, and no attempt has failed since `failed_before`.
    pub async fn accounts_without_payer(
        &self,
        answered_before: Timestamp,
        failed_before: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let query = self
            .client()
            .query(
                "SELECT account_id FROM v_account_payers
                 WHERE polo_status = 'active' AND told_by != 'organization'
                   AND (answered_at IS NULL OR answered_at < fromUnixTimestamp64Milli({answered:Int64}, 'UTC'))
                   AND (failed_at IS NULL OR failed_at < fromUnixTimestamp64Milli({failed:Int64}, 'UTC'))
                 ORDER BY account_id",
            )
            .param("answered", answered_before.timestamp_millis())
            .param("failed", failed_before.timestamp_millis());
        let rows: Vec<AccountIdRow> = self.fetch("read v_account_payers", query).await?;
        Ok(rows.into_iter().map(|row| row.account_id).collect())
    }

    /// The same question of one account, whatever its status. Of accounts, only its own rows are read.
    pub async fn lacks_payer(
        &self,
        account_id: &AccountId,
        answered_before: Timestamp,
        failed_before: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = format!(
            "SELECT account_id FROM account_facts FINAL
             WHERE account_id = {{id:String}} AND organization_id NOT IN ({LISTED}) AND account_id NOT IN
                 (SELECT account_id FROM account_payers FINAL
                  WHERE account_id = {{id:String}}
                      AND asked_at >= fromUnixTimestamp64Milli(if(answered, {{answered:Int64}}, {{failed:Int64}}), 'UTC'))"
        );
        let query = self
            .client()
            .query(&sql)
            .param("id", account_id.as_str())
            .param("answered", answered_before.timestamp_millis())
            .param("failed", failed_before.timestamp_millis());
        let rows: Vec<AccountIdRow> = self.fetch("read account_payers", query).await?;
        Ok(!rows.is_empty())
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
        self.insert("write account_payers", &rows).await
    }
}
