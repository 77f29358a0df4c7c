//! The real engine for tests, with a fresh database per test.

use polo_store::{Store, StoreConfig};

use crate::engine::{empty_database, new_database};

pub use crate::engine::{PROFILES, binary, engine_url, folder_for_small_files};
pub(crate) use crate::engine::{ask, ask_as, post};

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
