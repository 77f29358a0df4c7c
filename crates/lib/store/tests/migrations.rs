//! The schema on the real engine: applied once, repeatable, adopting what exists, parsed for a cluster.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on should stop, and these read the time as the engine beside them does"
)]

use polo_store::migrations::{MigrationError, MigrationReport, Topology, Turn, all, render};
use polo_store::{Store, StoreError};
use polo_testkit::clickhouse::{fresh_config, fresh_store};
use polo_testkit::relay::Relay;
use polo_testkit::sql;

async fn migrate(store: &Store, topology: &Topology) -> Result<MigrationReport, MigrationError> {
    polo_store::migrations::migrate(store, topology, &Turn::of("a test")).await
}

#[tokio::test]
async fn every_migration_is_applied_once() {
    let store = Store::new(&fresh_config());
    let first = migrate(&store, &Topology::default()).await.unwrap();
    assert_eq!(
        (first.applied.len(), first.already),
        (all().unwrap().len(), 0)
    );
    let second = migrate(&store, &Topology::default()).await.unwrap();
    assert_eq!(
        (second.applied.len(), second.already),
        (0, all().unwrap().len())
    );
}

/// An older release that takes over must not believe that it has made a view.
#[tokio::test]
async fn replaced_view_is_recorded_with_what_replaces_it() {
    let store = Store::new(&fresh_config());
    let relay = Relay::to_engine().await;
    relay.refuse_once("VIEW v_accounts", "Code: 241. DB::Exception: no memory");
    let through = relay.store(&store);
    let error = migrate(&through, &Topology::default()).await.unwrap_err();
    assert!(error.to_string().contains("0048_v_accounts.sql"), "{error}");
    let recorded =
        "SELECT count() FROM schema_migrations FINAL WHERE file LIKE '%\\_v\\_accounts.sql'";
    assert_eq!(sql::number(&store, recorded).await, 0);
    let report = migrate(&through, &Topology::default()).await.unwrap();
    assert_eq!(report.already + report.applied.len(), all().unwrap().len());
    assert_eq!(sql::number(&store, recorded).await, 4);
}

#[tokio::test]
async fn statements_can_run_again_after_a_crash_before_their_record() {
    let store = fresh_store().await;
    sql::execute(&store, "TRUNCATE TABLE schema_migrations").await;
    let again = migrate(&store, &Topology::default()).await.unwrap();
    assert_eq!(again.applied.len(), all().unwrap().len());
}

#[tokio::test]
async fn a_changed_file_is_refused_by_name() {
    let store = fresh_store().await;
    sql::execute(
        &store,
        "INSERT INTO schema_migrations (owner, number, file, sha256) VALUES ('store', 3, 'x', 'other')",
    )
    .await;
    let error = migrate(&store, &Topology::default()).await.unwrap_err();
    assert!(
        matches!(
            error,
            MigrationError::Changed {
                file: "0003_account_tags.sql",
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let store = fresh_store().await;
    sql::execute(
        &store,
        "INSERT INTO schema_migrations (owner, number, file, sha256) VALUES ('store', 999, 'x', 'y')",
    )
    .await;
    assert!(matches!(
        migrate(&store, &Topology::default()).await,
        Err(MigrationError::Unknown {
            number: 999,
            left: 0,
            ..
        })
    ));
}

#[tokio::test]
async fn tables_of_other_parts_of_polo_are_adopted_with_their_rows() {
    let store = Store::new(&fresh_config());
    sql::execute_on_server(&store, "CREATE DATABASE {database}").await;
    sql::execute(
        &store,
        "CREATE TABLE hierarchy_nodes (node_id String, node_type String, node_name String, parent_id String,
            hierarchy LowCardinality(String), metadata Map(String, String), created_at DateTime64(3),
            updated_at DateTime64(3), _version UInt64, extra String)
         ENGINE = ReplacingMergeTree(_version) ORDER BY node_id",
    )
    .await;
    sql::execute(&store, "INSERT INTO hierarchy_nodes (node_id, node_type, hierarchy) VALUES ('team:1', 'squad', 'team')").await;
    let report = migrate(&store, &Topology::default()).await.unwrap();
    assert_eq!(report.adopted, ["hierarchy_nodes"]);
    assert_eq!(
        sql::number(
            &store,
            "SELECT count() FROM hierarchy_nodes WHERE node_id = 'team:1'"
        )
        .await,
        1
    );
    assert_eq!(
        sql::text(&store, "SELECT dictGet(concat(currentDatabase(), '.hierarchy_dict'), 'node_type', tuple('team', 'team:1'))").await,
        "squad"
    );
}

#[tokio::test]
async fn a_table_with_other_columns_is_refused_in_one_sentence() {
    let store = Store::new(&fresh_config());
    sql::execute_on_server(&store, "CREATE DATABASE {database}").await;
    sql::execute(
        &store,
        "CREATE TABLE collector_runs (run_id String) ENGINE = MergeTree ORDER BY run_id",
    )
    .await;
    let error = migrate(&store, &Topology::default()).await.unwrap_err();
    let sentence = error.to_string();
    assert!(
        matches!(error, MigrationError::NotAdoptable { .. }),
        "{error:?}"
    );
    assert!(
        sentence.contains("collector_runs")
            && sentence.contains("run_id is String")
            && sentence.contains("UUID"),
        "{sentence}"
    );
    assert_eq!(sql::text(&store, "SELECT arrayStringConcat(groupArray(name)) FROM system.columns WHERE database = currentDatabase() AND table LIKE 'collector_runs%'").await, "run_id");
}

#[tokio::test]
async fn the_schema_for_a_cluster_is_understood_by_the_engine() {
    let store = fresh_store().await;
    let cluster = Topology {
        cluster: Some("main".into()),
    };
    for migration in all().unwrap() {
        let sql = render(migration.sql, "polo", &cluster);
        assert!(
            sql.contains("ON CLUSTER `main`"),
            "{}/{}",
            migration.owner,
            migration.file
        );
        assert!(
            !sql.contains("ENGINE =") || sql.contains("ENGINE = Replicated"),
            "{}",
            migration.file
        );
        sql::parse(&store, &sql).await;
    }
}

#[tokio::test]
async fn a_dictionary_with_a_password_is_understood_by_the_engine() {
    let store = fresh_store().await;
    let dictionary = all()
        .unwrap()
        .into_iter()
        .find(|migration| migration.sql.contains("{dictionary_credentials}"))
        .expect("the dictionary");
    let login = "USER 'polo' PASSWORD 'a secret'";
    let sql = dictionary.sql.replace("{dictionary_credentials}", login);
    sql::parse(&store, &render(&sql, "polo", &Topology::default())).await;
}

#[tokio::test]
async fn aws_accounts_keeps_its_contract_and_gives_more_columns_defaults() {
    let store = fresh_store().await;
    let columns = sql::lines(
        &store,
        "SELECT concat(name, ' ', type, if(default_kind = '', '', concat(' ', default_kind, ' ', default_expression)))
         FROM system.columns WHERE database = currentDatabase() AND table = 'aws_accounts' ORDER BY position",
    )
    .await;
    assert_eq!(
        columns[..14],
        [
            "account_id String",
            "account_name String",
            "account_email String DEFAULT ''",
            "org_unit String DEFAULT ''",
            "polo_status LowCardinality(String)",
            "polo_read_role String DEFAULT ''",
            "polo_action_role String DEFAULT ''",
            "last_successful_scan DateTime64(3)",
            "last_scan_error String DEFAULT ''",
            "account_role LowCardinality(String) DEFAULT ''",
            "owner String DEFAULT ''",
            "discovered_at DateTime64(3)",
            "updated_at DateTime64(3)",
            "_version UInt64",
        ]
    );
    assert!(
        columns[14..]
            .iter()
            .all(|column| column.contains(" DEFAULT ")),
        "{columns:?}"
    );
    let engine = sql::text(
        &store,
        "SELECT concat(engine_full) FROM system.tables WHERE database = currentDatabase() AND name = 'aws_accounts'",
    )
    .await;
    assert!(
        engine.starts_with("ReplacingMergeTree(_version) ORDER BY (account_id)"),
        "{engine}"
    );
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_unreachable_and_retryable() {
    let config = polo_store::StoreConfig::new("http://127.0.0.1:9", None, None, None).unwrap();
    let error = Store::new(&config).version().await.unwrap_err();
    assert!(
        matches!(error, StoreError::Unreachable { .. }) && error.retryable(),
        "{error:?}"
    );
    assert!(error.to_string().contains("http://127.0.0.1:9"), "{error}");
}
