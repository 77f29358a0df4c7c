//! How long history is kept, and the deletion of resources that are gone for long.
//!
//! Invariant: history expires by a TTL on a column of which no version of a row is later than the version that replaces
//! it. Tables of current rows have no TTL: a TTL on `gone_at` would drop a row's newest version from one part and leave an
//! older one, without `gone_at`, in another. They are deleted by key instead, all versions in one statement.

use std::collections::HashMap;

use clickhouse::Row;
use polo_core::CollectorManifest;
use serde::ser::SerializeTuple as _;
use serde::{Deserialize, Serialize, Serializer};

use crate::collectors::manifests;
use crate::migrations::MigrationError;
use crate::{Store, StoreError};

/// How long rows are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Days to keep runs, their targets, dispatches, access checks, discoveries and provisioning attempts.
    pub run_days: u32,
    /// Days to keep changes of resources, billed calls and what collectors measured.
    pub history_days: u32,
    /// Days to keep a resource that is gone among the current ones.
    pub gone_days: u32,
    /// Whether the rows of an adopted table expire too.
    pub expire_adopted: bool,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            run_days: 90,
            history_days: 400,
            gone_days: 400,
            expire_adopted: false,
        }
    }
}

/// What is to change of it; what is `None` stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetentionChange {
    /// [`Retention::run_days`].
    pub run_days: Option<u32>,
    /// [`Retention::history_days`].
    pub history_days: Option<u32>,
    /// [`Retention::gone_days`].
    pub gone_days: Option<u32>,
    /// [`Retention::expire_adopted`].
    pub expire_adopted: Option<bool>,
}

impl From<Retention> for RetentionChange {
    fn from(all: Retention) -> Self {
        Self {
            run_days: Some(all.run_days),
            history_days: Some(all.history_days),
            gone_days: Some(all.gone_days),
            expire_adopted: Some(all.expire_adopted),
        }
    }
}

impl RetentionChange {
    /// The settings as `retention_settings` holds them.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let all = [
            ("run_days", self.run_days),
            ("history_days", self.history_days),
            ("gone_days", self.gone_days),
            ("expire_adopted", self.expire_adopted.map(u32::from)),
        ];
        all.into_iter()
            .filter_map(|(setting, value)| Some((setting, value?)))
    }
}

/// A table of history, and when its rows expire.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct History {
    pub(crate) table: String,
    /// Says how old a row is.
    pub(crate) column: String,
    pub(crate) days: u32,
}

impl History {
    /// The TTL as the server writes it.
    pub(crate) fn ttl(&self) -> String {
        format!("toDate({}) + toIntervalDay({})", self.column, self.days)
    }
}

/// The store's own tables that are kept for [`Retention::run_days`].
const RUN_HISTORY: [(&str, &str); 6] = [
    ("access_checks", "checked_at"),
    ("dispatches", "requested_at"),
    ("collector_runs", "started_at"),
    ("run_targets", "started_at"),
    ("discovery_runs", "started_at"),
    ("provisioning_attempts", "asked_at"),
];

/// The store's own tables that are kept for [`Retention::history_days`]. A collector's manifest names its own.
const HISTORY: [(&str, &str); 2] = [("resource_changes", "changed_at"), ("billed_calls", "day")];

/// The names of all tables of history: they grow until their rows expire, so no decision may read them whole.
///
/// # Errors
/// If a collector's manifest cannot be read.
pub fn history_tables() -> Result<Vec<String>, MigrationError> {
    let history = history(&Retention::default())?;
    Ok(history.into_iter().map(|one| one.table).collect())
}

/// All tables of history.
pub(crate) fn history(retention: &Retention) -> Result<Vec<History>, MigrationError> {
    let history = |(table, column): (&str, &str), days| History {
        table: table.to_owned(),
        column: column.to_owned(),
        days,
    };
    let runs = RUN_HISTORY.map(|one| history(one, retention.run_days));
    let others = HISTORY.map(|one| history(one, retention.history_days));
    let mut all: Vec<History> = runs.into_iter().chain(others).collect();
    for manifest in manifests()? {
        let own = manifest.history.iter();
        all.extend(own.map(|(table, column)| history((table, column), retention.history_days)));
    }
    Ok(all)
}

/// How many bytes of keys one statement takes: as a parameter they stay below 64 KiB.
const KEY_BYTES: usize = 48 * 1024;
/// How many rows one call deletes from a table; the next call goes on.
const DELETED_AT_MOST: u64 = 20_000;

/// A table of current rows, and which of them belong to resources that are gone.
struct Current {
    table: String,
    /// The columns of its key, all of them text.
    key: Vec<String>,
    /// A condition on `t`, with the look `l` at the row's region if `collector` is set.
    is_gone: &'static str,
    collector: Option<String>,
}

/// The key of a row, as a tuple.
struct Key(Vec<String>);

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        for column in &self.0 {
            tuple.serialize_element(column)?;
        }
        tuple.end()
    }
}

#[derive(Row, Deserialize)]
struct GoneRow {
    key: Vec<String>,
    version: u64,
}

#[derive(Row, Deserialize)]
struct SettingRow {
    setting: String,
    value: u32,
}

#[derive(Row, Deserialize)]
struct SortingKey {
    name: String,
    sorting_key: String,
}

impl Store {
    /// What operators decided of retention, by setting.
    pub(crate) async fn retention_settings(&self) -> Result<HashMap<String, u32>, StoreError> {
        let query = self.client().query(
            "SELECT toString(s.setting) AS setting, s.value AS value FROM retention_settings AS s FINAL",
        );
        let rows: Vec<SettingRow> = self.fetch("read retention_settings", query).await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.setting, row.value))
            .collect())
    }

    /// The retention in force.
    pub async fn retention(&self) -> Result<Retention, StoreError> {
        let stored = self.retention_settings().await?;
        Ok(in_force(&stored))
    }

    /// Deletes the rows of resources that are gone for longer than the retention allows; returns how many rows were found.
    ///
    /// Repeating it deletes nothing more. A resource that returns meanwhile stays, because its new version is younger than
    /// any that is deleted.
    pub async fn delete_gone(&self, manifests: &[CollectorManifest]) -> Result<u64, StoreError> {
        let days = self.retention().await?.gone_days;
        let mut deleted = 0;
        for table in self.current_tables(manifests).await? {
            deleted += self.delete_gone_from(&table, days).await?;
        }
        Ok(deleted)
    }

    /// `resources`, and the collectors' own tables as their manifests name them.
    async fn current_tables(
        &self,
        manifests: &[CollectorManifest],
    ) -> Result<Vec<Current>, StoreError> {
        let collectors: HashMap<&str, &str> = manifests
            .iter()
            .flat_map(|one| {
                one.current
                    .iter()
                    .map(|table| (table.as_str(), one.id.as_str()))
            })
            .collect();
        let tables: Vec<&str> = collectors.keys().copied().chain(["resources"]).collect();
        let query = self
            .client()
            .query(
                "SELECT name, sorting_key FROM system.tables
                 WHERE database = currentDatabase() AND name IN {tables:Array(String)} ORDER BY name",
            )
            .param("tables", tables);
        let found: Vec<SortingKey> = self.fetch("read the keys of tables", query).await?;
        Ok(found
            .into_iter()
            .map(|found| {
                let collector = collectors.get(found.name.as_str()).copied().map(str::to_owned);
                let is_gone = if collector.is_some() {
                    // Not seen by the last complete look at its region.
                    "t.collected_at < now64(3, 'UTC') - toIntervalDay({days:UInt32}) AND t.collected_at < l.looked_at"
                } else {
                    "t.gone_at < now64(3, 'UTC') - toIntervalDay({days:UInt32})"
                };
                Current {
                    key: found.sorting_key.split(", ").map(str::to_owned).collect(),
                    table: found.name,
                    is_gone,
                    collector,
                }
            })
            .collect())
    }

    async fn delete_gone_from(&self, current: &Current, days: u32) -> Result<u64, StoreError> {
        let Current {
            table,
            key,
            is_gone,
            collector,
        } = current;
        let texts: Vec<String> = key
            .iter()
            .map(|column| format!("toString(t.{column})"))
            .collect();
        let looks = collector.as_ref().map_or("", |_| {
            "INNER JOIN
             (
                SELECT account_id, region, max(looked_at) AS looked_at FROM last_complete_looks
                WHERE collector = {collector:String} GROUP BY account_id, region
             ) AS l ON l.account_id = t.account_id AND l.region = t.region"
        });
        let select = format!(
            "SELECT [{}] AS key, t._version AS version FROM (SELECT * FROM {table} FINAL) AS t {looks}
             WHERE {is_gone} ORDER BY key LIMIT {{limit:UInt64}}",
            texts.join(", ")
        );
        let mut query = self
            .client()
            .query(&select)
            .param("days", days)
            .param("limit", DELETED_AT_MOST);
        if let Some(collector) = collector {
            query = query.param("collector", collector);
        }
        let rows: Vec<GoneRow> = self
            .fetch("read resources that are gone for long", query)
            .await?;
        let found = rows.len() as u64;
        // With keys as values every replica deletes the same rows; a subquery would be evaluated by each of them.
        let delete = format!(
            "DELETE FROM {table} WHERE ({}) IN {{keys:Array(Tuple({}))}} AND _version <= {{version:UInt64}}
             SETTINGS lightweight_deletes_sync = 1",
            key.join(", "),
            vec!["String"; key.len()].join(", ")
        );
        for (keys, version) in chunks(rows) {
            let statement = self
                .client()
                .query_raw(&delete)
                .param("keys", keys)
                .param("version", version);
            self.bounded(
                "delete resources that are gone for long",
                statement.execute(),
            )
            .await?;
        }
        Ok(found)
    }
}

/// What operators decided, and the defaults of the rest.
pub(crate) fn in_force(stored: &HashMap<String, u32>) -> Retention {
    let default = Retention::default();
    let value = |setting: &str, default| stored.get(setting).copied().unwrap_or(default);
    Retention {
        run_days: value("run_days", default.run_days),
        history_days: value("history_days", default.history_days),
        gone_days: value("gone_days", default.gone_days),
        expire_adopted: value("expire_adopted", default.expire_adopted.into()) != 0,
    }
}

/// Keys that fit into one statement, with the youngest version of their rows.
fn chunks(rows: Vec<GoneRow>) -> Vec<(Vec<Key>, u64)> {
    let mut chunks: Vec<(Vec<Key>, u64)> = Vec::new();
    let mut bytes = usize::MAX;
    for row in rows {
        // Each text has quotes and a comma, and may have characters that are escaped.
        let size: usize = row.key.iter().map(|text| text.len() * 2 + 4).sum();
        match chunks.last_mut() {
            Some((keys, version)) if bytes + size <= KEY_BYTES => {
                bytes += size;
                *version = row.version.max(*version);
                keys.push(Key(row.key));
            }
            _ => {
                bytes = size;
                chunks.push((vec![Key(row.key)], row.version));
            }
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_split_by_their_size() {
        let row = |bytes: usize, version| GoneRow {
            key: vec!["x".repeat(bytes)],
            version,
        };
        assert!(chunks(Vec::new()).is_empty());
        let split: Vec<(usize, u64)> = chunks(vec![
            row(10_000, 3),
            row(10_000, 7),
            row(10_000, 1),
            row(30_000, 2),
        ])
        .into_iter()
        .map(|(keys, version)| (keys.len(), version))
        .collect();
        assert_eq!(split, [(2, 7), (1, 1), (1, 2)]);
    }

    #[test]
    fn every_table_of_history_is_listed_once() {
        let all = history(&Retention::default()).unwrap();
        let tables: std::collections::BTreeSet<&str> =
            all.iter().map(|one| one.table.as_str()).collect();
        assert_eq!(tables.len(), all.len());
        assert!(tables.contains("cloudwatch_metrics_points"));
    }
}
