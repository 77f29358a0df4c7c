//! Why the schema could not be brought up to date: one sentence each, with the fix.

use chrono::{DateTime, Utc};
use polo_core::manifest::ManifestError;

use super::expiry::STALE;
use crate::StoreError;

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// A statement failed.
    #[error("migration {owner}/{file} failed")]
    Statement {
        /// The owner.
        owner: &'static str,
        /// The file.
        file: &'static str,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// The database cannot be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A collector's manifest breaks a rule.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A file is not what it was when it was applied.
    #[error(
        "migration {owner}/{file} was changed after it had been applied: undo the change and add a new migration"
    )]
    Changed {
        /// The owner.
        owner: &'static str,
        /// The file.
        file: &'static str,
    },
    /// The database is newer than this binary.
    #[error(
        "the database has migration {owner}/{number}, which this version does not know: deploy the newer version"
    )]
    Unknown {
        /// The owner.
        owner: String,
        /// The number.
        number: u32,
        /// How many of this version's own the database does not have. None of them: it is merely newer.
        left: usize,
    },
    /// A table of that name exists, with other columns.
    #[error(
        "table {table} exists already and its column {column} is {found}, where Polo needs {needed}: \
         rename that table, or give Polo a database of its own with CLICKHOUSE_DATABASE"
    )]
    NotAdoptable {
        /// The table.
        table: String,
        /// The first column that differs.
        column: String,
        /// Its type there.
        found: String,
        /// Its type here.
        needed: String,
    },
    /// A file's name or text breaks the rules of migrations.
    #[error("migration {owner}/{file} {problem}")]
    Malformed {
        /// The owner.
        owner: &'static str,
        /// The file.
        file: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// Another migrates, and did not end in time.
    #[error(
        "the schema is being brought up to date by {holder} since {} UTC and that did not end within {waited_s} s: \
         try again when it has; should it have crashed, its lock no longer counts {} minutes after it was taken",
        since.format("%Y-%m-%d %H:%M:%S"),
        STALE.as_secs() / 60
    )]
    Locked {
        /// Who holds the lock, in its own words.
        holder: String,
        /// Since when, by the server's clock.
        since: DateTime<Utc>,
        /// How long this one waited.
        waited_s: u64,
    },
    /// A table of the lock's name that is none.
    #[error(
        "table schema_migration_lock in database {database} is not Polo's lock (its comment is {comment:?}): rename \
         it, or give Polo a database of its own with CLICKHOUSE_DATABASE"
    )]
    NotALock {
        /// The database.
        database: String,
        /// What the table's comment says.
        comment: String,
    },
    /// The time was up before all was applied.
    #[error(
        "the time was up before all migrations were applied: what was applied stays, migrate again to go on from there"
    )]
    OutOfTime,
    /// It was told to stop.
    #[error(
        "migrating was stopped before it had ended: what was applied stays, migrate again to go on from there"
    )]
    Stopped,
}
