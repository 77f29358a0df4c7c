//! What a run asks before it begins: one question, whatever the collector.

use clickhouse::Row;
use polo_core::{AccountId, CollectorId, PoloStatus, Region, RoleArn, Run, Scope, Version};
use serde::Deserialize;
use uuid::Uuid;

use crate::accounts::{of_some_accounts, parse_role, parse_status};
use crate::engine_clock::EngineClock;
use crate::payers::pays_sql;
use crate::runs::{ATTEMPT, Attempt, run_of_attempt};
use crate::{Store, StoreError};

/// What the database says of a run that is about to begin.
#[derive(Debug)]
pub struct Admission {
    /// The account; none if the registry does not hold it.
    pub account: Option<AdmittedAccount>,
    /// Whether the account pays, for itself or an organization. False if the collector does not ask payers.
    pub pays: bool,
    /// Its enabled regions as last seen, sorted; empty if no look-up ever succeeded, or the collector has no regions.
    pub enabled_regions: Vec<Region>,
    /// The last attempt at this run.
    pub last_attempt: Option<Run>,
    /// The database's clock.
    pub clock: EngineClock,
}

/// What a run has to know of its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmittedAccount {
    /// Its status.
    pub status: PoloStatus,
    /// Why.
    pub status_reason: String,
    /// Its organization.
    pub organization_id: String,
    read_role: String,
}

impl AdmittedAccount {
    /// The read role in force.
    pub fn read_role(&self) -> Result<RoleArn, StoreError> {
        parse_role("polo_read_role", &self.read_role)
    }
}

#[derive(Row, Deserialize)]
struct AdmissionRow {
    version: Version,
    polo_status: String,
    status_reason: String,
    polo_read_role: String,
    organization_id: String,
    pays: bool,
    regions: Vec<Region>,
    attempts: Vec<Attempt>,
}

impl Store {
    /// Whether a run may begin, and what it needs for that. Of accounts, only this one's rows are read.
    pub async fn admission(
        &self,
        account_id: &AccountId,
        collector: &CollectorId,
        run_id: Uuid,
        scope: Scope,
    ) -> Result<Admission, StoreError> {
        let pays = match scope {
            Scope::Account | Scope::Region => "0".to_owned(),
            Scope::Payer | Scope::AccountAndPayer => {
                format!("(SELECT count() > 0 FROM ({}))", pays_sql())
            }
        };
        let regions = match scope {
            Scope::Account | Scope::Payer | Scope::AccountAndPayer => "CAST([], 'Array(String)')",
            Scope::Region => {
                "(SELECT arraySort(groupArray(region)) FROM account_regions FINAL WHERE account_id = {id:String} AND enabled)"
            }
        };
        let sql = format!(
            "SELECT toUInt64(toUnixTimestamp64Micro(now64(6))) AS version, any(v.polo_status) AS polo_status,
                 any(v.status_reason) AS status_reason, any(v.polo_read_role) AS polo_read_role,
                 any(v.organization_id) AS organization_id, toBool(ifNull({pays}, 0)) AS pays, {regions} AS regions,
                 (SELECT groupArray({ATTEMPT}) FROM
                     (SELECT * FROM collector_runs FINAL
                      WHERE account_id = {{id:String}} AND run_id = {{run:UUID}} ORDER BY attempt DESC LIMIT 1)) AS attempts
             FROM {} AS v",
            of_some_accounts()
        );
        let query = self
            .client()
            .query(&sql)
            .param("accounts", [account_id.as_str()].as_slice())
            .param("id", account_id.as_str())
            .param("run", run_id.to_string());
        let asked = self.bounded("ask for admission", query.fetch_one::<AdmissionRow>());
        let row = asked.await?;
        let clock = EngineClock::new(row.version);
        let account = match row.polo_status.as_str() {
            "" => None,
            status => Some(AdmittedAccount {
                status: parse_status(status)?,
                status_reason: row.status_reason,
                organization_id: row.organization_id,
                read_role: row.polo_read_role,
            }),
        };
        Ok(Admission {
            account,
            pays: row.pays,
            enabled_regions: row.regions,
            last_attempt: row
                .attempts
                .into_iter()
                .next()
                .map(|attempt| run_of_attempt(run_id, account_id, collector, attempt)),
            clock,
        })
    }
}
