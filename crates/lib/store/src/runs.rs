//! The ledger of runs, `collector_runs` and `run_targets`: a run is written twice, a place once it has ended.

use chrono::{DateTime, TimeDelta, Utc};
use clickhouse::Row;
use polo_core::{
    AccountId, CollectorId, ErrorClass, Place, PlaceResult, Region, Run, RunEnd, RunOutcome,
    TargetOutcome, Timestamp, Totals, Version,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Store, StoreError, TableRow};

#[derive(Row, Serialize, Deserialize)]
struct RunRow {
    #[serde(with = "clickhouse::serde::uuid")]
    run_id: Uuid,
    attempt: u16,
    #[serde(with = "clickhouse::serde::uuid")]
    sweep_id: Uuid,
    account_id: AccountId,
    collector: CollectorId,
    trigger: String,
    request_id: String,
    regions: Vec<Region>,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    started_at: DateTime<Utc>,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    deadline_at: DateTime<Utc>,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    finished_at: Option<DateTime<Utc>>,
    outcome: String,
    error_class: String,
    reason: String,
    targets: u32,
    targets_conclusive: u32,
    resources_seen: u64,
    rows_written: u64,
    code_version: String,
    _version: Version,
}

impl TableRow for RunRow {
    const TABLE: &'static str = "collector_runs";
}

impl RunRow {
    fn new(run: &Run, version: Version) -> Self {
        let totals = run.totals();
        Self {
            run_id: run.run_id,
            attempt: run.attempt,
            sweep_id: run.sweep_id,
            account_id: run.account_id.clone(),
            collector: run.collector.clone(),
            trigger: run.trigger.clone(),
            request_id: run.request_id.clone(),
            regions: run.regions.clone(),
            started_at: run.started_at,
            deadline_at: run.deadline_at,
            finished_at: run.end.as_ref().map(|end| end.finished_at),
            outcome: run
                .end
                .as_ref()
                .map_or("", |end| end.outcome.as_str())
                .to_owned(),
            error_class: run.class().map_or("", ErrorClass::as_str).to_owned(),
            reason: run.reason().to_owned(),
            targets: totals.places,
            targets_conclusive: totals.places_conclusive,
            resources_seen: totals.resources_seen,
            rows_written: totals.rows_written,
            code_version: run.code_version.clone(),
            _version: version,
        }
    }
}

impl From<RunRow> for Run {
    fn from(row: RunRow) -> Self {
        let end = row.finished_at.map(|finished_at| RunEnd {
            finished_at,
            outcome: RunOutcome::of_stored(&row.outcome, &row.error_class),
            reason: row.reason,
            totals: Totals {
                places: row.targets,
                places_conclusive: row.targets_conclusive,
                resources_seen: row.resources_seen,
                rows_written: row.rows_written,
            },
        });
        Self {
            run_id: row.run_id,
            attempt: row.attempt,
            sweep_id: row.sweep_id,
            account_id: row.account_id,
            collector: row.collector,
            trigger: row.trigger,
            request_id: row.request_id,
            regions: row.regions,
            started_at: row.started_at,
            deadline_at: row.deadline_at,
            end,
            code_version: row.code_version,
        }
    }
}

/// An attempt at a run that is known, as one value of a row.
pub(crate) type Attempt = (
    u16,
    (u64, u64),
    String,
    String,
    Vec<Region>,
    i64,
    i64,
    Option<i64>,
    String,
    String,
    String,
    u32,
    u32,
    u64,
    u64,
    String,
);

/// [`Attempt`], in SQL.
pub(crate) const ATTEMPT: &str = "tuple(attempt, sweep_id, toString(trigger), request_id, regions,
    toUnixTimestamp64Milli(started_at), toUnixTimestamp64Milli(deadline_at), toUnixTimestamp64Milli(finished_at),
    toString(outcome), toString(error_class), reason, targets, targets_conclusive, resources_seen, rows_written, code_version)";

pub(crate) fn run_of_attempt(
    run_id: Uuid,
    account_id: &AccountId,
    collector: &CollectorId,
    attempt: Attempt,
) -> Run {
    let at = |ms: i64| DateTime::from_timestamp_millis(ms).unwrap_or_default();
    RunRow {
        run_id,
        attempt: attempt.0,
        sweep_id: Uuid::from_u64_pair(attempt.1.0, attempt.1.1),
        account_id: account_id.clone(),
        collector: collector.clone(),
        trigger: attempt.2,
        request_id: attempt.3,
        regions: attempt.4,
        started_at: at(attempt.5),
        deadline_at: at(attempt.6),
        finished_at: attempt.7.map(at),
        outcome: attempt.8,
        error_class: attempt.9,
        reason: attempt.10,
        targets: attempt.11,
        targets_conclusive: attempt.12,
        resources_seen: attempt.13,
        rows_written: attempt.14,
        code_version: attempt.15,
        _version: Version::default(),
    }
    .into()
}

#[derive(Row, Serialize, Deserialize)]
struct TargetRow {
    #[serde(with = "clickhouse::serde::uuid")]
    run_id: Uuid,
    attempt: u16,
    account_id: AccountId,
    collector: CollectorId,
    region: Place,
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
    _version: Version,
}

impl TableRow for TargetRow {
    const TABLE: &'static str = "run_targets";
}

impl TargetRow {
    fn new(run: &Run, result: &PlaceResult, version: Version) -> Self {
        let outcome = &result.outcome;
        Self {
            run_id: run.run_id,
            attempt: run.attempt,
            account_id: run.account_id.clone(),
            collector: run.collector.clone(),
            region: result.place.clone(),
            started_at: result.started_at,
            finished_at: result.finished_at,
            outcome: outcome.as_str().to_owned(),
            error_class: outcome.class().map_or("", ErrorClass::as_str).to_owned(),
            action: outcome.action().to_owned(),
            message: outcome.message().to_owned(),
            resources_seen: result.resources_seen,
            rows_written: result.rows_written,
            _version: version,
        }
    }
}

/// How a look at one place ended, and the attempt that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerPlace {
    /// The run.
    pub run_id: Uuid,
    /// The attempt.
    pub attempt: u16,
    /// How it ended.
    pub result: PlaceResult,
}

impl From<TargetRow> for LedgerPlace {
    fn from(row: TargetRow) -> Self {
        let outcome =
            TargetOutcome::of_stored(&row.outcome, &row.error_class, row.action, row.message);
        Self {
            run_id: row.run_id,
            attempt: row.attempt,
            result: PlaceResult {
                place: row.region,
                started_at: row.started_at,
                finished_at: row.finished_at,
                outcome,
                resources_seen: row.resources_seen,
                rows_written: row.rows_written,
            },
        }
    }
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
    /// How the places of these runs of one account ended, by run, attempt and place.
    pub async fn places_of(
        &self,
        account_id: &AccountId,
        runs: &[Uuid],
    ) -> Result<Vec<LedgerPlace>, StoreError> {
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
        let rows: Vec<TargetRow> = self.fetch("read run_targets", query).await?;
        Ok(rows.into_iter().map(LedgerPlace::from).collect())
    }

    /// The latest runs, newest first; of one account if one is given.
    pub async fn latest_runs(
        &self,
        account_id: Option<&AccountId>,
        limit: u32,
    ) -> Result<Vec<Run>, StoreError> {
        let filter = RunFilter {
            account_id,
            ..RunFilter::default()
        };
        self.runs(&filter, limit).await
    }

    /// The latest runs that the filter admits, newest first.
    pub async fn runs(&self, filter: &RunFilter<'_>, limit: u32) -> Result<Vec<Run>, StoreError> {
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
        self.fetch_runs(query).await
    }

    /// The attempts at all runs of a sweep that have begun.
    pub async fn runs_of_sweep(&self, sweep_id: Uuid) -> Result<Vec<Run>, StoreError> {
        let query = self
            .client()
            .query("SELECT ?fields FROM collector_runs FINAL WHERE sweep_id = {sweep:UUID}")
            .param("sweep", sweep_id.to_string());
        self.fetch_runs(query).await
    }

    /// The newest run of each collector in one account, by collector. A run over chosen regions says nothing of the
    /// others, and a skipped run nothing at all, so neither counts.
    pub async fn newest_full_runs(&self, account_id: &AccountId) -> Result<Vec<Run>, StoreError> {
        let query = self
            .client()
            .query(
                "SELECT ?fields FROM collector_runs FINAL
                 WHERE account_id = {id:String} AND empty(regions) AND outcome != 'skipped'
                 ORDER BY collector, started_at DESC, attempt DESC LIMIT 1 BY collector",
            )
            .param("id", account_id.as_str());
        self.fetch_runs(query).await
    }

    async fn fetch_runs(&self, query: clickhouse::query::Query) -> Result<Vec<Run>, StoreError> {
        let rows: Vec<RunRow> = self.fetch("read collector_runs", query).await?;
        Ok(rows.into_iter().map(Run::from).collect())
    }

    /// Writes an attempt at a run as it stands now.
    pub async fn write_run(&self, run: &Run, version: Version) -> Result<(), StoreError> {
        self.insert(&[RunRow::new(run, version)]).await
    }

    /// Writes how places of an attempt ended.
    pub async fn write_places(
        &self,
        run: &Run,
        version: Version,
        places: &[PlaceResult],
    ) -> Result<(), StoreError> {
        let rows: Vec<TargetRow> = places
            .iter()
            .map(|place| TargetRow::new(run, place, version))
            .collect();
        self.insert(&rows).await
    }
}
