//! A random history of a few accounts, as statements.

use polo_store::Store;
use polo_testkit::sql;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{Rng as _, SeedableRng as _};

const ACCOUNTS: usize = 8;
const COLLECTORS: [&str; 2] = ["config_ec2", "config_s3"];
const PLACES: [&str; 3] = ["eu-west-1", "us-east-1", "global"];

/// Rows of one table, as `VALUES`, that may arrive in any order and more than once.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    table: &'static str,
    columns: &'static str,
    values: String,
}

pub(crate) struct History {
    random: StdRng,
    pub(crate) rows: Vec<Row>,
}

impl History {
    /// Facts, decisions and stack instances are stored at once; everything that has a history is returned.
    pub(crate) async fn new(store: &Store, seed: u64) -> Self {
        let mut history = Self {
            random: StdRng::seed_from_u64(seed),
            rows: Vec::new(),
        };
        sql::execute(
            store,
            "INSERT INTO collectors (collector, scope, schedule, period_hours, freshness_hours, timeout_s, expected, _version) VALUES
             ('config_ec2', 'region', 'daily-sweep', 24, 36, 900, true, 1), ('config_s3', 'account', 'daily-sweep', 24, 36, 900, true, 1)",
        )
        .await;
        for number in 0..ACCOUNTS {
            let id = format!("{:012}", 111_111_111_111_u64 + number as u64);
            history.account(store, &id).await;
        }
        history
    }

    async fn account(&mut self, store: &Store, id: &str) {
        let role = format!("arn:aws:iam::{id}:role/dev-PoloReadRole");
        sql::execute(
            store,
            &format!(
                "INSERT INTO account_facts VALUES ('{id}', 'o-test', 'aws', 'name', 'a@example.com', 'ACTIVE', 'member', true, false, ['r-1'],
                 'Root', NULL, 'CREATED', '{role}', '', NULL, NULL, 1)"
            ),
        )
        .await;
        if self.random.random_bool(0.4) {
            let minutes = self.random.random_range(1..120);
            sql::execute(
                store,
                &format!(
                    "INSERT INTO account_settings (account_id, setting, value, updated_at) VALUES ('{id}', 'excluded', 'false', now64(3) - INTERVAL {minutes} MINUTE)"
                ),
            )
            .await;
        }
        if self.random.random_bool(0.5) {
            let minutes = self.random.random_range(1..60);
            sql::execute(
                store,
                &format!(
                    "INSERT INTO stack_instances VALUES ('{id}', 'polo-roles', 'us-east-1', true, 'CURRENT', 'SUCCEEDED', '', '', '',
                     now64(3) - INTERVAL {minutes} MINUTE, now64(3), 1)"
                ),
            )
            .await;
        }
        self.checks(id, &role);
        for collector in COLLECTORS {
            self.runs(id, collector);
        }
    }

    /// Six minutes lie between two checks of the schedule, so that no two meet under one minute modulo 23; now and then an
    /// operator checks twenty times in one minute.
    fn checks(&mut self, id: &str, role: &str) {
        for check in 1..=20_i64 {
            let verdict = *["success", "denied", "denied", "inconclusive"]
                .choose(&mut self.random)
                .unwrap();
            let times = if self.random.random_bool(0.1) { 20 } else { 1 };
            for second in 0..times {
                let at = format!(
                    "toStartOfMinute(now()) - INTERVAL {} SECOND",
                    check * 360 - second
                );
                let check_id = uuid::Builder::from_random_bytes(self.random.random()).into_uuid();
                self.push(
                    "access_checks",
                    "check_id, account_id, role_kind, role_arn, checked_at, verdict, error_class, message, next_check_at",
                    format!(
                        "'{check_id}', '{id}', 'read', '{role}', {at}, '{verdict}', 'denied', 'words of {check}', {at} + INTERVAL 1 DAY"
                    ),
                );
            }
        }
    }

    fn runs(&mut self, id: &str, collector: &'static str) {
        for run in 1..=6_u32 {
            let run_id = uuid::Builder::from_random_bytes(self.random.random()).into_uuid();
            let started = format!("toStartOfHour(now()) - INTERVAL {} HOUR", run * 5);
            let outcome = *["complete", "partial", "failed", "skipped", ""]
                .choose(&mut self.random)
                .unwrap();
            let regions = if self.random.random_bool(0.2) {
                "['us-east-1']"
            } else {
                "[]"
            };
            let targets = self.random.random_range(0..2);
            let row = |finished: &str, outcome: &str, version: u32| {
                format!(
                    "'{run_id}', 1, '{id}', '{collector}', {regions}, {started}, {started} + INTERVAL 15 MINUTE, {finished}, '{outcome}',
                     'failed', 'why {run}', {targets}, {version}"
                )
            };
            const COLUMNS: &str = "run_id, attempt, account_id, collector, regions, started_at, deadline_at, finished_at, outcome, error_class, \
                                   reason, targets, _version";
            if outcome != "skipped" {
                self.push("collector_runs", COLUMNS, row("NULL", "", run * 10));
            }
            if !outcome.is_empty() {
                let finished = format!("{started} + INTERVAL 3 MINUTE");
                self.push(
                    "collector_runs",
                    COLUMNS,
                    row(&finished, outcome, run * 10 + 1),
                );
            }
            for place in PLACES {
                let outcome = *["complete", "denied", "failed", "not_enabled"]
                    .choose(&mut self.random)
                    .unwrap();
                self.push(
                    "run_targets",
                    "run_id, attempt, account_id, collector, region, started_at, finished_at, outcome, error_class, action, message, _version",
                    format!(
                        "'{run_id}', 1, '{id}', '{collector}', '{place}', {started} + INTERVAL 1 MINUTE, {started} + INTERVAL 2 MINUTE, '{outcome}',
                         'denied', 's3:Get', 'words of {run}', {}",
                        run * 10
                    ),
                );
            }
        }
    }

    fn push(&mut self, table: &'static str, columns: &'static str, values: String) {
        self.rows.push(Row {
            table,
            columns,
            values,
        });
    }

    /// Stores rows in any order, in batches of any size, every fifth of them twice.
    pub(crate) async fn store(&mut self, store: &Store, mut rows: Vec<Row>) {
        let again: Vec<Row> = rows
            .iter()
            .filter(|_| self.random.random_bool(0.2))
            .cloned()
            .collect();
        rows.extend(again);
        rows.shuffle(&mut self.random);
        while !rows.is_empty() {
            let size = self.random.random_range(1..=rows.len().min(200));
            let batch: Vec<Row> = rows.drain(..size).collect();
            for table in ["access_checks", "collector_runs", "run_targets"] {
                let of_table: Vec<&Row> = batch.iter().filter(|row| row.table == table).collect();
                let Some(first) = of_table.first() else {
                    continue;
                };
                let values: Vec<String> = of_table
                    .iter()
                    .map(|row| format!("({})", row.values))
                    .collect();
                sql::execute(
                    store,
                    &format!(
                        "INSERT INTO {table} ({}) VALUES {}",
                        first.columns,
                        values.join(", ")
                    ),
                )
                .await;
            }
        }
    }
}
