//! The tree's dictionary after the password that it was made with was rotated.
//!
//! The embedded engine has no users: a dictionary that logs in as one is refused with the words of a server whose
//! password is another.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

#[allow(dead_code, reason = "other tests need more of it")]
use polo_core::Timestamp;
use polo_store::migrations::{Topology, Turn, migrate};
use polo_store::{Store, StoreConfig, StoreError};
use polo_testkit::clickhouse::{fresh_config, fresh_store};
use polo_testkit::relay::Relay;
use polo_testkit::{accounts, sql};

const ONE: &str = "111111111111";
const TWO: &str = "222222222222";
const STALE_LOGIN: &str = "USER 'polo' PASSWORD 'before-the-rotation'";

/// The dictionary as it is after the rotation, with `source` as its query.
async fn stale(store: &Store, source: &str) {
    sql::execute(
        store,
        &format!(
            "CREATE OR REPLACE DICTIONARY hierarchy_dict
             (hierarchy String, node_id String, node_type String, node_name String, parent_id String, role String, owner String)
             PRIMARY KEY hierarchy, node_id
             SOURCE(CLICKHOUSE({STALE_LOGIN} QUERY '{source}'))
             LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(MIN 300 MAX 600)"
        ),
    )
    .await;
}

fn ours(store: &Store) -> String {
    format!(
        "SELECT hierarchy, node_id, node_type, node_name, parent_id, metadata[\\'role\\'] AS role, metadata[\\'owner\\'] AS owner FROM {}.hierarchy_nodes FINAL",
        store.database()
    )
}

async fn sync(store: &Store) -> Result<usize, StoreError> {
    let registry = store.registry().await.unwrap();
    let now: Timestamp = "2026-11-21T05:17:00Z".parse().unwrap();
    store.sync_hierarchy(now, &registry, &[]).await
}

/// What the dictionary says of an account.
async fn type_of(store: &Store, account: &str) -> String {
    sql::text(
        store,
        &format!(
            "SELECT dictGet('hierarchy_dict', 'node_type', ('aws_account', 'account:{account}'))"
        ),
    )
    .await
}

#[tokio::test]
async fn it_is_made_anew_when_the_tree_changes() {
    let store = fresh_store().await;
    accounts::active(&store, ONE).await;
    sync(&store).await.unwrap();
    stale(&store, &ours(&store)).await;

    accounts::active(&store, TWO).await;
    assert_eq!(sync(&store).await.unwrap(), 1);
    assert_eq!(type_of(&store, TWO).await, "account");
    assert_eq!(sync(&store).await.unwrap(), 0);
}

#[tokio::test]
async fn it_is_made_anew_when_the_server_could_not_refresh_it() {
    let store = fresh_store().await;
    accounts::active(&store, ONE).await;
    sync(&store).await.unwrap();
    stale(&store, &ours(&store)).await;
    // As the server does by itself every five to ten minutes.
    let refused = store
        .fetch::<u8>(
            "read it",
            store.query("SELECT dictHas('hierarchy_dict', ('a', 'b'))"),
        )
        .await
        .unwrap_err();
    assert!(refused.is_refused_login(), "{refused:?}");

    assert_eq!(sync(&store).await.unwrap(), 0);
    assert_eq!(type_of(&store, ONE).await, "account");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_may_not_read_its_state_syncs_all_the_same() {
    let config = fresh_config();
    let store = Store::new(&config);
    migrate(&store, &Topology::default(), &Turn::of("a test"))
        .await
        .unwrap();
    accounts::active(&store, ONE).await;
    sync(&store).await.unwrap();

    let relay = Relay::to_engine().await;
    let denied = Store::new(&StoreConfig {
        url: relay.url(),
        ..config
    });
    relay.refuse_once(
        "FROM system.dictionaries",
        "Code: 497. DB::Exception: polo: Not enough privileges. (ACCESS_DENIED)",
    );
    assert_eq!(sync(&denied).await.unwrap(), 0);
    relay.refuse_once(
        "FROM system.dictionaries",
        "Code: 60. DB::Exception: no such table. (UNKNOWN_TABLE)",
    );
    assert!(sync(&denied).await.is_err());
}

#[tokio::test]
async fn one_that_others_made_stays_theirs_and_is_no_refused_login_of_the_function() {
    let store = fresh_store().await;
    let theirs = format!(
        "SELECT hierarchy, node_id, node_type, node_name, parent_id, node_id AS role, node_id AS owner FROM {}.their_nodes",
        store.database()
    );
    stale(&store, &theirs).await;
    let created = "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = 'hierarchy_dict'";
    let before = sql::text(&store, created).await;

    accounts::active(&store, ONE).await;
    let error = sync(&store).await.unwrap_err();
    assert_eq!(error.error_type(), "DictionaryLoginRefused");
    assert!(!error.is_refused_login(), "{error}");
    assert!(error.to_string().contains("is not Polo's own"), "{error}");
    assert_eq!(sql::text(&store, created).await, before);
}
