//! The real engine for tests, with a fresh database per test.

use std::path::PathBuf;

use polo_store::{Store, StoreConfig};

use crate::engine::{empty_database, engine, new_database};

pub use crate::engine::{PROFILES, folder_for_small_files};

/// A binary of this workspace, beside the test's own.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    let deps = test.parent().expect("deps");
    deps.parent().expect("the profile's directory").join(name)
}

/// Where the engine of tests listens.
pub fn engine_url() -> &'static str {
    &engine().url
}

/// The settings of an empty, not yet migrated database.
pub fn fresh_config() -> StoreConfig {
    config_of(&new_database())
}

/// A database with the whole schema and no rows, for this test alone.
pub async fn fresh_store() -> Store {
    Store::new(&config_of(&empty_database().await))
}

fn config_of(database: &str) -> StoreConfig {
    StoreConfig::new(engine_url(), Some(database), None, None).expect("settings of the test engine")
}

/// Whether the engine accepts a statement, and its answer.
pub(crate) async fn ask(database: &str, sql: &str) -> (bool, String) {
    ask_as("default", database, sql).await
}

/// The same for a user without a password.
pub(crate) async fn ask_as(user: &str, database: &str, sql: &str) -> (bool, String) {
    let response = reqwest::Client::new()
        .post(engine_url())
        .query(&[("database", database), ("user", user)])
        .body(sql.to_owned())
        .send()
        .await
        .expect("the engine answers");
    let accepted = response.status().is_success();
    (accepted, response.text().await.expect("text"))
}

/// The engine's answer to a statement that it has to accept.
pub(crate) async fn post(database: &str, sql: &str) -> String {
    let (accepted, body) = ask(database, sql).await;
    assert!(accepted, "{sql}\n{body}");
    body
}
