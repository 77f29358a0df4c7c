//! Tables that other parts of Polo have made: taken over where they hold what is needed, refused where they do not.
//!
//! Invariant: compared is what our own statement would have made here, never a list kept beside it; a table of others
//! is never changed.

use clickhouse::Row;
use serde::Deserialize;

use super::MigrationError;
use crate::{Store, StoreError};

#[derive(Debug, Row, Deserialize)]
struct Column {
    name: String,
    type_name: String,
}

/// The table that a migration takes over where it exists: named in its first line, `-- adopts: <table>`.
pub(super) fn adoptable(sql: &str) -> Option<&str> {
    sql.lines()
        .next()?
        .strip_prefix("-- adopts: ")
        .map(str::trim)
}

/// Whether the table exists and can be used as it is. Compared is what our statement would have made.
pub(super) async fn adopt(store: &Store, table: &str, sql: &str) -> Result<bool, MigrationError> {
    let existing = columns(store, table).await?;
    if existing.is_empty() {
        return Ok(false);
    }
    let probe = format!("{table}_adoption_probe");
    let drop_probe = |kind: &str| format!("DROP {kind} IF EXISTS {probe} SYNC");
    let kind = if sql.contains("CREATE DICTIONARY") {
        "DICTIONARY"
    } else {
        "TABLE"
    };
    let create = sql.replacen(
        &format!("IF NOT EXISTS {table}"),
        &format!("IF NOT EXISTS {probe}"),
        1,
    );
    store
        .bounded(
            "drop the probe",
            store.client().query_raw(&drop_probe(kind)).execute(),
        )
        .await?;
    store
        .bounded(
            "make the probe",
            store.client().query_raw(&create).execute(),
        )
        .await?;
    let needed = columns(store, &probe).await;
    store
        .bounded(
            "drop the probe",
            store.client().query_raw(&drop_probe(kind)).execute(),
        )
        .await?;
    for column in needed? {
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
    Ok(true)
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
