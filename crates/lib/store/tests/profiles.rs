//! What a user's profile or a database's name must not change: the schema, the views' answers, and the store's.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod history;
#[path = "profiles/rows.rs"]
mod rows;

use std::collections::BTreeMap;
use std::fmt::Debug;

use chrono::DateTime;
use polo_core::{AccountId, Scope};
use polo_store::accounts::AccountRow;
use polo_store::admission::Admission;
use polo_store::migrations::{Topology, Turn, migrate};
use polo_store::{Store, StoreConfig};
use polo_testkit::clickhouse::{PROFILES, engine_url, fresh_config, fresh_store};
use polo_testkit::sql;
use uuid::Uuid;

fn store_of(database: &str, user: &str) -> Store {
    let user = Some(user);
    Store::new(&StoreConfig::new(engine_url(), Some(database), user, None).unwrap())
}

/// Names of views and questions, with what they say.
type Answers = Vec<(String, String)>;

/// What each view says.
async fn views(store: &Store, user: &str) -> Answers {
    let names = sql::lines(
        store,
        "SELECT name FROM system.tables WHERE database = '{database}' AND engine = 'View' ORDER BY name",
    )
    .await;
    let mut answers = Vec::new();
    for name in names {
        let query =
            format!("SELECT * FROM {name} ORDER BY ALL FORMAT TabSeparatedWithNamesAndTypes");
        answers.push((name, sql::raw_as(store, user, &query).await));
    }
    answers
}

/// What the store says to each question.
async fn questions(store: &Store) -> Answers {
    fn line<T: Debug>(name: &str, answer: T) -> (String, String) {
        (name.to_owned(), format!("{answer:?}"))
    }
    macro_rules! ask {
        ($($name:ident($($argument:expr),*)),* $(,)?) => {
            vec![$(line(stringify!($name), store.$name($($argument),*).await.unwrap())),*]
        };
    }
    let one: AccountId = rows::ONE.parse().unwrap();
    let other: AccountId = "111111111112".parse().unwrap();
    let long_ago = DateTime::default();
    let mut answers = ask![
        accounts(),
        holds_accounts(),
        account(&one),
        account_details(&one),
        dispatch_states(),
        dispatch_states_of(&one),
        incomplete_collectors(&[&one, &other]),
        last_listings(),
        placements_read_at("o-test"),
        organization_nodes(),
        paid_accounts(),
        pays(&one),
        pays(&other),
        lacking_payer(&[&one, &other], long_ago, long_ago),
        expected_collectors(),
        access_history(&one, 100),
        checks_already_made(&[(one.clone(), Uuid::nil())]),
        newest_full_runs(&one),
        latest_runs(Some(&one), 100),
        settings_of(&one),
        resource_counts(),
        open_notices(),
        rollout(),
        open_provisioning_attempts("polo-roles"),
        provisioning_history("polo-roles"),
        retention(),
    ];
    let some: Vec<AccountRow> = store.some_accounts(&[&one, &other]).await.unwrap();
    answers.push(line("some_accounts", some));
    let ec2 = "config_ec2".parse().unwrap();
    for scope in [Scope::Region, Scope::AccountAndPayer] {
        let admission = store.admission(&one, &ec2, Uuid::nil(), scope).await;
        let Admission {
            account,
            pays,
            enabled_regions,
            last_attempt,
            ..
        } = admission.unwrap();
        answers.push(line(
            "admission",
            (account, pays, enabled_regions, last_attempt),
        ));
    }
    let facts: BTreeMap<_, _> = store.account_facts().await.unwrap().into_iter().collect();
    answers.push(line("account_facts", facts));
    answers
}

/// What users and databases must agree on.
async fn answers(store: &Store, user: &str) -> Answers {
    let mut answers = views(store, user).await;
    answers.extend(questions(&store_of(store.database(), user)).await);
    answers
}

/// The same as expected; where the clock may have moved an answer meanwhile, both are asked once more.
async fn assert_same(expected: &mut Answers, (asked, user): (&Store, &str), default: &Store) {
    for last in [false, true] {
        let seen = answers(asked, user).await;
        let different: Vec<_> = expected.iter().zip(&seen).filter(|(a, b)| a != b).collect();
        if different.is_empty() {
            assert_eq!(expected.len(), seen.len());
            return;
        }
        assert!(!last, "{user} in {}: {different:#?}", asked.database());
        *expected = answers(default, "default").await;
    }
}

async fn columns(store: &Store) -> Vec<String> {
    sql::lines(
        store,
        "SELECT concat(table, '.', name, ' ', type) FROM system.columns WHERE database = '{database}' ORDER BY table, position",
    )
    .await
}

async fn migrated(config: &StoreConfig) -> Store {
    let store = Store::new(config);
    let turn = Turn::of("a test");
    migrate(&store, &Topology::default(), &turn).await.unwrap();
    store
}

#[tokio::test]
async fn every_view_and_statement_says_the_same_under_every_profile() {
    let store = fresh_store().await;
    rows::insert(&store).await;
    let mut expected = answers(&store, "default").await;
    for (name, answer) in expected.iter().filter(|(_, answer)| answer.contains('\n')) {
        // Names and types alone; the frame of all idle resources has no rows.
        let is_empty = answer.lines().count() == 2;
        assert_eq!(is_empty, name == "base_idle", "{name}: {answer}");
    }
    for (user, value) in PROFILES {
        let set = format!("SELECT value FROM system.settings WHERE name = '{user}'");
        let set = sql::raw_as(&store, user, &set).await;
        assert_eq!(set.trim_end(), value);
        assert_same(&mut expected, (&store, user), &store).await;
    }
}

#[tokio::test]
async fn a_schema_is_the_same_whoever_makes_it() {
    let store = fresh_store().await;
    let expected = columns(&store).await;
    assert!(expected.len() > 400, "{}", expected.len());
    for (user, _) in PROFILES.iter().filter(|(user, _)| *user != "readonly") {
        let made = migrated(&StoreConfig {
            user: (*user).to_owned(),
            ..fresh_config()
        })
        .await;
        assert_eq!(columns(&made).await, expected, "{user}");
    }
}

/// Each is an alias in some view, and what an alias means must not depend on the database's name.
#[tokio::test]
async fn a_database_may_have_any_name() {
    let store = fresh_store().await;
    rows::insert(&store).await;
    let tables = sql::lines(
        &store,
        "SELECT name FROM system.tables WHERE database = '{database}' AND engine LIKE '%MergeTree' AND name != 'schema_migrations'",
    )
    .await;
    let mut expected = answers(&store, "default").await;
    for name in ["a", "d", "l"] {
        sql::execute(&store, &format!("DROP DATABASE IF EXISTS {name} SYNC")).await;
        let named =
            migrated(&StoreConfig::new(engine_url(), Some(name), None, None).unwrap()).await;
        for table in &tables {
            let copy = format!("INSERT INTO {name}.{table} SELECT * FROM {{database}}.{table}");
            sql::execute(&store, &copy).await;
        }
        assert_same(&mut expected, (&named, "default"), &store).await;
        sql::execute(&store, &format!("DROP DATABASE {name} SYNC")).await;
    }
}
