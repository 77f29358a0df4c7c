//! What the dispatcher asked for, `dispatches`: requested before the event is sent, then accepted or rejected.

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_core::{AccountId, CollectorId, Timestamp, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Store, StoreError, TableRow};

/// How far a dispatch came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DispatchOutcome {
    /// Noted, not yet sent.
    Requested,
    /// EventBridge took the event.
    Accepted {
        /// The event's id.
        event_id: String,
    },
    /// EventBridge did not take it, however often it was asked.
    Rejected {
        /// Its code.
        code: String,
        /// Its words.
        message: String,
    },
}

/// One collector asked for in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatch {
    /// The run that is to come of it.
    pub run_id: Uuid,
    /// The sweep it belongs to.
    pub sweep_id: Uuid,
    /// The account.
    pub account_id: AccountId,
    /// The collector.
    pub collector: CollectorId,
    /// What set the dispatcher off.
    pub trigger: String,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// How far it came.
    pub outcome: DispatchOutcome,
}

#[derive(Row, Serialize)]
struct DispatchRow {
    #[serde(with = "clickhouse::serde::uuid")]
    run_id: Uuid,
    #[serde(with = "clickhouse::serde::uuid")]
    sweep_id: Uuid,
    account_id: AccountId,
    collector: CollectorId,
    trigger: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    requested_at: DateTime<Utc>,
    outcome: String,
    event_id: String,
    error_code: String,
    message: String,
    _version: Version,
}

impl TableRow for DispatchRow {
    const TABLE: &'static str = "dispatches";
}

/// What the dispatcher needs to know of one active account × collector.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct DispatchState {
    /// The account.
    pub account_id: AccountId,
    /// The collector.
    pub collector: CollectorId,
    /// When it was last asked for and EventBridge took it.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    pub last_accepted_at: Option<DateTime<Utc>>,
    /// The sweep of that dispatch: a repeated delivery of the sweep does not ask for it again.
    #[serde(with = "clickhouse::serde::uuid::option")]
    pub last_accepted_sweep: Option<Uuid>,
    /// When its last run that covers everything ended, whatever came of it.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    pub last_finished_at: Option<DateTime<Utc>>,
    /// The deadline of the newest run, while that has no finish.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    pub unfinished_until: Option<DateTime<Utc>>,
    /// When the newest run began.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    pub last_started_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Stores how far dispatches came; of two notes of one run the later counts.
    pub async fn write_dispatches(&self, dispatches: &[Dispatch]) -> Result<(), StoreError> {
        if dispatches.is_empty() {
            return Ok(());
        }
        let version = self.version().await?;
        let rows: Vec<DispatchRow> = dispatches
            .iter()
            .map(|dispatch| {
                let (outcome, event_id, error_code, message) = match &dispatch.outcome {
                    DispatchOutcome::Requested => ("requested", "", "", ""),
                    DispatchOutcome::Accepted { event_id } => {
                        ("accepted", event_id.as_str(), "", "")
                    }
                    DispatchOutcome::Rejected { code, message } => {
                        ("rejected", "", code.as_str(), message.as_str())
                    }
                };
                DispatchRow {
                    run_id: dispatch.run_id,
                    sweep_id: dispatch.sweep_id,
                    account_id: dispatch.account_id.clone(),
                    collector: dispatch.collector.clone(),
                    trigger: dispatch.trigger.clone(),
                    requested_at: dispatch.requested_at,
                    outcome: outcome.to_owned(),
                    event_id: event_id.to_owned(),
                    error_code: error_code.to_owned(),
                    message: message.to_owned(),
                    _version: version,
                }
            })
            .collect();
        self.insert(&rows).await
    }

    /// What was asked for and what came of it, for every account × collector that was ever asked for or run.
    pub async fn dispatch_states(&self) -> Result<Vec<DispatchState>, StoreError> {
        self.read_dispatch_states("", &[]).await
    }

    /// The same for one account. What it reads does not depend on how many accounts there are.
    pub async fn dispatch_states_of(
        &self,
        account_id: &AccountId,
    ) -> Result<Vec<DispatchState>, StoreError> {
        self.read_dispatch_states(
            "WHERE account_id IN {accounts:Array(String)}",
            &[account_id.as_str()],
        )
        .await
    }

    async fn read_dispatch_states(
        &self,
        of_accounts: &str,
        accounts: &[&str],
    ) -> Result<Vec<DispatchState>, StoreError> {
        let sql = format!(
            "SELECT ?fields FROM (
                SELECT account_id, collector,
                    nullIf(last_accepted.1, never) AS last_accepted_at,
                    if(last_accepted_at IS NULL, NULL, toNullable(last_accepted.2)) AS last_accepted_sweep,
                    nullIf(last_finished_at, never) AS last_finished_at,
                    if(last_run.5 = 1, NULL, nullIf(last_run.4, never)) AS unfinished_until,
                    nullIf(last_run.1, never) AS last_started_at
                FROM
                (
                    SELECT account_id, toString(collector) AS collector, last_accepted, last_finished_at, last_run,
                        toDateTime64(0, 3, 'UTC') AS never
                    FROM collector_states FINAL {of_accounts}
                )
            ) ORDER BY account_id, collector"
        );
        let mut query = self.client().query(&sql);
        if !accounts.is_empty() {
            query = query.param("accounts", accounts);
        }
        self.fetch("read collector_states", query).await
    }
}
