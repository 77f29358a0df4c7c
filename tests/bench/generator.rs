//! Accounts with days of history in the shape that real runs write, made by SQL on the server.
//!
//! Invariant: history and facts alone are written; the engine feeds the states. Nothing is optimized by hand.

use std::future::pending;
use std::pin::pin;
use std::time::Instant;

use polo_store::Store;
use polo_store::collectors::manifests;
use polo_store::migrations::{Topology, Turn, migrate_unless};
use polo_store::retention::RetentionChange;

use crate::server::Server;
use crate::size::Size;

/// What an account without opt-in regions has.
pub(crate) const REGIONS: [&str; 17] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "sa-east-1",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
];
const DENIED_REGION: &str = "'eu-north-1'";

/// A migrated database of this size.
pub(crate) async fn make(server: &Server, size: Size) -> Store {
    let begun = Instant::now();
    let store = server.store(&format!("bench_{}x{}", size.accounts, size.days));
    migrated(&store).await;
    let now = server.ask("default", "SELECT now64(3, 'UTC')").await;
    let regions = REGIONS.map(|region| format!("'{region}'")).join(", ");
    let run = async |sql: &str, age: u64| {
        let sql = sql
            .replace("{accounts}", &size.accounts.to_string())
            .replace("{days}", &size.days.to_string())
            .replace("{age}", &age.to_string())
            .replace("{now}", &format!("toDateTime64('{now}', 3, 'UTC')"))
            .replace("{regions}", &format!("[{regions}]"))
            .replace("{denied_region}", DENIED_REGION);
        for statement in sql.split(";\n").filter(|sql| !sql.trim().is_empty()) {
            server.ask(store.database(), statement).await;
        }
    };
    run(include_str!("facts.sql"), 0).await;
    for age in (0..size.days).rev() {
        run(include_str!("day.sql"), age).await;
    }
    store
        .copy(&mut store.registry().await.unwrap())
        .await
        .unwrap();
    eprintln!("made {size} in {} s", begun.elapsed().as_secs());
    store
}

/// Creates the database with the whole schema, and registers the collectors.
pub(crate) async fn migrated(store: &Store) {
    // History older than the default period would expire while it is made.
    let change = RetentionChange {
        run_days: Some(3_650),
        ..RetentionChange::default()
    };
    let (topology, turn) = (Topology::default(), Turn::of("bench"));
    migrate_unless(store, &topology, &change, &turn, pin!(pending()))
        .await
        .unwrap();
    store
        .register_collectors(&manifests().unwrap())
        .await
        .unwrap();
}
