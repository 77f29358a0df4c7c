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
//! Nor is it dropped while a statement that ends the lock may still be on its way, because its answer was lost.
//!
//! What remains: a holder gives up after [`HELD_AT_MOST`] and its lock counts for [`STALE`], but a process that is
//! suspended meanwhile (a laptop that sleeps) may go on after its lock was broken. So may the first of two to which
//! Lambda delivered one event at the same time, because the second takes the first for an attempt of its own that died
//! ([`Turn::unique`]). Two then migrate at once, and their statements are idempotent.
//! A lock that the server makes only when its maker has given up or is done has no holder, and is in the way until it is
//! stale.

use std::time::Duration;

use chrono::{DateTime, Utc};
use clickhouse::Row;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::expiry::STALE;
use super::rendering::quoted;
use super::{MigrationError, Topology, render};
use polo_core::Version;

use crate::{Store, StoreError};

/// No holder works longer than this: it gives up, releases its lock, and the next one goes on.
const HELD_AT_MOST: Duration = Duration::from_secs(15 * 60);
/// How often one who waits looks.
const POLL: Duration = Duration::from_millis(250);
/// Longer than a lock counts whose holder crashed.
const WAIT: Duration = Duration::from_secs(25 * 60);
/// A lock may end so often between being met and being looked at, and the server may fail so often to say whether it
/// made one.
const UNSEEN_AT_MOST: u32 = 3;
/// Looking and releasing are tried as often where the server does not answer, because a lock that stays is in
/// everybody's way.
const ATTEMPTS: u32 = 10;
/// A table that stays when its lock has ended is in nobody's way.
const DROP_ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

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
    /// Whether nobody else goes by this name at the same time, so that a lock in it is that of an attempt of one's own
    /// that died. It is ended at once.
    pub unique: bool,
    /// Told once of each one that is waited for.
    pub on_wait: &'a (dyn Fn(&Holder) + Send + Sync),
}

impl Turn<'static> {
    /// A turn as people take it: with time to wait for one who crashed, and as much time as a holder has.
    pub fn of(holder: impl Into<String>) -> Self {
        let turn = Self {
            holder: holder.into(),
            wait: Duration::ZERO,
            within: Duration::ZERO,
            unique: false,
            on_wait: &|other| {
                tracing::info!(holder = other.name, since = %other.since, "waits for another who migrates");
            },
        };
        turn.waiting(WAIT)
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
    now: Version,
}

impl Lock {
    /// Takes the lock; waits while another holds it, and breaks it where that one has crashed.
    ///
    /// Ends with [`MigrationError::Stopped`] where `stopped` comes to pass, but between statements alone: nobody is to
    /// go away while the server may be making a lock.
    pub(super) async fn take(
        store: &Store,
        topology: &Topology,
        turn: &Turn<'_>,
        until: Instant,
        stopped: &mut (impl Future<Output = ()> + Unpin),
    ) -> Result<Self, MigrationError> {
        let began = Instant::now();
        let give_up_at = until.min(began + turn.wait);
        let mut tried = Vec::new();
        let mut told = None;
        let mut unseen = 0;
        loop {
            let lock = Self::prepare(store, &turn.holder).await?;
            tried.push(lock.holder.token);
            let Err(refusal) = lock.make(store, topology).await else {
                return Ok(lock);
            };
            let met = is(&refusal, TABLE_ALREADY_EXISTS);
            let mut seen = false;
            loop {
                let looked_at = Instant::now();
                let found = look_patiently(store).await?;
                // Without an answer nobody knows whether the table was made.
                if let Some((holder, now)) = &found
                    && tried.contains(&holder.token)
                {
                    let age = (*now - holder.since).to_std().unwrap_or_default();
                    return Ok(Self {
                        holder: holder.clone(),
                        taken_at: looked_at.checked_sub(age).unwrap_or(looked_at),
                    });
                }
                if !met && !refusal.retryable() {
                    return Err(refusal.into());
                }
                let Some((other, now)) = found else {
                    break;
                };
                seen = true;
                let stale = (now - other.since).to_std().is_ok_and(|age| age > STALE);
                let own = turn.unique && other.name == turn.holder;
                if (stale || own) && end(store, topology, &other).await? {
                    tracing::warn!(
                        holder = other.name,
                        since = %other.since,
                        stale,
                        "a lock of migrations that no longer had a holder was broken"
                    );
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
                pause(stopped).await?;
            }
            if !seen {
                // It has just ended, or a host of the cluster has it that this one knows nothing of.
                unseen += 1;
                let in_vain = !met || Instant::now() >= give_up_at;
                if unseen > UNSEEN_AT_MOST && in_vain {
                    return Err(refusal.into());
                }
                pause(stopped).await?;
            }
        }
    }

    /// A lock that is not made yet. Every table has a token of its own, so that each can be ended whichever came to be.
    async fn prepare(store: &Store, name: &str) -> Result<Self, StoreError> {
        // Asked before: a lock says that it is older than it is, never that it is younger.
        let taken_at = Instant::now();
        let holder = Holder {
            name: name.to_owned(),
            since: store.version().await?.at(),
            token: Uuid::new_v4(),
        };
        Ok(Self { holder, taken_at })
    }

    /// Makes the table; the server's refusal where another one is there.
    async fn make(&self, store: &Store, topology: &Topology) -> Result<(), StoreError> {
        let comment =
            serde_json::to_string(&self.holder).map_err(|error| StoreError::Unreadable {
                table: "schema_migration_lock",
                column: "comment",
                value: self.holder.name.clone(),
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
        run(store, "take the lock of migrations", &create).await
    }

    /// When its holder has to give up.
    pub(super) fn held_until(&self) -> Instant {
        self.taken_at + HELD_AT_MOST
    }

    /// Ends the lock. One that cannot be ended is in the log; it stops counting when it is stale.
    pub(super) async fn release(self, store: &Store, topology: &Topology) {
        match self.end_own(store, topology).await {
            // Nobody can have found it stale, not even one whose look was a minute ago.
            Ok(true) if self.taken_at.elapsed() + Duration::from_secs(60) < STALE => {
                self.drop_ended(store, topology).await;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(
                holder = self.holder.name,
                error = polo_core::error_chain(&error),
                stale_after_s = STALE.as_secs(),
                "the lock of migrations cannot be released and stays until it is stale"
            ),
        }
    }

    /// Ends the own lock, as often as it takes; whether the name that it ended under may become free, because nothing
    /// that ends it is on its way any more.
    async fn end_own(&self, store: &Store, topology: &Topology) -> Result<bool, StoreError> {
        let mut attempts = Attempts(ATTEMPTS);
        let mut unanswered = 0;
        loop {
            let error = match end(store, topology, &self.holder).await {
                Ok(true) => return Ok(unanswered == 0),
                Ok(false) if unanswered > 0 => return Ok(unanswered == 1),
                Ok(false) => {
                    tracing::warn!(
                        holder = self.holder.name,
                        "the lock of migrations was broken by another"
                    );
                    return Ok(false);
                }
                Err(error) => error,
            };
            unanswered += 1;
            let error = match self.has_ended(store).await {
                Ok(true) => return Ok(unanswered == 1),
                Ok(false) => error,
                Err(error) => error,
            };
            attempts.again(error).await?;
        }
    }

    /// Whether its table has the name that it ends under.
    async fn has_ended(&self, store: &Store) -> Result<bool, StoreError> {
        let query = store
            .client()
            .query(
                "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = {table:String}",
            )
            .param("table", self.holder.ended_table());
        let found: Vec<u64> = store
            .fetch("look whether the lock of migrations has ended", query)
            .await?;
        Ok(found.iter().any(|count| *count > 0))
    }

    async fn drop_ended(&self, store: &Store, topology: &Topology) {
        let sql = format!(
            "DROP TABLE IF EXISTS {} {{on_cluster}} SYNC",
            self.holder.ended_table()
        );
        let sql = render(&sql, store.database(), topology);
        let mut attempts = Attempts(DROP_ATTEMPTS);
        while let Err(error) = run(store, "drop the ended lock of migrations", &sql).await {
            if let Err(error) = attempts.again(error).await {
                tracing::warn!(
                    table = self.holder.ended_table(),
                    error = polo_core::error_chain(&error),
                    "the ended lock of migrations cannot be dropped and stays as an empty table"
                );
                return;
            }
        }
    }
}

/// How often something is still tried.
struct Attempts(u32);

impl Attempts {
    /// After a failure: waits until the next attempt, or returns the error where there is to be none.
    async fn again(&mut self, error: StoreError) -> Result<(), StoreError> {
        self.0 = self.0.saturating_sub(1);
        if self.0 == 0 || !error.retryable() {
            return Err(error);
        }
        tracing::warn!(
            error = polo_core::error_chain(&error),
            "the lock of migrations depends on this, so it is tried again"
        );
        sleep(PAUSE).await;
        Ok(())
    }
}

/// Waits a little, unless it is to stop.
async fn pause(stopped: &mut (impl Future<Output = ()> + Unpin)) -> Result<(), MigrationError> {
    tokio::select! {
        biased;
        () = stopped => Err(MigrationError::Stopped),
        () = sleep(POLL) => Ok(()),
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
        Ok(holder) => Ok(Some((holder, found.now.at()))),
        Err(_) => Err(MigrationError::NotALock {
            database: store.database().to_owned(),
            comment: found.comment,
        }),
    }
}

/// The same, asked again where there is no answer.
async fn look_patiently(store: &Store) -> Result<Option<(Holder, DateTime<Utc>)>, MigrationError> {
    let mut attempts = Attempts(ATTEMPTS);
    loop {
        match look(store).await {
            Err(MigrationError::Store(error)) => attempts.again(error).await?,
            other => return other,
        }
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
    error.code() == Some(code)
}
