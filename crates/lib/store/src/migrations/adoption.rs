//! Tables that other parts of Polo have made: taken over where they hold what is needed, refused where they do not.
//!
//! Invariant: compared is what our own statement would have made here, never a list kept beside it; a table of others
//! is never changed. The ledger of migrations records whose a table is.

use clickhouse::Row;
use serde::Deserialize;

use super::rendering::{Topology, render};
use super::{Migration, MigrationError};
use crate::{Store, StoreError};

/// Whose a table is that a migration may take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Polo made it.
    Made,
    /// Another part of Polo made it.
    Adopted,
}

impl Origin {
    /// The origin as the ledger holds it. Earlier releases recorded none, which is an empty text.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Adopted => "adopted",
        }
    }
}

#[derive(Debug, Row, Deserialize)]
struct Column {
    name: String,
    type_name: String,
}

#[derive(Debug, Row, Deserialize)]
struct Text {
    text: String,
}

#[derive(Debug, Row, Deserialize)]
struct Number {
    number: u64,
}

#[derive(Debug, Row, Deserialize)]
struct Recorded {
    owner: String,
    number: u32,
}

/// The table that a migration takes over where it exists: named in its first line, `-- adopts: <table>`.
pub(super) fn adoptable(sql: &str) -> Option<&str> {
    sql.lines()
        .next()?
        .strip_prefix("-- adopts: ")
        .map(str::trim)
}

/// Whose the table is, if it exists, and whether it can be used as it is. Compared is what our statement would have made.
///
/// A table like ours without rows is ours: a migration that was cut off has made it.
pub(super) async fn adopt(
    store: &Store,
    topology: &Topology,
    table: &str,
    sql: &str,
) -> Result<Origin, MigrationError> {
    let existing = columns(store, table).await?;
    if existing.is_empty() {
        return Ok(Origin::Made);
    }
    let (needed, definition) = probe(store, topology, table, sql).await?;
    for column in needed {
        let found = existing
            .iter()
            .find(|c| c.name == column.name)
            .map(|c| plain_type(&c.type_name));
        let needed = plain_type(&column.type_name);
        if found.as_deref() != Some(needed.as_str()) {
            return Err(MigrationError::NotAdoptable {
                table: table.to_owned(),
                column: column.name,
                found: found.unwrap_or_else(|| "missing".to_owned()),
                needed,
            });
        }
    }
    let ours = is_like(store, table, definition).await? && is_empty(store, table).await?;
    Ok(if ours { Origin::Made } else { Origin::Adopted })
}

/// The columns and the definition of the table that our statement makes.
async fn probe(
    store: &Store,
    topology: &Topology,
    table: &str,
    sql: &str,
) -> Result<(Vec<Column>, Option<String>), StoreError> {
    let probe = format!("{table}_adoption_probe");
    let kind = if sql.contains("CREATE DICTIONARY") {
        "DICTIONARY"
    } else {
        "TABLE"
    };
    let drop_probe = render(
        &format!("DROP {kind} IF EXISTS {probe} {{on_cluster}} SYNC"),
        store.database(),
        topology,
    );
    let drop_probe = || {
        store.bounded(
            "drop the probe",
            store.client().query_raw(&drop_probe).execute(),
        )
    };
    let create = sql.replacen(
        &format!("IF NOT EXISTS {table}"),
        &format!("IF NOT EXISTS {probe}"),
        1,
    );
    drop_probe().await?;
    store
        .bounded(
            "make the probe",
            store.client().query_raw(&create).execute(),
        )
        .await?;
    let needed = columns(store, &probe).await;
    let definition = self::definition(store, &probe).await;
    drop_probe().await?;
    Ok((needed?, definition?))
}

/// A table's definition without its name and without what can be altered later: TTL, settings, comment. None if the server
/// does not show it, which proves nothing about whose the table is.
async fn definition(store: &Store, table: &str) -> Result<Option<String>, StoreError> {
    let query = store
        .client()
        .query(
            "SELECT replaceAll(create_table_query, toString(uuid), '{uuid}') AS text FROM system.tables
             WHERE database = currentDatabase() AND name = {table:String}",
        )
        .param("table", table);
    let texts: Vec<Text> = store.fetch("read a table's definition", query).await?;
    Ok(texts
        .first()
        .filter(|text| !text.text.is_empty())
        .map(|text| essence(&text.text).to_owned()))
}

async fn is_like(store: &Store, table: &str, ours: Option<String>) -> Result<bool, StoreError> {
    let found = definition(store, table).await?;
    Ok(found.is_some() && found == ours)
}

fn essence(create: &str) -> &str {
    let (_, rest) = create.split_once('(').unwrap_or(("", create));
    let engine = rest.find(" ENGINE = ").unwrap_or(rest.len());
    let end = [" TTL ", " SETTINGS ", " COMMENT "]
        .iter()
        .filter_map(|clause| rest[engine..].find(clause))
        .min();
    end.map_or(rest, |end| &rest[..engine + end])
}

async fn is_empty(store: &Store, table: &str) -> Result<bool, StoreError> {
    let query = store
        .client()
        .query("SELECT count() AS number FROM (SELECT 1 FROM {table:Identifier} LIMIT 1)")
        .param("table", table);
    let numbers: Vec<Number> = store.fetch("look for a table's rows", query).await?;
    Ok(numbers.iter().all(|found| found.number == 0))
}

/// Adds the ledger's column for origins, which earlier releases did not have. They can still read and write the ledger.
pub(super) async fn make_room_for_origins(
    store: &Store,
    topology: &Topology,
) -> Result<(), StoreError> {
    if has_room_for_origins(store).await? {
        return Ok(());
    }
    let alter = render(
        "ALTER TABLE schema_migrations {on_cluster} ADD COLUMN IF NOT EXISTS origin LowCardinality(String) DEFAULT ''",
        store.database(),
        topology,
    );
    store
        .bounded(
            "extend the ledger of migrations",
            store.client().query_raw(&alter).execute(),
        )
        .await
}

async fn has_room_for_origins(store: &Store) -> Result<bool, StoreError> {
    let columns = columns(store, "schema_migrations").await?;
    Ok(columns.iter().any(|column| column.name == "origin"))
}

/// The tables that Polo has adopted.
pub(super) async fn adopted_tables(
    store: &Store,
    migrations: &[Migration],
) -> Result<Vec<String>, StoreError> {
    let adopted = with_origin(store, migrations, Origin::Adopted.as_str()).await?;
    Ok(adopted
        .into_iter()
        .map(|(_, table)| table.to_owned())
        .collect())
}

/// Whether the origin of every table of history is recorded.
pub(super) async fn all_origins_known(
    store: &Store,
    migrations: &[Migration],
    history: &[&str],
) -> Result<bool, StoreError> {
    if !has_room_for_origins(store).await? {
        return Ok(false);
    }
    let unknown = with_origin(store, migrations, "").await?;
    Ok(!unknown.iter().any(|(_, table)| history.contains(table)))
}

/// Records the origins of tables of history that an earlier release has made or adopted without saying which.
///
/// A table is adopted if it is not like ours, or has a row older than the migration: (table, column that says how old a row is).
pub(super) async fn record_origins(
    store: &Store,
    topology: &Topology,
    migrations: &[Migration],
    history: &[(&str, &str)],
) -> Result<(), MigrationError> {
    for (migration, table) in with_origin(store, migrations, "").await? {
        let Some((_, column)) = history.iter().find(|(other, _)| *other == table) else {
            continue;
        };
        let sql = render(migration.sql, store.database(), topology);
        let (_, definition) = probe(store, topology, table, &sql).await?;
        let older = store
            .client()
            .query(
                "SELECT count() AS number FROM {table:Identifier}
                 WHERE {column:Identifier} < (
                    SELECT max(applied_at) FROM schema_migrations WHERE owner = {owner:String} AND number = {number:UInt32})",
            )
            .param("table", table)
            .param("column", *column)
            .param("owner", migration.owner)
            .param("number", migration.number);
        let older: Vec<Number> = store.fetch("look for older rows", older).await?;
        let ours =
            is_like(store, table, definition).await? && older.iter().all(|found| found.number == 0);
        let origin = if ours { Origin::Made } else { Origin::Adopted };
        let record = store
            .client()
            .query(
                "INSERT INTO schema_migrations (owner, number, file, sha256, origin)
                 SELECT m.owner, m.number, m.file, m.sha256, {origin:String} FROM schema_migrations AS m FINAL
                 WHERE m.owner = {owner:String} AND m.number = {number:UInt32}",
            )
            .param("origin", origin.as_str())
            .param("owner", migration.owner)
            .param("number", migration.number);
        store
            .bounded("record whose a table is", record.execute())
            .await?;
    }
    Ok(())
}

/// The applied migrations that may take a table over, with that table, by recorded origin.
async fn with_origin<'a>(
    store: &Store,
    migrations: &'a [Migration],
    origin: &str,
) -> Result<Vec<(&'a Migration, &'a str)>, StoreError> {
    let query = store
        .client()
        .query(
            "SELECT toString(m.owner) AS owner, m.number AS number FROM schema_migrations AS m FINAL
             WHERE m.origin = {origin:String}",
        )
        .param("origin", origin);
    let found: Vec<Recorded> = store.fetch("read the ledger of migrations", query).await?;
    Ok(migrations
        .iter()
        .filter(|migration| {
            found
                .iter()
                .any(|one| one.owner == migration.owner && one.number == migration.number)
        })
        .filter_map(|migration| Some((migration, adoptable(migration.sql)?)))
        .collect())
}

async fn columns(store: &Store, table: &str) -> Result<Vec<Column>, StoreError> {
    let query = store
        .client()
        .query("SELECT name, type AS type_name FROM system.columns WHERE database = currentDatabase() AND table = {table:String}")
        .param("table", table);
    store.fetch("read a table's columns", query).await
}

/// A type without what makes no difference to reading and writing it: dictionary encoding and time zone.
fn plain_type(name: &str) -> String {
    let mut plain = name.replace(", 'UTC'", "").replace("('UTC')", "");
    while let Some((before, after)) = plain.split_once("LowCardinality(") {
        let mut depth = 1;
        let close = after.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        let Some(close) = close else { break };
        plain = format!("{before}{}{}", &after[..close], &after[close + 1..]);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_ttl_make_no_difference_to_a_definition() {
        let bare = "(`a` String) ENGINE = ReplacingMergeTree(v) ORDER BY a";
        let ours = format!("CREATE TABLE polo.probe {bare} SETTINGS index_granularity = 8192");
        let expiring = format!(
            "CREATE TABLE polo.t {bare} TTL toDate(at) + toIntervalDay(1) SETTINGS x = 1 COMMENT 'c'"
        );
        assert_eq!(essence(&ours), essence(&expiring));
        assert_eq!(essence(&ours), &bare[1..]);
        assert_ne!(
            essence(&ours),
            essence("CREATE TABLE t (`a` UInt8) ENGINE = ReplacingMergeTree(v) ORDER BY a")
        );
    }

    #[test]
    fn encoding_and_time_zone_make_no_difference_to_a_type() {
        assert_eq!(plain_type("LowCardinality(String)"), "String");
        assert_eq!(
            plain_type("Map(LowCardinality(String), DateTime64(3, 'UTC'))"),
            "Map(String, DateTime64(3))"
        );
        assert_eq!(
            plain_type("LowCardinality(Nullable(String))"),
            "Nullable(String)"
        );
    }
}
