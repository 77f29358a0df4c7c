//! Migrations: numbered `.sql` files of one statement each, forward only, idempotent, recorded with their hash.
//!
//! Invariant: an applied file never changes. Each owner (this crate, each collector) has a sequence of its own;
//! `store` comes first. The engine clause is a setting, so that a cluster needs no second set of files.

use std::collections::HashMap;

use clickhouse::Row;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{Store, StoreError};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// One migration as it lies in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// `store`, or the collector in whose folder it lies.
    pub owner: &'static str,
    /// Its number within its owner's sequence.
    pub number: u32,
    /// The file's name.
    pub file: &'static str,
    /// One statement, with placeholders.
    pub sql: &'static str,
}

/// How tables are made on this installation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    /// The cluster's name, for `ON CLUSTER` and the Replicated engines; none on a single server and on ClickHouse Cloud,
    /// which maps the plain engines itself.
    pub cluster: Option<String>,
}

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
}

/// What bringing the schema up to date came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MigrationReport {
    /// `owner/file` of what was applied now.
    pub applied: Vec<String>,
    /// How many had been applied before.
    pub already: usize,
    /// Tables that other parts of Polo had made, taken over as they are.
    pub adopted: Vec<String>,
}

#[derive(Debug, Row, Deserialize)]
struct Applied {
    owner: String,
    number: u32,
    sha256: String,
}

#[derive(Debug, Row, Deserialize)]
struct Column {
    name: String,
    type_name: String,
}

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS schema_migrations {on_cluster}
(owner LowCardinality(String), number UInt32, file String, sha256 String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = {engine:ReplacingMergeTree(applied_at)} ORDER BY (owner, number)";

/// All migrations, `store` first, each owner's in order.
pub fn all() -> Result<Vec<Migration>, MigrationError> {
    let mut migrations = Vec::new();
    for (owner, file, sql) in MIGRATIONS {
        let malformed = |problem| MigrationError::Malformed {
            owner,
            file,
            problem,
        };
        let number = file
            .split_once('_')
            .and_then(|(number, _)| number.parse().ok());
        let number = number.ok_or_else(|| malformed("is not named NNNN_<name>.sql"))?;
        if sql.contains(';') {
            return Err(malformed(
                "holds a semicolon, but a migration is one statement",
            ));
        }
        migrations.push(Migration {
            owner,
            number,
            file,
            sql,
        });
    }
    for pair in migrations.windows(2) {
        if pair[0].owner == pair[1].owner && pair[0].number == pair[1].number {
            return Err(MigrationError::Malformed {
                owner: pair[1].owner,
                file: pair[1].file,
                problem: "has the number of another file",
            });
        }
    }
    Ok(migrations)
}

/// A statement for this installation: `{database}`, `{on_cluster}`, `{engine:…}` and `{dictionary_credentials}` filled in.
pub fn render(sql: &str, database: &str, topology: &Topology) -> String {
    let on_cluster = topology
        .cluster
        .as_ref()
        .map(|name| format!("ON CLUSTER `{name}`"))
        .unwrap_or_default();
    let sql = sql
        .replace("{database}", database)
        .replace("{on_cluster}", &on_cluster)
        // Filled in before, where the server asks for a password.
        .replace("{dictionary_credentials}", "");
    let prefix = if topology.cluster.is_some() {
        "Replicated"
    } else {
        ""
    };
    let mut rendered = String::with_capacity(sql.len());
    let mut rest = sql.as_str();
    while let Some((before, after)) = rest.split_once("{engine:") {
        let (engine, tail) = after.split_once('}').unwrap_or((after, ""));
        rendered.push_str(before);
        rendered.push_str(prefix);
        rendered.push_str(engine);
        rest = tail;
    }
    rendered.push_str(rest);
    rendered
}

/// How a dictionary's source logs in to its own server: as whoever migrates, or as nobody in particular.
fn credentials_clause(credentials: Option<(&str, &str)>) -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('\'', "\\'");
    credentials
        .map(|(user, password)| format!("USER '{}' PASSWORD '{}'", quoted(user), quoted(password)))
        .unwrap_or_default()
}

/// Brings the schema up to date. Safe to repeat and safe to run twice at once: every statement is idempotent.
pub async fn migrate(
    store: &Store,
    topology: &Topology,
) -> Result<MigrationReport, MigrationError> {
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
    let applied: Vec<Applied> = store
        .fetch(
            "read the ledger of migrations",
            store
                .client()
                .query("SELECT owner, number, sha256 FROM schema_migrations FINAL"),
        )
        .await?;
    let migrations = all()?;
    if let Some(row) = applied.iter().find(|row| {
        !migrations
            .iter()
            .any(|m| m.owner == row.owner && m.number == row.number)
            && migrations.iter().any(|m| m.owner == row.owner)
    }) {
        return Err(MigrationError::Unknown {
            owner: row.owner.clone(),
            number: row.number,
        });
    }
    let applied: HashMap<(&str, u32), &str> = applied
        .iter()
        .map(|row| ((row.owner.as_str(), row.number), row.sha256.as_str()))
        .collect();

    let mut report = MigrationReport::default();
    for migration in &migrations {
        let hash = sha256(migration.sql);
        match applied.get(&(migration.owner, migration.number)) {
            Some(known) if *known == hash => {
                report.already += 1;
                continue;
            }
            Some(_) => {
                return Err(MigrationError::Changed {
                    owner: migration.owner,
                    file: migration.file,
                });
            }
            None => apply(store, topology, migration, &hash, &mut report).await?,
        }
    }
    Ok(report)
}

async fn apply(
    store: &Store,
    topology: &Topology,
    migration: &Migration,
    hash: &str,
    report: &mut MigrationReport,
) -> Result<(), MigrationError> {
    let failed = |source| MigrationError::Statement {
        owner: migration.owner,
        file: migration.file,
        source,
    };
    let sql = migration.sql.replace(
        "{dictionary_credentials}",
        &credentials_clause(store.credentials()),
    );
    let sql = render(&sql, store.database(), topology);
    if let Some(table) = adoptable(migration.sql)
        && adopt(store, table, &sql).await?
    {
        report.adopted.push(table.to_owned());
    }
    store
        .bounded(
            "apply a migration",
            store.client().query_raw(&sql).execute(),
        )
        .await
        .map_err(failed)?;
    let record = store
        .client()
        .query("INSERT INTO schema_migrations (owner, number, file, sha256) VALUES ({owner:String}, {number:UInt32}, {file:String}, {sha256:String})")
        .param("owner", migration.owner)
        .param("number", migration.number)
        .param("file", migration.file)
        .param("sha256", hash);
    store
        .bounded("record a migration", record.execute())
        .await
        .map_err(failed)?;
    report
        .applied
        .push(format!("{}/{}", migration.owner, migration.file));
    Ok(())
}

/// The table that a migration takes over where it exists: named in its first line, `-- adopts: <table>`.
fn adoptable(sql: &str) -> Option<&str> {
    sql.lines()
        .next()?
        .strip_prefix("-- adopts: ")
        .map(str::trim)
}

/// Whether the table exists and can be used as it is. Compared is what our statement would have made.
async fn adopt(store: &Store, table: &str, sql: &str) -> Result<bool, MigrationError> {
    let existing = columns(store, table).await?;
    if existing.is_empty() {
        return Ok(false);
    }
    let probe = format!("{table}_adoption_probe");
    let drop_probe = |kind: &str| format!("DROP {kind} IF EXISTS {probe} SYNC");
    let kind = if sql.contains("CREATE DICTIONARY") {
        "DICTIONARY"
    } else {
        "TABLE"
    };
    let create = sql.replacen(
        &format!("IF NOT EXISTS {table}"),
        &format!("IF NOT EXISTS {probe}"),
        1,
    );
    store
        .bounded(
            "drop the probe",
            store.client().query_raw(&drop_probe(kind)).execute(),
        )
        .await?;
    store
        .bounded(
            "make the probe",
            store.client().query_raw(&create).execute(),
        )
        .await?;
    let needed = columns(store, &probe).await;
    store
        .bounded(
            "drop the probe",
            store.client().query_raw(&drop_probe(kind)).execute(),
        )
        .await?;
    for column in needed? {
        let found = existing
            .iter()
            .find(|c| c.name == column.name)
            .map(|c| plain_type(&c.type_name));
        let needed = plain_type(&column.type_name);
        if found.as_deref() != Some(needed.as_str()) {
            return Err(MigrationError::NotAdoptable {
                table: table.to_owned(),
                column: column.name,
                found: found.unwrap_or_else(|| "missing".to_owned()),
                needed,
            });
        }
    }
    Ok(true)
}

async fn columns(store: &Store, table: &str) -> Result<Vec<Column>, StoreError> {
    let query = store
        .client()
        .query("SELECT name, type AS type_name FROM system.columns WHERE database = currentDatabase() AND table = {table:String}")
        .param("table", table);
    store.fetch("read a table's columns", query).await
}

/// A type without what makes no difference to reading and writing it: dictionary encoding and time zone.
fn plain_type(name: &str) -> String {
    let mut plain = name.replace(", 'UTC'", "").replace("('UTC')", "");
    while let Some((before, after)) = plain.split_once("LowCardinality(") {
        let mut depth = 1;
        let close = after.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        let Some(close) = close else { break };
        plain = format!("{before}{}{}", &after[..close], &after[close + 1..]);
    }
    plain
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
    fn the_cluster_changes_engine_and_scope_and_nothing_else() {
        let sql = "CREATE TABLE IF NOT EXISTS t {on_cluster} (a String) ENGINE = {engine:ReplacingMergeTree(v)} ORDER BY a";
        assert_eq!(
            render(sql, "polo", &Topology::default()),
            "CREATE TABLE IF NOT EXISTS t  (a String) ENGINE = ReplacingMergeTree(v) ORDER BY a"
        );
        assert_eq!(
            render(
                sql,
                "polo",
                &Topology {
                    cluster: Some("main".into())
                }
            ),
            "CREATE TABLE IF NOT EXISTS t ON CLUSTER `main` (a String) ENGINE = ReplicatedReplacingMergeTree(v) ORDER BY a"
        );
    }

    #[test]
    fn encoding_and_time_zone_make_no_difference_to_a_type() {
        assert_eq!(plain_type("LowCardinality(String)"), "String");
        assert_eq!(
            plain_type("Map(LowCardinality(String), DateTime64(3, 'UTC'))"),
            "Map(String, DateTime64(3))"
        );
        assert_eq!(
            plain_type("LowCardinality(Nullable(String))"),
            "Nullable(String)"
        );
    }

    #[test]
    fn a_dictionary_logs_in_where_there_is_a_password() {
        assert_eq!(credentials_clause(None), "");
        assert_eq!(
            credentials_clause(Some(("polo", r"it's a \"))),
            r"USER 'polo' PASSWORD 'it\'s a \\'"
        );
    }

    #[test]
    fn every_file_is_one_numbered_statement() {
        let migrations = all().unwrap();
        assert_eq!((migrations[0].owner, migrations[0].number), ("store", 1));
    }
}
