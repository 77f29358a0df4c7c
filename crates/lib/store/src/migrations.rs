//! Migrations: numbered `.sql` files of one statement each, forward only, idempotent, recorded with their hash.
//!
//! Invariants: an applied file never changes; one at a time applies, under the [`lock`], and who comes meanwhile waits
//! and then finds all of it applied. Each owner (this crate, each collector) has a sequence of its own; `store` comes
//! first.

mod adoption;
mod digest;
mod error;
mod expiry;
mod feed;
mod files;
pub mod lock;
mod rendering;
mod retention;

use std::collections::HashMap;
use std::future::pending;
use std::pin::pin;

use clickhouse::Row;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout_at};

pub(crate) use self::files::MANIFESTS;
use self::lock::Lock;
pub(crate) use self::rendering::credentials_clause;
use crate::Store;
use crate::retention::{Retention, RetentionChange, history};

pub use self::digest::digest;
pub use self::error::MigrationError;
pub use self::expiry::STALE;
pub use self::files::{Migration, all};
pub use self::lock::{Holder, Turn};
pub use self::rendering::{Topology, is_cluster_name, render};

/// What bringing the schema up to date came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MigrationReport {
    /// `owner/file` of what was applied now.
    pub applied: Vec<String>,
    /// How many had been applied before, or by another meanwhile.
    pub already: usize,
    /// Tables that other parts of Polo had made, taken over as they are.
    pub adopted: Vec<String>,
    /// Tables whose rows expire from now on after this many days.
    pub expiring: Vec<(String, u32)>,
}

#[derive(Debug, Row, Deserialize)]
struct Applied {
    owner: String,
    number: u32,
    sha256: String,
}

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS schema_migrations {on_cluster}
(owner LowCardinality(String), number UInt32, file String, sha256 String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3),
 origin LowCardinality(String) DEFAULT '')
ENGINE = {engine:ReplacingMergeTree(applied_at)} ORDER BY (owner, number)";

/// Brings the schema up to date, alone: where another does so already, it waits for that one first.
///
/// Safe to repeat, and every statement is idempotent, so that one whose lock was broken does no harm. Where nothing is
/// left to do, no lock is taken.
///
/// # Errors
/// [`MigrationError::Locked`] where the other did not end while this one's turn to wait lasted, and
/// [`MigrationError::OutOfTime`] where this one did not: what was applied stays, and the next one goes on from there.
pub async fn migrate(
    store: &Store,
    topology: &Topology,
    turn: &Turn<'_>,
) -> Result<MigrationReport, MigrationError> {
    let change = RetentionChange::default();
    migrate_unless(store, topology, &change, turn, pin!(pending())).await
}

/// The same, and history is kept as long as `change` says from now on. Unless it is to stop first: whoever goes away in
/// between, as people do, leaves no lock behind.
///
/// # Errors
/// Those of [`migrate`], and [`MigrationError::Stopped`] where `stopped` came to pass.
pub async fn migrate_unless(
    store: &Store,
    topology: &Topology,
    change: &RetentionChange,
    turn: &Turn<'_>,
    mut stopped: impl Future<Output = ()> + Unpin,
) -> Result<MigrationReport, MigrationError> {
    let end = Instant::now() + turn.within;
    let migrations = all()?;
    let nothing_left = async {
        make_ledger(store, topology).await?;
        Ok(left_to_apply(store, &migrations).await?.is_empty()
            && origins_are_known(store, &migrations).await?
            && retention::is_applied(store, &migrations, change).await?)
    };
    if unless(&mut stopped, nothing_left).await? {
        return Ok(MigrationReport {
            already: migrations.len(),
            ..MigrationReport::default()
        });
    }
    let lock = Lock::take(store, topology, turn, end, &mut stopped).await?;
    let applied = timeout_at(
        end.min(lock.held_until()),
        apply_all(store, topology, &migrations, change),
    );
    let outcome = unless(&mut stopped, async {
        applied.await.unwrap_or(Err(MigrationError::OutOfTime))
    })
    .await;
    lock.release(store, topology).await;
    outcome
}

/// Work that is dropped where it is to stop.
async fn unless<T>(
    stopped: &mut (impl Future<Output = ()> + Unpin),
    work: impl Future<Output = Result<T, MigrationError>>,
) -> Result<T, MigrationError> {
    tokio::select! {
        biased;
        () = stopped => Err(MigrationError::Stopped),
        outcome = work => outcome,
    }
}

async fn make_ledger(store: &Store, topology: &Topology) -> Result<(), MigrationError> {
    let create = render(
        "CREATE DATABASE IF NOT EXISTS {database} {on_cluster}",
        store.database(),
        topology,
    );
    let server = store.without_database();
    server
        .bounded(
            "create the database",
            server.client().query_raw(&create).execute(),
        )
        .await?;
    let ledger = render(LEDGER, store.database(), topology);
    store
        .bounded(
            "create the ledger of migrations",
            store.client().query_raw(&ledger).execute(),
        )
        .await?;
    Ok(())
}

/// The migrations that the ledger does not hold, with their hashes.
async fn left_to_apply<'a>(
    store: &Store,
    migrations: &'a [Migration],
) -> Result<Vec<(&'a Migration, String)>, MigrationError> {
    let applied: Vec<Applied> = store
        .fetch(
            "read the ledger of migrations",
            store
                .client()
                .query("SELECT owner, number, sha256 FROM schema_migrations FINAL"),
        )
        .await?;
    let known: HashMap<(&str, u32), &str> = applied
        .iter()
        .map(|row| ((row.owner.as_str(), row.number), row.sha256.as_str()))
        .collect();
    let mut left = Vec::new();
    for migration in migrations {
        let hash = sha256(migration.sql);
        match known.get(&(migration.owner, migration.number)) {
            Some(known) if *known == hash => {}
            Some(_) => {
                return Err(MigrationError::Changed {
                    owner: migration.owner,
                    file: migration.file,
                });
            }
            None => left.push((migration, hash)),
        }
    }
    // Of an owner that this version has: another's tables are none of its business.
    let newer = applied.iter().find(|row| {
        let mut own = migrations
            .iter()
            .filter(|m| m.owner == row.owner)
            .peekable();
        own.peek().is_some() && own.all(|m| m.number != row.number)
    });
    if let Some(row) = newer {
        return Err(MigrationError::Unknown {
            owner: row.owner.clone(),
            number: row.number,
            left: left.len(),
        });
    }
    Ok(left)
}

/// Applies what is left, as whoever holds the lock: the ledger is read again, for another may have been at work.
async fn apply_all(
    store: &Store,
    topology: &Topology,
    migrations: &[Migration],
    change: &RetentionChange,
) -> Result<MigrationReport, MigrationError> {
    adoption::make_room_for_origins(store, topology).await?;
    let left = left_to_apply(store, migrations).await?;
    let mut report = MigrationReport {
        already: migrations.len() - left.len(),
        ..MigrationReport::default()
    };
    let is_skipped = skipped(&left);
    let mut skipped = Vec::new();
    for ((migration, hash), is_skipped) in left.iter().zip(is_skipped) {
        if is_skipped {
            // It is recorded together with the one that replaces it.
            skipped.push((migration, hash));
            continue;
        }
        let origin = apply(store, topology, migration, &mut report).await?;
        let is_replaced = |(other, _): &(&&Migration, &String)| other.view() == migration.view();
        let (replaced, others) = skipped.into_iter().partition(is_replaced);
        skipped = others;
        let replaced: Vec<(&&Migration, &String)> = replaced;
        for (replaced, hash) in replaced {
            record(store, replaced, hash, "").await?;
            report.applied.push(replaced.name());
        }
        record(store, migration, hash, origin).await?;
        report.applied.push(migration.name());
    }
    let history = history(&Retention::default())?;
    let tables: Vec<(&str, &str)> = history
        .iter()
        .map(|one| (one.table.as_str(), one.column.as_str()))
        .collect();
    adoption::record_origins(store, topology, migrations, &tables).await?;
    report.expiring = retention::apply(store, topology, migrations, change).await?;
    Ok(report)
}

/// Which migrations make a view that a later one replaces before another reads it. They are not applied.
fn skipped(left: &[(&Migration, String)]) -> Vec<bool> {
    let mut skipped = vec![false; left.len()];
    for at in (0..left.len()).rev() {
        let Some(view) = left[at].0.view() else {
            continue;
        };
        let later = &left[at + 1..];
        let replaced_by = later
            .iter()
            .position(|(other, _)| other.view() == Some(view));
        skipped[at] = replaced_by.is_some_and(|before| {
            let between = later[..before].iter().zip(&skipped[at + 1..]);
            !between
                .into_iter()
                .any(|((other, _), skipped)| !skipped && other.names(view))
        });
    }
    skipped
}

async fn origins_are_known(
    store: &Store,
    migrations: &[Migration],
) -> Result<bool, MigrationError> {
    let history = history(&Retention::default())?;
    let tables: Vec<&str> = history.iter().map(|one| one.table.as_str()).collect();
    Ok(adoption::all_origins_known(store, migrations, &tables).await?)
}

/// Does what a migration says. Returns whose its table is, where it may take one over.
async fn apply(
    store: &Store,
    topology: &Topology,
    migration: &Migration,
    report: &mut MigrationReport,
) -> Result<&'static str, MigrationError> {
    let sql = migration.sql.replace(
        "{dictionary_credentials}",
        &credentials_clause(store.credentials()),
    );
    let sql = render(&sql, store.database(), topology);
    let mut origin = "";
    if let Some(table) = adoption::adoptable(migration.sql) {
        let whose = adoption::adopt(store, topology, table, &sql).await?;
        if whose == adoption::Origin::Adopted {
            report.adopted.push(table.to_owned());
        }
        origin = whose.as_str();
    }
    store
        .bounded(
            "apply a migration",
            store.client().query_raw(&sql).execute(),
        )
        .await
        .map_err(|source| migration.failed(source))?;
    feed::fill(store, topology, migration, &sql).await?;
    Ok(origin)
}

async fn record(
    store: &Store,
    migration: &Migration,
    hash: &str,
    origin: &str,
) -> Result<(), MigrationError> {
    let record = store
        .client()
        .query("INSERT INTO schema_migrations (owner, number, file, sha256, origin) VALUES ({owner:String}, {number:UInt32}, {file:String}, {sha256:String}, {origin:String})")
        .param("owner", migration.owner)
        .param("number", migration.number)
        .param("file", migration.file)
        .param("sha256", hash)
        .param("origin", origin);
    store
        .bounded("record a migration", record.execute())
        .await
        .map_err(|source| migration.failed(source))
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaced_view_is_skipped_unless_another_reads_it_first() {
        let migrations = all().unwrap();
        let left: Vec<(&Migration, String)> =
            migrations.iter().map(|one| (one, String::new())).collect();
        let is_skipped = skipped(&left);
        let file = |file: &str| {
            let at = left.iter().position(|(one, _)| one.file == file);
            is_skipped[at.unwrap()]
        };
        assert!(file("0019_v_accounts.sql") && file("0043_v_accounts.sql"));
        assert!(file("0021_v_account_coverage.sql"));
        // 0049_v_account_coverage reads it.
        assert!(!file("0048_v_accounts.sql"));
        assert!(!file("0049_v_account_coverage.sql") && !file("0052_v_accounts.sql"));
    }
}
