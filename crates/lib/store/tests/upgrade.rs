//! The upgrade from the release that decided from history: states are filled from it, and its statements still count.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod history;
#[path = "history/previous.rs"]
mod previous;
use polo_store::Store;
use polo_store::migrations::{Topology, Turn, migrate};
use polo_testkit::clickhouse::fresh_store;
use polo_testkit::relay::Relay;
use polo_testkit::sql;

use self::history::History;
use self::previous::{BY_HISTORY, answers, make_previous_view};

/// The first migration that the previous release did not have.
const FIRST: u32 = 32;

/// The schema of the previous release: what came later is taken away again.
async fn previous_release() -> Store {
    let store = fresh_store().await;
    let later = sql::lines(
        &store,
        "SELECT name FROM system.tables WHERE database = '{database}' AND (name LIKE '%\\_states%' OR name LIKE '%\\_states\\_%feed')
         ORDER BY engine = 'MaterializedView' DESC",
    )
    .await;
    assert!(later.len() > 8, "{later:?}");
    for table in later {
        sql::execute(&store, &format!("DROP TABLE {table} SYNC")).await;
    }
    sql::execute(
        &store,
        &format!("DELETE FROM schema_migrations WHERE owner = 'store' AND number >= {FIRST} SETTINGS mutations_sync = 2"),
    )
    .await;
    make_previous_view(&store, "v_accounts").await;
    make_previous_view(&store, BY_HISTORY).await;
    store
}

async fn same(store: &Store, when: &str) {
    let expected = answers(store, BY_HISTORY).await;
    assert_eq!(answers(store, "v_accounts").await, expected, "{when}");
}

#[tokio::test(flavor = "multi_thread")]
async fn previous_release_may_write_at_any_time() {
    let store = previous_release().await;
    let mut history = History::new(&store, 7).await;
    let mut rows = history.rows.clone();
    let mut next = || {
        let rest = rows.split_off(rows.len() / 2);
        std::mem::replace(&mut rows, rest)
    };
    let (before, during, while_filled, after) = (next(), next(), next(), next());
    history.store(&store, before).await;
    let answered = answers(&store, "v_accounts").await;

    let relay = Relay::to_engine().await;
    let making = relay.hold("CREATE TABLE IF NOT EXISTS collector_states");
    let filling = relay.hold("INSERT INTO listing_states");
    let migrator = relay.store(&store);
    let migration = tokio::spawn(async move {
        migrate(
            &migrator,
            &Topology::default(),
            &Turn::of("the new release"),
        )
        .await
    });
    making.reached().await;
    assert_eq!(
        answers(&store, "v_accounts").await,
        answered,
        "the previous view stays until states are filled"
    );
    history.store(&store, during).await;
    making.release();
    filling.reached().await;
    history.store(&store, while_filled).await;
    filling.release();
    migration.await.unwrap().unwrap();
    same(&store, "after the migration").await;

    history.store(&store, after).await;
    same(&store, "the previous release writes on").await;

    // A rollback leaves the schema; what the previous release writes then reaches the states too.
    let rest = rows.clone();
    history.store(&store, rest).await;
    same(&store, "after a rollback").await;
    let again = migrate(&store, &Topology::default(), &Turn::of("the new release"))
        .await
        .unwrap();
    assert_eq!(again.applied, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn fill_that_was_cut_off_goes_on() {
    let store = previous_release().await;
    let mut history = History::new(&store, 8).await;
    let rows = history.rows.clone();
    history.store(&store, rows).await;

    let relay = Relay::to_engine().await;
    relay.refuse_once(
        "INSERT INTO listing_states",
        "Code: 159. DB::Exception: Timeout exceeded. (TIMEOUT_EXCEEDED)",
    );
    let migrator = relay.store(&store);
    migrate(&migrator, &Topology::default(), &Turn::of("a migration"))
        .await
        .unwrap_err();
    let again = migrate(&migrator, &Topology::default(), &Turn::of("another"))
        .await
        .unwrap();
    assert_eq!(
        again.applied.first().map(String::as_str),
        Some("store/0038_listing_states_feed.sql")
    );
    same(&store, "after the second migration").await;
    let filled = sql::lines(
        &store,
        "SELECT number, filled_up_to FROM schema_fills FINAL ORDER BY number",
    )
    .await;
    assert_eq!(
        filled,
        ["33\t111111111118", "35\t111111111118", "38\t111111111118"]
    );
}
