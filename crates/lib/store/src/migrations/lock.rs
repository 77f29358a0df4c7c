//! The lock under which migrations run: a table that only one can make.
//!
//! Invariant: `CREATE TABLE` without `IF NOT EXISTS` succeeds for one and is refused to all others (code 57), on a
//! server, `ON CLUSTER` (whose queue has one order) and on ClickHouse Cloud. The table's comment says who made it, when
//! by the server's clock, and bears a token of that one turn.
//!
//! A lock ends by being renamed to a name made of its token, whoever ends it: its holder, or one who found it stale.
//! Of two who end the same lock the second finds that name taken and ends nothing, so nobody ends a lock that it has
//! not looked at. That holds as long as the name stays taken: the renamed table is dropped only where nobody can have
//! found the lock stale. After a crash it stays, empty, as `schema_migration_lock_ended_<token>`, and says in its
//! comment whose crash it was.
//!
//! What remains: a holder gives up after [`HELD_AT_MOST`] and its lock counts for [`STALE`], but a process that is
//! suspended meanwhile (a laptop that sleeps) may go on after its lock was broken. Two then migrate at once, and their
//! statements are idempotent.

use std::time::Duration;

use chrono::{DateTime, Utc};
use clickhouse::Row;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::rendering::quoted;
use super::{MigrationError, Topology, render};
use crate::client::time_of;
use crate::{Store, StoreError};

/// No holder works longer than this: it gives up, releases its lock, and the next one goes on.
pub(crate) const HELD_AT_MOST: Duration = Duration::from_secs(15 * 60);
/// A lock that is older has no holder any more: it crashed. Longer than [`HELD_AT_MOST`] by what releasing may take.
pub const STALE: Duration = Duration::from_secs(20 * 60);
/// How often one who waits looks.
const POLL: Duration = Duration::from_millis(250);
/// A lock may end so often between being met and being looked at.
const UNSEEN_AT_MOST: u32 = 3;
/// Releasing is tried as often where the server does not answer, because a lock that stays is in everybody's way.
const RELEASE_ATTEMPTS: u32 = 10;
const RELEASE_PAUSE: Duration = Duration::from_secs(1);

/// Codes: <https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp>
const TABLE_ALREADY_EXISTS: u32 = 57;
const UNKNOWN_TABLE: u32 = 60;

/// Who wants to migrate, and how long that may take.
pub struct Turn<'a> {
    /// Who it is, for whoever waits: `schema-migrator <request id>`, `polo migrate <user>@<host>`.
    pub holder: String,
    /// How long to wait for another who migrates.
    pub wait: Duration,
    /// How long all of it may take, waiting included.
    pub within: Duration,
    /// Told once of each one that is waited for.
    pub on_wait: &'a (dyn Fn(&Holder) + Send + Sync),
}

impl Turn<'static> {
    /// A turn as people take it: ten minutes of waiting, and as much time as a holder has.
    pub fn of(holder: impl Into<String>) -> Self {
        let turn = Self {
            holder: holder.into(),
            wait: Duration::ZERO,
            within: Duration::ZERO,
            on_wait: &|other| {
                tracing::info!(holder = other.name, since = %other.since, "waits for another who migrates");
            },
        };
        turn.waiting(Duration::from_secs(10 * 60))
    }
}

impl Turn<'_> {
    /// The same with another time to wait, and as much time to work as a holder has.
    #[must_use]
    pub fn waiting(self, wait: Duration) -> Self {
        Self {
            wait,
            within: wait + HELD_AT_MOST,
            ..self
        }
    }
}

/// Who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// In its own words.
    #[serde(rename = "holder")]
    pub name: String,
    /// Since when, by the server's clock.
    pub since: DateTime<Utc>,
    token: Uuid,
}

impl Holder {
    /// The name of this lock's table when it has ended.
    fn ended_table(&self) -> String {
        format!("schema_migration_lock_ended_{}", self.token.simple())
    }
}

/// A lock that is held.
pub(super) struct Lock {
    holder: Holder,
    taken_at: Instant,
}

#[derive(Row, Deserialize)]
struct Found {
    comment: String,
    now: u64,
}

impl Lock {
    /// Takes the lock; waits while another holds it, and breaks it where that one has crashed.
    pub(super) async fn take(
        store: &Store,
        topology: &Topology,
        turn: &Turn<'_>,
        until: Instant,
    ) -> Result<Self, MigrationError> {
        let began = Instant::now();
        let give_up_at = until.min(began + turn.wait);
        let mut told = None;
        let mut unseen = 0;
        loop {
            let refusal = match Self::try_take(store, topology, &turn.holder).await? {
                Ok(lock) => return Ok(lock),
                Err(refusal) => refusal,
            };
            let mut seen = false;
            while let Some((other, now)) = look(store).await? {
                seen = true;
                let stale = (now - other.since).to_std().is_ok_and(|age| age > STALE);
                if stale && end(store, topology, &other).await? {
                    tracing::warn!(holder = other.name, since = %other.since, "a stale lock of migrations was broken");
                    continue;
                }
                if Instant::now() >= give_up_at {
                    return Err(MigrationError::Locked {
                        holder: other.name,
                        since: other.since,
                        waited_s: began.elapsed().as_secs(),
                    });
                }
                if !stale && told != Some(other.token) {
                    (turn.on_wait)(&other);
                    told = Some(other.token);
                }
                sleep(POLL).await;
            }
            if !seen {
                // It has just ended, or a host of the cluster has it that this one knows nothing of.
                unseen += 1;
                if unseen > UNSEEN_AT_MOST && Instant::now() >= give_up_at {
                    return Err(refusal.into());
                }
                sleep(POLL).await;
            }
        }
    }

    /// Makes the table; the server's refusal where another one is there.
    async fn try_take(
        store: &Store,
        topology: &Topology,
        name: &str,
    ) -> Result<Result<Self, StoreError>, MigrationError> {
        // Asked before: a lock says that it is older than it is, never that it is younger.
        let taken_at = Instant::now();
        let holder = Holder {
            name: name.to_owned(),
            since: time_of(store.version().await?),
            token: Uuid::new_v4(),
        };
        let comment = serde_json::to_string(&holder).map_err(|error| StoreError::Unreadable {
            table: "schema_migration_lock",
            column: "comment",
            value: name.to_owned(),
            problem: error.to_string(),
        })?;
        let create = format!(
            "{} COMMENT {}",
            render(
                "CREATE TABLE schema_migration_lock {on_cluster} (nothing UInt8) ENGINE = Null",
                store.database(),
                topology
            ),
            quoted(&comment)
        );
        let lock = Self { holder, taken_at };
        match run(store, "take the lock of migrations", &create).await {
            Ok(()) => Ok(Ok(lock)),
            Err(error) if is(&error, TABLE_ALREADY_EXISTS) => Ok(Err(error)),
            Err(error) => {
                // Without an answer nobody knows whether the table was made.
                if let Ok(Some((found, _))) = look(store).await
                    && found.token == lock.holder.token
                {
                    lock.release(store, topology).await;
                }
                Err(error.into())
            }
        }
    }

    /// Ends the lock. One that cannot be ended is in the log; it stops counting when it is stale.
    pub(super) async fn release(self, store: &Store, topology: &Topology) {
        let mut attempt = 1;
        while let Err(error) = self.try_release(store, topology).await {
            if attempt == RELEASE_ATTEMPTS || !error.retryable() {
                tracing::warn!(
                    holder = self.holder.name,
                    error = polo_core::error_chain(&error),
                    stale_after_s = STALE.as_secs(),
                    "the lock of migrations cannot be released and stays until it is stale"
                );
                return;
            }
            attempt += 1;
            sleep(RELEASE_PAUSE).await;
        }
    }

    async fn try_release(&self, store: &Store, topology: &Topology) -> Result<(), StoreError> {
        if !end(store, topology, &self.holder).await? {
            tracing::warn!(
                holder = self.holder.name,
                "the lock of migrations was broken by another"
            );
            return Ok(());
        }
        // Nobody can have found it stale, not even one whose look was a minute ago.
        if self.taken_at.elapsed() + Duration::from_secs(60) < STALE {
            let sql = format!(
                "DROP TABLE IF EXISTS {} {{on_cluster}} SYNC",
                self.holder.ended_table()
            );
            let sql = render(&sql, store.database(), topology);
            run(store, "drop the ended lock of migrations", &sql).await?;
        }
        Ok(())
    }
}

/// Who holds the lock, and the server's time at which that was so.
async fn look(store: &Store) -> Result<Option<(Holder, DateTime<Utc>)>, MigrationError> {
    let query = store.client().query(
        "SELECT comment, toUInt64(toUnixTimestamp64Micro(now64(6))) AS now FROM system.tables
         WHERE database = currentDatabase() AND name = 'schema_migration_lock'",
    );
    let found: Vec<Found> = store.fetch("look at the lock of migrations", query).await?;
    let Some(found) = found.into_iter().next() else {
        return Ok(None);
    };
    match serde_json::from_str(&found.comment) {
        Ok(holder) => Ok(Some((holder, time_of(found.now)))),
        Err(_) => Err(MigrationError::NotALock {
            database: store.database().to_owned(),
            comment: found.comment,
        }),
    }
}

/// Ends this very lock; false where it had ended already.
async fn end(store: &Store, topology: &Topology, holder: &Holder) -> Result<bool, StoreError> {
    let sql = format!(
        "RENAME TABLE schema_migration_lock TO {} {{on_cluster}}",
        holder.ended_table()
    );
    let sql = render(&sql, store.database(), topology);
    match run(store, "end the lock of migrations", &sql).await {
        Ok(()) => Ok(true),
        Err(error) if is(&error, TABLE_ALREADY_EXISTS) || is(&error, UNKNOWN_TABLE) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn run(store: &Store, doing: &'static str, sql: &str) -> Result<(), StoreError> {
    store
        .bounded(doing, store.client().query_raw(sql).execute())
        .await
}

/// Whether the server refused a statement with this code.
fn is(error: &StoreError, code: u32) -> bool {
    matches!(error, StoreError::Refused { source, .. } if source.to_string().contains(&format!("Code: {code}.")))
}
