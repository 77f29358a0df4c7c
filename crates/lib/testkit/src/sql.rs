//! Statements of tests, in the test's own database. A failed one ends the test with the server's words.

use polo_store::Store;

use crate::clickhouse;

async fn post(store: &Store, database: &str, sql: &str) -> String {
    let sql = sql.replace("{database}", store.database());
    let body = clickhouse::post(database, &sql).await;
    body.trim_end_matches('\n').to_owned()
}

/// Why the server refuses a statement that it has to refuse.
pub async fn refused(store: &Store, sql: &str) -> String {
    let statement = sql.replace("{database}", store.database());
    let (accepted, body) = clickhouse::ask(store.database(), &statement).await;
    assert!(!accepted, "accepted: {sql}");
    body
}

/// Runs a statement.
pub async fn execute(store: &Store, sql: &str) {
    post(store, store.database(), sql).await;
}

/// Runs a statement before the test's database exists; `{database}` is its name.
pub async fn execute_on_server(store: &Store, sql: &str) {
    post(store, "default", sql).await;
}

/// The rows of a query as lines of tab-separated text.
pub async fn lines(store: &Store, sql: &str) -> Vec<String> {
    let text = post(store, store.database(), sql).await;
    if text.is_empty() {
        Vec::new()
    } else {
        text.split('\n')
            .map(|line| line.replace("\\'", "'"))
            .collect()
    }
}

/// The answer to a query as the server writes it for a user without a password.
pub async fn raw_as(store: &Store, user: &str, sql: &str) -> String {
    let (accepted, body) = clickhouse::ask_as(user, store.database(), sql).await;
    assert!(accepted, "{user}: {sql}\n{body}");
    body
}

/// The answer to a query as the server writes it.
pub async fn raw(store: &Store, sql: &str) -> String {
    post(store, store.database(), sql).await
}

/// The one value of a query.
pub async fn text(store: &Store, sql: &str) -> String {
    let lines = lines(store, sql).await;
    assert_eq!(lines.len(), 1, "{sql} has {} rows", lines.len());
    lines.into_iter().next().unwrap_or_default()
}

/// The one number of a query.
pub async fn number(store: &Store, sql: &str) -> i64 {
    let text = text(store, sql).await;
    text.parse().unwrap_or_else(|_| panic!("{sql} is {text:?}"))
}

/// Has the engine parse a statement without running it.
pub async fn parse(store: &Store, sql: &str) {
    post(store, store.database(), &format!("EXPLAIN AST {sql}")).await;
}

/// How many rows each table holds, as `table count`: the same before and after means that nothing was written.
pub async fn row_counts(store: &Store) -> Vec<String> {
    let tables = lines(
        store,
        "SELECT name FROM system.tables WHERE database = '{database}' AND engine LIKE '%MergeTree' ORDER BY name",
    )
    .await;
    let mut counts = Vec::with_capacity(tables.len());
    for table in tables {
        let rows = text(store, &format!("SELECT count() FROM {table} FINAL")).await;
        counts.push(format!("{table} {rows}"));
    }
    counts
}
