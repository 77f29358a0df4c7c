//! The TTLs of history, set as operators want them.
//!
//! Invariant: a table whose TTL is right already is not altered, and an adopted table only if operators ask for it.

use std::collections::HashMap;

use clickhouse::Row;
use serde::Deserialize;

use super::adoption::adopted_tables;
use super::rendering::{Topology, render};
use super::{Migration, MigrationError};
use crate::retention::{History, RetentionChange, history, in_force};
use crate::{Store, StoreError};

/// What is left to do.
struct Left {
    settings: Vec<(&'static str, u32)>,
    tables: Vec<History>,
}

#[derive(Row, Deserialize)]
struct Table {
    name: String,
    engine_full: String,
}

/// Whether nothing is left to do.
pub(super) async fn is_applied(
    store: &Store,
    migrations: &[Migration],
    change: &RetentionChange,
) -> Result<bool, MigrationError> {
    let left = left(store, migrations, change).await?;
    Ok(left.settings.is_empty() && left.tables.is_empty())
}

/// Records the settings, then sets the TTLs that differ from them; returns the altered tables with their days.
///
/// Rows that are there already expire when their parts merge: rewriting all of them at once would keep a server busy.
pub(super) async fn apply(
    store: &Store,
    topology: &Topology,
    migrations: &[Migration],
    change: &RetentionChange,
) -> Result<Vec<(String, u32)>, MigrationError> {
    let left = left(store, migrations, change).await?;
    for (setting, value) in left.settings {
        let insert = store
            .client()
            .query("INSERT INTO retention_settings (setting, value) VALUES ({setting:String}, {value:UInt32})")
            .param("setting", setting)
            .param("value", value);
        store
            .bounded("write retention_settings", insert.execute())
            .await?;
    }
    let mut altered = Vec::new();
    for history in left.tables {
        let alter = format!(
            "ALTER TABLE {} {{on_cluster}} MODIFY TTL {} SETTINGS materialize_ttl_after_modify = 0",
            history.table,
            history.ttl()
        );
        let alter = render(&alter, store.database(), topology);
        store
            .bounded(
                "set how long history is kept",
                store.client().query_raw(&alter).execute(),
            )
            .await?;
        tracing::info!(
            table = history.table,
            days = history.days,
            "set how long history is kept"
        );
        altered.push((history.table, history.days));
    }
    Ok(altered)
}

async fn left(
    store: &Store,
    migrations: &[Migration],
    change: &RetentionChange,
) -> Result<Left, MigrationError> {
    let mut stored = store.retention_settings().await?;
    let settings: Vec<_> = change
        .settings()
        .filter(|(setting, value)| stored.get(*setting) != Some(value))
        .collect();
    for (setting, value) in &settings {
        stored.insert((*setting).to_owned(), *value);
    }
    let wanted = in_force(&stored);
    let ttls = ttls(store).await?;
    let adopted = if wanted.expire_adopted {
        Vec::new()
    } else {
        adopted_tables(store, migrations).await?
    };
    let tables = history(&wanted)?
        .into_iter()
        .filter(|history| !adopted.contains(&history.table))
        .filter(|history| ttls.get(&history.table) != Some(&history.ttl()))
        .collect();
    Ok(Left { settings, tables })
}

/// The TTL of each table that has one.
async fn ttls(store: &Store) -> Result<HashMap<String, String>, StoreError> {
    let query = store.client().query(
        "SELECT name, engine_full FROM system.tables
         WHERE database = currentDatabase() AND position(engine_full, ' TTL ') > 0",
    );
    let tables: Vec<Table> = store.fetch("read the TTLs of tables", query).await?;
    Ok(tables
        .into_iter()
        .filter_map(|table| Some((table.name, ttl_of(&table.engine_full)?.to_owned())))
        .collect())
}

/// The TTL of an engine's clause, as the server writes it.
fn ttl_of(engine: &str) -> Option<&str> {
    let (_, ttl) = engine.split_once(" TTL ")?;
    Some(ttl.split_once(" SETTINGS ").map_or(ttl, |(ttl, _)| ttl))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ttl_is_read_from_the_engine_clause() {
        let engine = "ReplacingMergeTree(_version) PARTITION BY toYYYYMM(at) ORDER BY (a, at)";
        assert_eq!(ttl_of(engine), None);
        let with = format!("{engine} TTL toDate(at) + toIntervalDay(90)");
        assert_eq!(ttl_of(&with), Some("toDate(at) + toIntervalDay(90)"));
        let with = format!("{with} SETTINGS index_granularity = 8192");
        assert_eq!(ttl_of(&with), Some("toDate(at) + toIntervalDay(90)"));
    }
}
