//! Feeds: materialized views that keep a table of states up to date, and the history that is older than the view.
//!
//! Invariant: the view exists before the first chunk is filled, so every row of history reaches the state by one way or
//! both. A state merges by max and min: a row that arrives twice, or a chunk that is filled twice, changes nothing.

use clickhouse::Row;
use serde::Deserialize;

use super::rendering::{Topology, render};
use super::{Migration, MigrationError};
use crate::{Store, StoreError};

/// How many rows of history one statement reads: some seconds of work, far below the statement limit.
const CHUNK_ROWS: u64 = 500_000;

/// How far each feed was filled, so that a migration that was cut off goes on from there.
const PROGRESS: &str = "CREATE TABLE IF NOT EXISTS schema_fills {on_cluster}
(owner LowCardinality(String), number UInt32, filled_up_to String, filled_at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = {engine:ReplacingMergeTree(filled_at)} ORDER BY (owner, number, filled_up_to)";

/// A materialized view that a migration makes.
#[derive(Debug, PartialEq, Eq)]
struct Feed<'a> {
    view: &'a str,
    target: &'a str,
    history: &'a str,
    /// The first column of the history's key.
    key: &'a str,
    select: &'a str,
}

impl<'a> Feed<'a> {
    /// The feed that a migration makes, if its first line says `-- filled from: <history> by <key>`.
    fn of(sql: &'a str) -> Option<Self> {
        let directive = sql.lines().next()?.strip_prefix("-- filled from: ")?;
        let (history, key) = directive.split_once(" by ")?;
        let (head, select) = sql.split_once(" AS\n")?;
        let (head, target) = head.rsplit_once(" TO ")?;
        let view = head
            .rsplit_once("IF NOT EXISTS ")?
            .1
            .split_whitespace()
            .next()?;
        Some(Self {
            view,
            target,
            history,
            key,
            select,
        })
    }

    /// The statement that fills one chunk: the view's own query, over the rows of these keys.
    fn fill(&self, columns: &str) -> String {
        let Self {
            target,
            history,
            key,
            select,
            ..
        } = self;
        let chunk = format!(
            "FROM (SELECT * FROM {history} WHERE {key} > {{after:String}} AND {key} <= {{up_to:String}}) AS {history}"
        );
        let select = select.replacen(&format!("FROM {history}"), &chunk, 1);
        format!("INSERT INTO {target} ({columns})\n{select}")
    }
}

#[derive(Debug, Row, Deserialize)]
struct KeyRows {
    key: String,
    rows: u64,
}

/// Fills the state that a migration's view feeds with the history that is older than the view. Other migrations need nothing.
///
/// Reads each row of history once, about half a million a statement. If it is cut off, the next call goes on with the chunk
/// that had not ended.
pub(super) async fn fill(
    store: &Store,
    topology: &Topology,
    migration: &Migration,
    sql: &str,
) -> Result<(), MigrationError> {
    let Some(feed) = Feed::of(sql) else {
        return Ok(());
    };
    let mut keys: Vec<KeyRows> = store
        .fetch(
            "count the history to fill a state from",
            store.client().query(&format!(
                "SELECT toString({key}) AS key, count() AS rows FROM {history} GROUP BY key ORDER BY key",
                key = feed.key,
                history = feed.history
            )),
        )
        .await?;
    if keys.is_empty() {
        return Ok(());
    }
    let mut after = filled_up_to(store, topology, migration).await?;
    keys.retain(|rows| rows.key > after);
    let columns = one_text(
        store,
        store
            .client()
            .query(
                "SELECT arrayStringConcat(groupArray(name), ', ') AS text FROM
                 (SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {view:String} ORDER BY position)",
            )
            .param("view", feed.view),
    )
    .await?;
    let statement = feed.fill(&columns);
    for up_to in chunks(&keys) {
        store
            .bounded(
                "fill a state from its history",
                store
                    .client()
                    .query_raw(&statement)
                    .param("after", &after)
                    .param("up_to", up_to)
                    .execute(),
            )
            .await?;
        let progress = store
            .client()
            .query("INSERT INTO schema_fills (owner, number, filled_up_to) VALUES ({owner:String}, {number:UInt32}, {up_to:String})")
            .param("owner", migration.owner)
            .param("number", migration.number)
            .param("up_to", up_to);
        store
            .bounded("record how far a state is filled", progress.execute())
            .await?;
        up_to.clone_into(&mut after);
    }
    Ok(())
}

/// The last key of each chunk. A key with more rows than a chunk is a chunk of its own.
fn chunks(keys: &[KeyRows]) -> Vec<&str> {
    let mut ends = Vec::new();
    let mut rows = 0;
    for (index, key) in keys.iter().enumerate() {
        rows += key.rows;
        let next = keys.get(index + 1).map_or(u64::MAX, |next| next.rows);
        if rows.saturating_add(next) > CHUNK_ROWS {
            ends.push(key.key.as_str());
            rows = 0;
        }
    }
    ends
}

async fn filled_up_to(
    store: &Store,
    topology: &Topology,
    migration: &Migration,
) -> Result<String, StoreError> {
    let create = render(PROGRESS, store.database(), topology);
    store
        .bounded(
            "create the ledger of fills",
            store.client().query_raw(&create).execute(),
        )
        .await?;
    one_text(
        store,
        store
            .client()
            .query("SELECT max(filled_up_to) AS text FROM schema_fills WHERE owner = {owner:String} AND number = {number:UInt32}")
            .param("owner", migration.owner)
            .param("number", migration.number),
    )
    .await
}

async fn one_text(store: &Store, query: clickhouse::query::Query) -> Result<String, StoreError> {
    store
        .bounded("prepare to fill a state", query.fetch_one::<String>())
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEED: &str = "-- filled from: checks by account_id
-- Feeds states with every check.
CREATE MATERIALIZED VIEW IF NOT EXISTS states_feed {on_cluster} TO states AS
SELECT account_id, max_at
FROM checks
WHERE verdict != ''
";

    #[test]
    fn feed_is_filled_by_its_own_query() {
        let feed = Feed::of(FEED).unwrap();
        assert_eq!((feed.view, feed.target), ("states_feed", "states"));
        assert_eq!(
            feed.fill("account_id, max_at"),
            "INSERT INTO states (account_id, max_at)\nSELECT account_id, max_at\n\
             FROM (SELECT * FROM checks WHERE account_id > {after:String} AND account_id <= {up_to:String}) AS checks\n\
             WHERE verdict != ''\n"
        );
        assert_eq!(Feed::of("CREATE TABLE t (a String)"), None);
    }

    #[test]
    fn chunks_end_before_they_are_too_large() {
        let keys = |rows: &[u64]| -> Vec<KeyRows> {
            rows.iter()
                .enumerate()
                .map(|(index, rows)| KeyRows {
                    key: index.to_string(),
                    rows: *rows,
                })
                .collect()
        };
        assert!(chunks(&[]).is_empty());
        assert_eq!(chunks(&keys(&[1, 2, 3])), ["2"]);
        assert_eq!(chunks(&keys(&[CHUNK_ROWS - 1, 1, 1])), ["1", "2"]);
        assert_eq!(chunks(&keys(&[1, CHUNK_ROWS * 9, 1])), ["0", "1", "2"]);
    }
}
