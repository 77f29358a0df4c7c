//! `polo migrate`, and the environment that every command needs.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use polo_store::Store;
use polo_store::collectors::manifests;
use polo_testkit::clickhouse::{engine_url, fresh_config};
use polo_testkit::sql;

use crate::support::{Database, polo};

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_repeated_and_says_what_it_did() {
    let config = fresh_config();
    let environment = environment(&[
        ("CLICKHOUSE_URL", engine_url()),
        ("CLICKHOUSE_DATABASE", &config.database),
    ]);
    let first = polo(&environment, &["migrate"]).await.done();
    assert!(
        !first.stdout.contains(" 0 migrations applied now"),
        "{first:?}"
    );
    assert!(
        first.stdout.ends_with(".\n") && first.stdout.lines().count() == 2,
        "{first:?}"
    );
    let collectors: Vec<String> = manifests()
        .unwrap()
        .into_iter()
        .map(|one| one.id.to_string())
        .collect();
    let expected = format!(
        "Expected {} collectors: {}.",
        collectors.len(),
        collectors.join(", ")
    );
    assert!(first.stdout.contains(&expected), "{first:?}");
    let again = polo(
        &environment,
        &[
            "migrate",
            "--propagation-grace-seconds",
            "7",
            "--run-retention-days",
            "60",
        ],
    )
    .await
    .done();
    assert!(
        again.stdout.contains(" 0 migrations applied now"),
        "{again:?}"
    );

    assert!(
        again.stdout.contains(
            "Runs are kept for 60 days, history for 400, resources that are gone for 400. Adopted tables keep their rows."
        ),
        "{again:?}"
    );

    let store = Store::new(&config);
    assert_eq!(
        sql::lines(
            &store,
            "SELECT collector FROM collectors FINAL WHERE expected ORDER BY collector"
        )
        .await,
        collectors
    );
    assert_eq!(
        sql::lines(
            &store,
            "SELECT concat(setting, ' ', toString(value_seconds)) FROM rule_settings FINAL"
        )
        .await,
        ["propagation_grace 7"]
    );
}

/// A lock that another has just taken.
async fn leave_lock(store: &Store) {
    let since = sql::text(store, "SELECT formatDateTime(now(), '%FT%TZ', 'UTC')").await;
    let comment = format!(
        r#"{{"holder": "schema-migrator 8476a536", "since": "{since}", "token": "c8ff1d38-0c2a-4b5e-9d0c-0a4f3b6d7e21"}}"#
    );
    let lock = format!(
        "CREATE TABLE schema_migration_lock (nothing UInt8) ENGINE = Null COMMENT '{comment}'"
    );
    sql::execute(store, &lock).await;
}

/// What it does with a lock of its own then is tested beside the lock.
#[tokio::test(flavor = "multi_thread")]
async fn interrupted_it_ends_with_one_sentence_and_leaves_another_s_lock() {
    let config = fresh_config();
    let store = Store::new(&config);
    sql::execute_on_server(&store, "CREATE DATABASE {database}").await;
    leave_lock(&store).await;
    let mut program = Command::new(env!("CARGO_BIN_EXE_polo"))
        .arg("migrate")
        .env_clear()
        .env("CLICKHOUSE_URL", engine_url())
        .env("CLICKHOUSE_DATABASE", &config.database)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ended = tokio::task::spawn_blocking(move || {
        let mut lines = BufReader::new(program.stderr.take().unwrap()).lines();
        let waits = lines.next().unwrap().unwrap();
        assert!(
            waits.contains("waiting for schema-migrator 8476a536"),
            "{waits}"
        );
        let id = program.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(sent.success());
        let rest: Vec<String> = lines.map(Result::unwrap).collect();
        (program.wait().unwrap().code(), rest)
    });
    let (code, rest) = ended.await.unwrap();
    assert_eq!(code, Some(130), "{rest:?}");
    assert_eq!(
        rest,
        [
            "polo: migrating was stopped before it had ended: what was applied stays, migrate again to go on from there"
        ]
    );
    let locks = "SELECT count() FROM system.tables WHERE database = '{database}' AND name = 'schema_migration_lock'";
    assert_eq!(sql::number(&store, locks).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_who_migrates_is_waited_for_and_named() {
    let config = fresh_config();
    let environment = environment(&[
        ("CLICKHOUSE_URL", engine_url()),
        ("CLICKHOUSE_DATABASE", &config.database),
        ("USER", "ada"),
    ]);
    let store = Store::new(&config);
    sql::execute_on_server(&store, "CREATE DATABASE {database}").await;
    leave_lock(&store).await;
    let ended = polo(&environment, &["migrate", "--wait-seconds", "0"]).await;
    let sentence = ended.refused(1);
    assert!(
        sentence.contains("by schema-migrator 8476a536 since 20"),
        "{sentence}"
    );
    let ended = polo(&environment, &["migrate", "--wait-seconds", "soon"]).await;
    assert!(ended.refused(2).contains("\"soon\""), "{ended:?}");

    sql::execute(&store, "DROP TABLE schema_migration_lock").await;
    polo(&environment, &["migrate", "--wait-seconds", "0"])
        .await
        .done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_environment_is_one_sentence_with_variable_value_and_fix() {
    let closed = "http://127.0.0.1:9";
    for (pairs, expected) in [
        (
            vec![],
            vec!["CLICKHOUSE_URL is not set", "http://localhost:8123"],
        ),
        (
            vec![("CLICKHOUSE_URL", "localhost:8123")],
            vec!["CLICKHOUSE_URL is \"localhost:8123\""],
        ),
        (
            vec![("CLICKHOUSE_URL", closed)],
            vec![closed, "CLICKHOUSE_URL"],
        ),
        (
            vec![("CLICKHOUSE_URL", closed), ("CLICKHOUSE_DATABASE", "a-b")],
            vec!["CLICKHOUSE_DATABASE is \"a-b\""],
        ),
    ] {
        let pairs = [pairs, vec![("CLICKHOUSE_PASSWORD", "hunter2")]].concat();
        for arguments in [vec!["migrate"], vec!["accounts", "list"], vec!["runs"]] {
            let ended = polo(&environment(&pairs), &arguments).await;
            let sentence = ended.refused(1);
            assert!(
                expected.iter().all(|part| sentence.contains(part)),
                "{sentence}"
            );
            assert!(!sentence.contains("hunter2"), "{sentence}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_schema_is_told_with_its_fix() {
    let config = fresh_config();
    let environment = environment(&[
        ("CLICKHOUSE_URL", engine_url()),
        ("CLICKHOUSE_DATABASE", &config.database),
    ]);
    let ended = polo(&environment, &["accounts", "list"]).await;
    assert!(ended.refused(1).contains("run `polo migrate`"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn completions_and_help_need_no_settings() {
    for shell in ["bash", "zsh", "fish"] {
        let ended = polo(&[], &["completions", shell]).await.done();
        assert!(ended.stdout.contains("POLO_COMPLETE"), "{shell}");
    }
    assert!(
        polo(&[], &["--help"])
            .await
            .done()
            .stdout
            .contains("CLICKHOUSE_URL")
    );
    assert_eq!(polo(&[], &["acounts"]).await.code, 2);
    assert_eq!(Database::empty().await.polo(&["accounts"]).await.code, 2);
}
