//! The ledger of runs, `collector_runs` and `run_targets`: a run is written twice, a target once it has ended.

use chrono::{DateTime, TimeDelta, Utc};
use clickhouse::Row;
use polo_core::{AccountId, RunOutcome, TargetOutcome, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Store, StoreError, TableRow};

/// One attempt at a run, as the ledger holds it.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct RunRow {
    /// The run.
    #[serde(with = "clickhouse::serde::uuid")]
    pub run_id: Uuid,
    /// 1 for the first attempt; Lambda's retries follow.
    pub attempt: u16,
    /// The sweep.
    #[serde(with = "clickhouse::serde::uuid")]
    pub sweep_id: Uuid,
    /// The account.
    pub account_id: String,
    /// The collector.
    pub collector: String,
    /// `schedule`, `event` or `manual`.
    pub trigger: String,
    /// Lambda's request id, which its own retries keep.
    pub request_id: String,
    /// The regions that a manual run was limited to; empty means all.
    pub regions: Vec<String>,
    /// When it began.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    pub started_at: DateTime<Utc>,
    /// When the function's time is up.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    pub deadline_at: DateTime<Utc>,
    /// When its last row was stored; none while it runs, and for good if it crashed.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    pub finished_at: Option<DateTime<Utc>>,
    /// Empty while it runs, else `complete`, `partial`, `failed` or `skipped`.
    pub outcome: String,
    /// The class of a failure, else empty.
    pub error_class: String,
    /// Why it failed or was skipped, else empty.
    pub reason: String,
    /// How many targets it had.
    pub targets: u32,
    /// How many of them are conclusive.
    pub targets_conclusive: u32,
    /// How many resources it saw.
    pub resources_seen: u64,
    /// How many rows it wrote.
    pub rows_written: u64,
    /// The version of the code.
    pub code_version: String,
    /// Of two rows of one attempt the later counts.
    pub _version: u64,
}

impl TableRow for RunRow {
    const TABLE: &'static str = "collector_runs";
}

impl RunRow {
    /// Sets what the run came to.
    pub fn set_outcome(&mut self, outcome: &RunOutcome, reason: String, finished_at: Timestamp) {
        self.outcome = outcome.as_str().to_owned();
        self.error_class = match outcome {
            RunOutcome::Failed(class) => class.to_string(),
            RunOutcome::Complete | RunOutcome::Partial | RunOutcome::Skipped(_) => String::new(),
        };
        self.reason = match outcome {
            RunOutcome::Skipped(why) => why.clone(),
            RunOutcome::Complete | RunOutcome::Partial | RunOutcome::Failed(_) => reason,
        };
        self.finished_at = Some(finished_at);
    }
}

/// How one target ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetRecord {
    /// The region, or `global`.
    pub region: String,
    /// When its first call was made.
    pub started_at: Timestamp,
    /// When its last row was stored.
    pub finished_at: Timestamp,
    /// How it ended.
    pub outcome: TargetOutcome,
    /// How many resources it saw.
    pub resources_seen: u64,
    /// How many rows it wrote.
    pub rows_written: u64,
}

#[derive(Row, Serialize)]
struct TargetRow {
    #[serde(with = "clickhouse::serde::uuid")]
    run_id: Uuid,
    attempt: u16,
    account_id: String,
    collector: String,
    region: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    started_at: DateTime<Utc>,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    finished_at: DateTime<Utc>,
    outcome: String,
    error_class: String,
    action: String,
    message: String,
    resources_seen: u64,
    rows_written: u64,
    _version: u64,
}

impl TableRow for TargetRow {
    const TABLE: &'static str = "run_targets";
}

/// How one target of a run ended, as the ledger holds it.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct StoredTarget {
    /// The run.
    #[serde(with = "clickhouse::serde::uuid")]
    pub run_id: Uuid,
    /// The attempt.
    pub attempt: u16,
    /// The region, or `global`.
    pub region: String,
    /// When its first call was made.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    pub started_at: DateTime<Utc>,
    /// When its last row was stored.
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    pub finished_at: DateTime<Utc>,
    /// `complete`, `denied`, `region_disabled`, `not_enabled` or `failed`.
    pub outcome: String,
    /// The class of what went wrong, else empty.
    pub error_class: String,
    /// The IAM action that met it, else empty.
    pub action: String,
    /// AWS's words, else empty.
    pub message: String,
    /// How many resources it saw.
    pub resources_seen: u64,
    /// How many rows it wrote.
    pub rows_written: u64,
}

/// How long after its deadline a run without a finish counts as crashed, as in the view `v_accounts`.
pub const CRASH_GRACE: TimeDelta = TimeDelta::minutes(5);

/// Which runs are wanted; the default is all.
#[derive(Debug, Clone, Default)]
pub struct RunFilter<'a> {
    /// Only of this account.
    pub account_id: Option<&'a AccountId>,
    /// Only of this collector.
    pub collector: Option<&'a str>,
    /// Only those that began then or later.
    pub since: Option<Timestamp>,
    /// Only those that stand so at that time: with this outcome, `running` or `crashed`.
    pub standing: Option<(&'a str, Timestamp)>,
}

impl Store {
    /// How the targets of these runs of one account ended, by run, attempt and region.
    pub async fn targets_of(
        &self,
        account_id: &AccountId,
        runs: &[Uuid],
    ) -> Result<Vec<StoredTarget>, StoreError> {
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = runs.iter().map(Uuid::to_string).collect();
        let query = self
            .client()
            .query(
                "SELECT ?fields FROM run_targets FINAL
                 WHERE account_id = {account:String} AND run_id IN {runs:Array(UUID)}
                 ORDER BY run_id, attempt, region",
            )
            .param("account", account_id.as_str())
            .param("runs", ids);
        self.fetch("read run_targets", query).await
    }

    /// The attempts at a run so far, oldest first.
    pub async fn attempts(
        &self,
        run_id: Uuid,
        account_id: &AccountId,
    ) -> Result<Vec<RunRow>, StoreError> {
        let query = self
            .client()
            .query("SELECT ?fields FROM collector_runs FINAL WHERE account_id = {id:String} AND run_id = {run:UUID} ORDER BY attempt")
            .param("id", account_id.as_str())
            .param("run", run_id.to_string());
        self.fetch("read collector_runs", query).await
    }

    /// The latest runs, newest first; of one account where one is given.
    pub async fn latest_runs(
        &self,
        account_id: Option<&AccountId>,
        limit: u32,
    ) -> Result<Vec<RunRow>, StoreError> {
        let filter = RunFilter {
            account_id,
            ..RunFilter::default()
        };
        self.runs(&filter, limit).await
    }

    /// The latest runs that the filter admits, newest first.
    pub async fn runs(
        &self,
        filter: &RunFilter<'_>,
        limit: u32,
    ) -> Result<Vec<RunRow>, StoreError> {
        let (standing, now) = filter.standing.unwrap_or_default();
        let query = self
            .client()
            .query(
                "SELECT ?fields FROM collector_runs FINAL
                 WHERE ({id:String} = '' OR account_id = {id:String})
                   AND ({collector:String} = '' OR collector = {collector:String})
                   AND started_at >= fromUnixTimestamp64Milli({since:Int64})
                   AND ({standing:String} = '' OR {standing:String} = multiIf(
                        finished_at IS NOT NULL, outcome,
                        deadline_at < fromUnixTimestamp64Milli({crashed_before:Int64}), 'crashed', 'running'))
                 ORDER BY started_at DESC, account_id, collector LIMIT {limit:UInt32}",
            )
            .param("id", filter.account_id.map_or("", AccountId::as_str))
            .param("collector", filter.collector.unwrap_or_default())
            .param("since", filter.since.unwrap_or_default().timestamp_millis())
            .param("standing", standing)
            .param("crashed_before", (now - CRASH_GRACE).timestamp_millis())
            .param("limit", limit);
        self.fetch("read collector_runs", query).await
    }

    /// The attempts at all runs of a sweep that have begun.
    pub async fn runs_of_sweep(&self, sweep_id: Uuid) -> Result<Vec<RunRow>, StoreError> {
        let query = self
            .client()
            .query("SELECT ?fields FROM collector_runs FINAL WHERE sweep_id = {sweep:UUID}")
            .param("sweep", sweep_id.to_string());
        self.fetch("read collector_runs", query).await
    }

    /// The newest run of each collector in one account, by collector. A run over chosen regions says nothing of the
    /// others, and a skipped run nothing at all, so neither counts.
    pub async fn newest_full_runs(
        &self,
        account_id: &AccountId,
    ) -> Result<Vec<RunRow>, StoreError> {
        let query = self
            .client()
            .query(
                "SELECT ?fields FROM collector_runs FINAL
                 WHERE account_id = {id:String} AND empty(regions) AND outcome != 'skipped'
                 ORDER BY collector, started_at DESC, attempt DESC LIMIT 1 BY collector",
            )
            .param("id", account_id.as_str());
        self.fetch("read collector_runs", query).await
    }

    /// Writes an attempt at a run as it stands now.
    pub async fn write_run(&self, run: &mut RunRow) -> Result<(), StoreError> {
        run._version = self.version().await?;
        self.insert("write collector_runs", std::slice::from_ref(run))
            .await
    }

    /// Writes how targets of an attempt ended.
    pub async fn write_targets(
        &self,
        run: &RunRow,
        targets: &[TargetRecord],
    ) -> Result<(), StoreError> {
        let version = self.version().await?;
        let rows: Vec<TargetRow> = targets
            .iter()
            .map(|target| {
                let (action, message) = match &target.outcome {
                    TargetOutcome::Denied {
                        action, message, ..
                    }
                    | TargetOutcome::Failed {
                        action, message, ..
                    } => (action.clone(), message.clone()),
                    TargetOutcome::Complete
                    | TargetOutcome::RegionDisabled
                    | TargetOutcome::NotEnabled => (String::new(), String::new()),
                };
                TargetRow {
                    run_id: run.run_id,
                    attempt: run.attempt,
                    account_id: run.account_id.clone(),
                    collector: run.collector.clone(),
                    region: target.region.clone(),
                    started_at: target.started_at,
                    finished_at: target.finished_at,
                    outcome: target.outcome.as_str().to_owned(),
                    error_class: target
                        .outcome
                        .class()
                        .map(|class| class.to_string())
                        .unwrap_or_default(),
                    action,
                    message,
                    resources_seen: target.resources_seen,
                    rows_written: target.rows_written,
                    _version: version,
                }
            })
            .collect();
        self.insert("write run_targets", &rows).await
    }
}
