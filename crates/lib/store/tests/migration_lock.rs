//! The lock of migrations on the real engine: who comes second waits, a crash is not for ever, and nobody ends a lock
//! that is not the one it looked at.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::time::Duration;

use polo_store::migrations::{MigrationError, Topology, Turn, all, migrate, migrate_unless};
use polo_store::retention::RetentionChange;
use polo_store::{Store, StoreConfig};
use polo_testkit::clickhouse::fresh_config;
use polo_testkit::relay::Relay;
use polo_testkit::sql;
use tokio::sync::Notify;
use tokio::sync::mpsc::unbounded_channel;

/// A migration in the middle of the schema.
const MIDDLE: &str = "CREATE TABLE IF NOT EXISTS account_tags";
const TIMEOUT: &str = "Code: 159. DB::Exception: Timeout exceeded. (TIMEOUT_EXCEEDED)";
const LOCKS: &str = "SELECT name FROM system.tables WHERE database = '{database}' AND name LIKE 'schema\\_migration\\_lock%' ORDER BY name";
const HOLDER: &str = "SELECT JSONExtractString(comment, 'holder') FROM system.tables WHERE database = '{database}' AND name = 'schema_migration_lock'";

fn here() -> Topology {
    Topology::default()
}

/// A turn that waits for nobody.
fn at_once(holder: &str) -> Turn<'static> {
    Turn::of(holder).waiting(Duration::ZERO)
}

fn through(relay: &Relay, config: &StoreConfig) -> Store {
    Store::new(&StoreConfig {
        url: relay.url(),
        ..config.clone()
    })
}

/// A lock as its holder left it, so many minutes ago by the server's clock.
async fn leave_lock(store: &Store, holder: &str, minutes_ago: u32) {
    sql::execute_on_server(store, "CREATE DATABASE IF NOT EXISTS {database}").await;
    let comment = format!(
        "SELECT concat('{{\"holder\":\"{holder}\",\"since\":\"', formatDateTime(now() - INTERVAL {minutes_ago} MINUTE, '%FT%TZ', 'UTC'),
                '\",\"token\":\"', toString(generateUUIDv4()), '\"}}')"
    );
    let comment = sql::text(store, &comment).await;
    let create = format!(
        "CREATE TABLE schema_migration_lock (nothing UInt8) ENGINE = Null COMMENT '{comment}'"
    );
    sql::execute(store, &create).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_second_waits_and_finds_all_applied() {
    let config = fresh_config();
    let relay = Relay::to_engine().await;
    let held = relay.hold(MIDDLE);
    let slow = through(&relay, &config);
    let first = tokio::spawn(async move { migrate(&slow, &here(), &Turn::of("the first")).await });
    held.reached().await;

    let (telling, mut told) = unbounded_channel();
    let store = Store::new(&config);
    let second = {
        let store = store.clone();
        tokio::spawn(async move {
            let turn = Turn {
                on_wait: &|other| telling.send(other.name.clone()).unwrap(),
                ..Turn::of("the second")
            };
            migrate(&store, &here(), &turn).await
        })
    };
    assert_eq!(told.recv().await.as_deref(), Some("the first"));
    held.release();

    let migrations = all().unwrap().len();
    let first = first.await.unwrap().unwrap();
    assert_eq!((first.applied.len(), first.already), (migrations, 0));
    let second = second.await.unwrap().unwrap();
    assert_eq!((second.applied.len(), second.already), (0, migrations));
    assert_eq!(told.recv().await, None, "told once");
    assert!(sql::lines(&store, LOCKS).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_applies_everything() {
    let config = fresh_config();
    let reports = futures::future::join_all((0..8).map(|n| {
        let store = Store::new(&config);
        async move { migrate(&store, &here(), &Turn::of(format!("number {n}"))).await }
    }))
    .await;
    let mut applied: Vec<usize> = reports
        .into_iter()
        .map(|report| report.unwrap().applied.len())
        .collect();
    applied.sort_unstable();
    assert_eq!(applied, [0, 0, 0, 0, 0, 0, 0, all().unwrap().len()]);
    assert!(
        sql::lines(&Store::new(&config), LOCKS).await.is_empty(),
        "nothing is left of the lock"
    );
}

#[tokio::test]
async fn who_waited_long_enough_is_told_who_holds_it_and_changes_nothing() {
    let store = Store::new(&fresh_config());
    leave_lock(&store, "schema-migrator 8476a536", 19).await;
    let error = migrate(&store, &here(), &at_once("another"))
        .await
        .unwrap_err();
    assert!(matches!(error, MigrationError::Locked { .. }), "{error:?}");
    let sentence = error.to_string();
    assert!(
        sentence.contains("by schema-migrator 8476a536 since 20")
            && sentence.contains("20 minutes"),
        "{sentence}"
    );
    assert_eq!(
        sql::number(&store, "SELECT count() FROM schema_migrations").await,
        0
    );
    assert_eq!(sql::text(&store, HOLDER).await, "schema-migrator 8476a536");
}

#[tokio::test]
async fn with_nothing_left_to_do_nobody_waits() {
    let store = polo_testkit::clickhouse::fresh_store().await;
    leave_lock(&store, "somebody", 1).await;
    let report = migrate(&store, &here(), &at_once("another")).await.unwrap();
    assert!(report.applied.is_empty());
}

#[tokio::test]
async fn the_lock_of_one_who_crashed_is_broken_and_remembered() {
    let store = Store::new(&fresh_config());
    leave_lock(&store, "one who crashed", 21).await;
    let report = migrate(&store, &here(), &at_once("another")).await.unwrap();
    assert_eq!(report.applied.len(), all().unwrap().len());
    let left = sql::lines(&store, LOCKS).await;
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(
        left[0].starts_with("schema_migration_lock_ended_"),
        "{left:?}"
    );
}

#[tokio::test]
async fn a_failed_migration_releases_the_lock() {
    let store = Store::new(&fresh_config());
    sql::execute_on_server(&store, "CREATE DATABASE {database}").await;
    sql::execute(
        &store,
        "CREATE TABLE collector_runs (run_id String) ENGINE = MergeTree ORDER BY run_id",
    )
    .await;
    let error = migrate(&store, &here(), &at_once("the first"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, MigrationError::NotAdoptable { .. }),
        "{error:?}"
    );
    assert!(sql::lines(&store, LOCKS).await.is_empty());
    sql::execute(&store, "DROP TABLE collector_runs").await;
    migrate(&store, &here(), &at_once("the second"))
        .await
        .unwrap();
}

#[tokio::test]
async fn who_runs_out_of_time_releases_the_lock() {
    let store = Store::new(&fresh_config());
    let turn = Turn {
        within: Duration::ZERO,
        ..at_once("a function")
    };
    let error = migrate(&store, &here(), &turn).await.unwrap_err();
    assert!(matches!(error, MigrationError::OutOfTime), "{error:?}");
    assert!(sql::lines(&store, LOCKS).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_find_a_stale_lock_the_slower_leaves_the_new_one_alone() {
    let config = fresh_config();
    let store = Store::new(&config);
    leave_lock(&store, "one who crashed", 21).await;

    let slow_relay = Relay::to_engine().await;
    let breaking = slow_relay.hold("RENAME TABLE schema_migration_lock");
    let slow = through(&slow_relay, &config);
    let (telling, mut told) = unbounded_channel();
    let slow = tokio::spawn(async move {
        let turn = Turn {
            on_wait: &|other| telling.send(other.name.clone()).unwrap(),
            ..Turn::of("the slow one")
        };
        migrate(&slow, &here(), &turn).await
    });
    breaking.reached().await;

    let fast_relay = Relay::to_engine().await;
    let applying = fast_relay.hold(MIDDLE);
    let fast = through(&fast_relay, &config);
    let fast = tokio::spawn(async move { migrate(&fast, &here(), &at_once("the fast one")).await });
    applying.reached().await;
    breaking.release();
    // It waits for the lock that it has just tried to break under the old one's name.
    assert_eq!(told.recv().await.as_deref(), Some("the fast one"));
    assert_eq!(sql::text(&store, HOLDER).await, "the fast one");
    applying.release();
    let migrations = all().unwrap().len();
    assert_eq!(fast.await.unwrap().unwrap().applied.len(), migrations);
    assert_eq!(slow.await.unwrap().unwrap().already, migrations);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_whose_lock_was_broken_leaves_the_new_one_alone() {
    let config = fresh_config();
    let store = Store::new(&config);
    let suspended_relay = Relay::to_engine().await;
    let suspended = suspended_relay.hold(MIDDLE);
    let first = through(&suspended_relay, &config);
    let first = tokio::spawn(async move { migrate(&first, &here(), &at_once("the first")).await });
    suspended.reached().await;
    // Twenty-one minutes later, as far as the lock says.
    let comment = sql::text(
        &store,
        "SELECT replaceOne(comment, JSONExtractString(comment, 'since'), formatDateTime(now() - INTERVAL 21 MINUTE, '%FT%TZ', 'UTC'))
         FROM system.tables WHERE database = '{database}' AND name = 'schema_migration_lock'",
    )
    .await;
    sql::execute(
        &store,
        &format!("ALTER TABLE schema_migration_lock MODIFY COMMENT '{comment}'"),
    )
    .await;

    let second_relay = Relay::to_engine().await;
    let applying = second_relay.hold(MIDDLE);
    let second = through(&second_relay, &config);
    let second =
        tokio::spawn(async move { migrate(&second, &here(), &at_once("the second")).await });
    applying.reached().await;
    suspended.release();
    // The first ends meanwhile, and with it what it thinks is its lock.
    assert!(!first.await.unwrap().unwrap().applied.is_empty());
    assert_eq!(sql::text(&store, HOLDER).await, "the second");
    applying.release();
    second.await.unwrap().unwrap();
    let ledger = "SELECT count() FROM schema_migrations FINAL";
    assert_eq!(
        usize::try_from(sql::number(&store, ledger).await).unwrap(),
        all().unwrap().len()
    );
}

/// How many statements begin like this.
fn asked(relay: &Relay, beginning: &str) -> usize {
    let statements = relay.statements();
    let all = statements.iter();
    all.filter(|one| one.starts_with(beginning)).count()
}

/// The statement that was refused may yet be done: as long as the name stays taken, it ends nobody else's lock.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_whose_release_fails_at_first_is_released_and_its_name_stays_taken() {
    let config = fresh_config();
    let relay = Relay::to_engine().await;
    relay.refuse_once("RENAME TABLE schema_migration_lock", TIMEOUT);
    migrate(&through(&relay, &config), &here(), &at_once("the first"))
        .await
        .unwrap();
    let left = sql::lines(&Store::new(&config), LOCKS).await;
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(
        left[0].starts_with("schema_migration_lock_ended_"),
        "{left:?}"
    );
    assert_eq!((asked(&relay, "RENAME"), asked(&relay, "DROP")), (2, 0));
}

/// Were the lock ended once more, it could be another's by then.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_repeated_of_a_release_is_what_had_no_answer() {
    for (lost, renames, drops) in [
        ("RENAME TABLE schema_migration_lock", 1, 1),
        ("DROP TABLE IF EXISTS schema_migration_lock_ended_", 1, 2),
    ] {
        let config = fresh_config();
        let relay = Relay::to_engine().await;
        relay.lose_answer_once(lost);
        migrate(&through(&relay, &config), &here(), &at_once("the first"))
            .await
            .unwrap();
        assert_eq!(
            (asked(&relay, "RENAME"), asked(&relay, "DROP")),
            (renames, drops),
            "{lost}"
        );
        assert!(sql::lines(&Store::new(&config), LOCKS).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_s_lock_outlives_a_repeated_drop() {
    let config = fresh_config();
    let store = Store::new(&config);
    let relay = Relay::to_engine().await;
    relay.lose_answer_once("DROP TABLE IF EXISTS schema_migration_lock_ended_");
    let again = relay.hold("DROP TABLE IF EXISTS schema_migration_lock_ended_");
    let first = through(&relay, &config);
    let first = tokio::spawn(async move { migrate(&first, &here(), &at_once("the first")).await });
    again.reached().await;
    leave_lock(&store, "another", 0).await;
    again.release();
    first.await.unwrap().unwrap();
    assert_eq!(sql::text(&store, HOLDER).await, "another");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_was_made_without_an_answer_is_one_s_own() {
    let config = fresh_config();
    let relay = Relay::to_engine().await;
    relay.lose_answer_once("CREATE TABLE schema_migration_lock");
    // Nor is there an answer to the first look.
    relay.refuse_once("SELECT comment", TIMEOUT);
    let report = migrate(&through(&relay, &config), &here(), &at_once("the first"))
        .await
        .unwrap();
    assert_eq!(report.applied.len(), all().unwrap().len());
    assert_eq!(asked(&relay, "CREATE TABLE schema_migration_lock"), 1);
    assert!(sql::lines(&Store::new(&config), LOCKS).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_the_server_fails_to_make_is_asked_for_again_but_not_for_ever() {
    for (failures, made) in [(1, true), (4, false)] {
        let config = fresh_config();
        let relay = Relay::to_engine().await;
        for _ in 0..failures {
            relay.refuse_once("CREATE TABLE schema_migration_lock", TIMEOUT);
        }
        let outcome = migrate(&through(&relay, &config), &here(), &Turn::of("the first")).await;
        assert_eq!(outcome.is_ok(), made, "{outcome:?}");
        let failed = matches!(outcome, Err(MigrationError::Store(_)));
        assert_eq!(failed, !made, "{outcome:?}");
        assert!(sql::lines(&Store::new(&config), LOCKS).await.is_empty());
    }
}

#[tokio::test]
async fn who_has_a_name_of_its_own_ends_the_lock_of_its_attempt_that_died() {
    let store = Store::new(&fresh_config());
    leave_lock(&store, "schema-migrator 8476a536", 1).await;
    // A person's name says nothing: the same one may be at work in another terminal.
    let error = migrate(&store, &here(), &at_once("schema-migrator 8476a536"))
        .await
        .unwrap_err();
    assert!(matches!(error, MigrationError::Locked { .. }), "{error:?}");
    let other = Turn {
        unique: true,
        ..at_once("schema-migrator 5b478341")
    };
    let error = migrate(&store, &here(), &other).await.unwrap_err();
    assert!(matches!(error, MigrationError::Locked { .. }), "{error:?}");
    let again = Turn {
        unique: true,
        ..at_once("schema-migrator 8476a536")
    };
    let report = migrate(&store, &here(), &again).await.unwrap();
    assert_eq!(report.applied.len(), all().unwrap().len());
    let left = sql::lines(&store, LOCKS).await;
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(
        left[0].starts_with("schema_migration_lock_ended_"),
        "{left:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_to_stop_while_it_works_releases_the_lock() {
    let config = fresh_config();
    let relay = Relay::to_engine().await;
    let held = relay.hold(MIDDLE);
    let first = through(&relay, &config);
    let stopped = Box::pin(async move { held.reached().await });
    let error = migrate_unless(
        &first,
        &here(),
        &RetentionChange::default(),
        &at_once("the first"),
        stopped,
    )
    .await
    .unwrap_err();
    assert!(matches!(error, MigrationError::Stopped), "{error:?}");
    let store = Store::new(&config);
    assert!(sql::lines(&store, LOCKS).await.is_empty());
    let report = migrate(&store, &here(), &at_once("the second"))
        .await
        .unwrap();
    assert!(report.already > 0 && !report.applied.is_empty());
}

#[tokio::test]
async fn who_is_to_stop_while_it_waits_leaves_the_other_s_lock() {
    let store = Store::new(&fresh_config());
    leave_lock(&store, "somebody", 1).await;
    let waits = Notify::new();
    let turn = Turn {
        on_wait: &|_| waits.notify_one(),
        ..Turn::of("another")
    };
    let error = migrate_unless(
        &store,
        &here(),
        &RetentionChange::default(),
        &turn,
        Box::pin(waits.notified()),
    )
    .await
    .unwrap_err();
    assert!(matches!(error, MigrationError::Stopped), "{error:?}");
    assert_eq!(sql::text(&store, HOLDER).await, "somebody");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_only_another_host_of_the_cluster_knows_is_not_tried_for_ever() {
    let config = fresh_config();
    let relay = Relay::to_engine().await;
    for _ in 0..4 {
        relay.refuse_once(
            "CREATE TABLE schema_migration_lock",
            "Code: 57. DB::Exception: There was an error on [other:9000]: Table already exists. (TABLE_ALREADY_EXISTS)",
        );
    }
    let error = migrate(&through(&relay, &config), &here(), &at_once("another"))
        .await
        .unwrap_err();
    let told = polo_core::error_chain(&error);
    assert!(told.contains("[other:9000]"), "{told}");
}

#[tokio::test]
async fn a_table_of_others_by_the_lock_s_name_is_refused_in_one_sentence() {
    let store = Store::new(&fresh_config());
    sql::execute_on_server(&store, "CREATE DATABASE {database}").await;
    sql::execute(
        &store,
        "CREATE TABLE schema_migration_lock (a UInt8) ENGINE = Null COMMENT 'ours'",
    )
    .await;
    let error = migrate(&store, &here(), &at_once("another"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, MigrationError::NotALock { .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("\"ours\"") && error.to_string().contains(store.database()),
        "{error}"
    );
    assert_eq!(sql::lines(&store, LOCKS).await, ["schema_migration_lock"]);
}

/// The engine here has no cluster: the relay takes the words for one out again.
#[tokio::test(flavor = "multi_thread")]
async fn on_a_cluster_every_statement_about_the_lock_says_so() {
    let config = fresh_config();
    let relay = Relay::to_engine().await;
    relay.say_instead("ON CLUSTER `main`", "");
    relay.say_instead("ENGINE = Replicated", "ENGINE = ");
    let cluster = Topology {
        cluster: Some("main".into()),
    };
    let store = Store::new(&config);
    leave_lock(&store, "one who crashed", 21).await;
    let report = migrate(&through(&relay, &config), &cluster, &at_once(r"it's \ one"))
        .await
        .unwrap();
    assert_eq!(report.applied.len(), all().unwrap().len());
    let about: Vec<String> = relay
        .statements()
        .into_iter()
        .filter(|statement| {
            statement.contains("schema_migration_lock") && !statement.starts_with("SELECT")
        })
        .collect();
    // Refused, the stale one broken, made, ended, dropped.
    assert_eq!(about.len(), 5, "{about:?}");
    for statement in about {
        assert!(statement.contains("ON CLUSTER `main`"), "{statement}");
        sql::parse(&store, &statement).await;
    }
}
