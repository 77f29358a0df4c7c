//! States against history: whatever the order, repetition and age of history, states say what it said.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod history;
#[path = "history/previous.rs"]
mod previous;

use polo_store::Store;
use polo_store::migrations::{Topology, Turn, migrate};
use polo_testkit::clickhouse::fresh_store;
use polo_testkit::sql;

use self::history::History;
use self::previous::{BY_HISTORY, answers, make_previous_view};

/// Fills every state from history again, as a migration does.
async fn rebuild(store: &Store) {
    sql::execute(
        store,
        "DELETE FROM schema_migrations WHERE owner = 'store' AND file LIKE '%\\_feed.sql' SETTINGS mutations_sync = 2",
    )
    .await;
    sql::execute(store, "DROP TABLE IF EXISTS schema_fills").await;
    let report = migrate(store, &Topology::default(), &Turn::of("a test"))
        .await
        .unwrap();
    assert!(report.applied.len() > 5, "{:?}", report.applied);
}

#[tokio::test]
async fn states_say_what_history_says() {
    for seed in 1..=3 {
        let store = fresh_store().await;
        make_previous_view(&store, BY_HISTORY).await;
        let mut history = History::new(&store, seed).await;
        let rows = history.rows.clone();
        history.store(&store, rows).await;
        let before = answers(&store, "v_accounts").await;
        assert_eq!(before.len(), 8);
        assert_eq!(before, answers(&store, BY_HISTORY).await, "seed {seed}");

        rebuild(&store).await;
        assert_eq!(
            answers(&store, "v_accounts").await,
            before,
            "seed {seed}, filled twice"
        );

        // Retention takes history away, up to a moment that lies within it; states stay, also when they are filled from the rest.
        let hours = seed * 7;
        for (table, column) in [
            ("access_checks", "checked_at"),
            ("collector_runs", "started_at"),
            ("run_targets", "started_at"),
        ] {
            sql::execute(
                &store,
                &format!("ALTER TABLE {table} DELETE WHERE {column} < now() - INTERVAL {hours} HOUR SETTINGS mutations_sync = 2"),
            )
            .await;
        }
        assert_eq!(
            answers(&store, "v_accounts").await,
            before,
            "seed {seed}, history cut"
        );
        rebuild(&store).await;
        assert_eq!(
            answers(&store, "v_accounts").await,
            before,
            "seed {seed}, filled from cut history"
        );
    }
}

/// A success that arrives after later denials, as a slow writer's does, does not clear them.
#[tokio::test]
async fn late_success_clears_only_earlier_denials() {
    let store = fresh_store().await;
    sql::execute(
        &store,
        "INSERT INTO account_facts VALUES ('123456789012', 'o-test', 'aws', 'name', '', 'ACTIVE', 'member', true, false, [], 'Root', NULL, '', '', '', NULL, NULL, 1)",
    )
    .await;
    let check = async |minutes_ago: u32, verdict: &str| {
        sql::execute(
            &store,
            &format!(
                "INSERT INTO access_checks (check_id, account_id, role_kind, checked_at, verdict)
                 VALUES (generateUUIDv4(), '123456789012', 'read', now() - INTERVAL {minutes_ago} MINUTE, '{verdict}')"
            ),
        )
        .await;
    };
    let verdict = async || {
        sql::text(
            &store,
            "SELECT concat(read_verdict, ' ', toString(denials_in_a_row)) FROM v_accounts",
        )
        .await
    };
    check(20, "denied").await;
    check(10, "denied").await;
    assert_eq!(verdict().await, "denied 2");
    check(30, "success").await;
    assert_eq!(verdict().await, "denied 2");
    check(15, "success").await;
    assert_eq!(verdict().await, "success 1");
    // Twenty more within a minute are no confirmation by themselves, and do not push out the one before them.
    for _ in 0..20 {
        check(9, "denied").await;
    }
    assert_eq!(verdict().await, "success 2");
    check(4, "denied").await;
    assert_eq!(verdict().await, "denied 3");
}
