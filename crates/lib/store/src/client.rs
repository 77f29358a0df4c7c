//! The client: one per process, every statement bounded in time, inserts batched by the server.

use std::borrow::Cow;
use std::future::Future;
use std::time::Duration;

use clickhouse::{Client, Row, RowOwned, RowRead};
use polo_core::{Version, innermost_cause};
use serde::Serialize;

use crate::error::without_advice;
use crate::{StoreConfig, StoreError};

/// The longest that any statement may take.
const STATEMENT_LIMIT: Duration = Duration::from_secs(60);
const SEND_LIMIT: Duration = Duration::from_secs(15);

/// The most bytes of one answer, where rows may be many and large.
const ANSWER_BYTES: &str = "4194304";

/// A row that knows its table.
pub trait TableRow: Row + Serialize + Send + Sync {
    /// The table.
    const TABLE: &'static str;

    /// About how many bytes it takes, in memory and on the wire. A row with long texts overrides it.
    fn bytes(&self) -> usize {
        size_of_val(self)
    }
}

/// The database. Cheap to clone; all clones share one connection pool and one cache of schemas.
#[derive(Clone)]
pub struct Store {
    client: Client,
    url: String,
    database: String,
    /// What the dictionary needs to read its own server; never logged.
    credentials: Option<(String, String)>,
}

impl Store {
    /// A client for the database; nothing is asked yet.
    pub fn new(config: &StoreConfig) -> Self {
        let mut client = Client::default()
            .with_url(&config.url)
            .with_database(&config.database)
            .with_user(&config.user)
            // Small runs by the thousand become few parts, and an answer still means that the rows are stored.
            .with_setting("async_insert", "1")
            .with_setting("wait_for_async_insert", "1")
            // On replicas a writer has to read its own writes; a plain engine ignores it.
            .with_setting("select_sequential_consistency", "1")
            .with_setting("max_execution_time", "50")
            // What statements rely on, so that a user's profile cannot change an answer.
            .with_setting("join_use_nulls", "0")
            .with_setting("aggregate_functions_null_for_empty", "0")
            .with_setting("enable_analyzer", "1")
            .with_setting("session_timezone", "UTC");
        if let Some(password) = &config.password {
            client = client.with_password(password);
        }
        Self {
            client,
            credentials: config
                .password
                .clone()
                .map(|password| (config.user.clone(), password)),
            url: config.url.clone(),
            database: config.database.clone(),
        }
    }

    /// The database's name.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// User and password, where there is a password.
    pub(crate) fn credentials(&self) -> Option<(&str, &str)> {
        self.credentials
            .as_ref()
            .map(|(user, password)| (user.as_str(), password.as_str()))
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The same server, with `default` as the database: for statements before ours exists.
    pub(crate) fn without_database(&self) -> Self {
        Self {
            client: self.client.clone().with_database("default"),
            ..self.clone()
        }
    }

    pub(crate) async fn bounded<T>(
        &self,
        doing: impl Into<Cow<'static, str>>,
        work: impl Future<Output = Result<T, clickhouse::error::Error>>,
    ) -> Result<T, StoreError> {
        use clickhouse::error::Error as E;
        let doing = doing.into();
        match tokio::time::timeout(STATEMENT_LIMIT, work).await {
            Err(_) => Err(StoreError::Timeout {
                url: self.url.clone(),
                doing,
                limit: STATEMENT_LIMIT,
            }),
            Ok(Ok(value)) => Ok(value),
            Ok(Err(E::TimedOut)) => Err(StoreError::Timeout {
                url: self.url.clone(),
                doing,
                limit: STATEMENT_LIMIT,
            }),
            Ok(Err(source @ E::Network(_))) => Err(StoreError::Unreachable {
                url: self.url.clone(),
                doing,
                problem: innermost_cause(&source).to_string(),
            }),
            Ok(Err(source)) => Err(StoreError::Refused {
                doing,
                source: without_advice(source),
            }),
        }
    }

    /// A query of a collector's own tables, for [`Store::fetch`].
    pub fn query(&self, sql: &str) -> clickhouse::query::Query {
        self.client.query(sql)
    }

    /// Reads all rows of a query.
    pub async fn fetch<T: RowOwned + RowRead>(
        &self,
        doing: &'static str,
        query: clickhouse::query::Query,
    ) -> Result<Vec<T>, StoreError> {
        self.bounded(doing, query.fetch_all::<T>()).await
    }

    /// All rows of an answer, or none where it is larger than [`ANSWER_BYTES`]: ask for fewer then.
    pub(crate) async fn fetch_some<T: RowOwned + RowRead>(
        &self,
        doing: &'static str,
        query: clickhouse::query::Query,
    ) -> Result<Option<Vec<T>>, StoreError> {
        /// `TOO_MANY_ROWS_OR_BYTES`.
        const TOO_LARGE: u32 = 396;
        let query = query
            .with_setting("max_result_bytes", ANSWER_BYTES)
            .with_setting("result_overflow_mode", "throw");
        match self.fetch(doing, query).await {
            Ok(rows) => Ok(Some(rows)),
            Err(refused) if refused.code() == Some(TOO_LARGE) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Stores rows; returns when the server has them all. An empty list asks nothing.
    pub async fn insert<T>(&self, rows: &[T]) -> Result<(), StoreError>
    where
        T: TableRow + for<'a> Row<Value<'a> = T>,
    {
        if rows.is_empty() {
            return Ok(());
        }
        self.bounded(format!("write {}", T::TABLE), async {
            let mut insert = self.client.insert::<T>(T::TABLE).await?;
            insert = insert.with_timeouts(Some(SEND_LIMIT), Some(STATEMENT_LIMIT));
            for row in rows {
                insert.write(row).await?;
            }
            insert.end().await
        })
        .await
    }

    /// The server's clock: the version of what is about to be read and written.
    ///
    /// A statement of its own, on purpose: inside an `INSERT … SELECT` the clock would be read after the snapshot of
    /// the tables, and a slow statement could overwrite a newer one.
    pub async fn version(&self) -> Result<Version, StoreError> {
        let query = self
            .client
            .query("SELECT toUInt64(toUnixTimestamp64Micro(now64(6)))");
        self.bounded("ask the clock", query.fetch_one::<u64>())
            .await
            .map(Version)
    }

    /// Whether the server answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.without_database()
            .bounded("ping", self.client.query("SELECT 1").fetch_one::<u8>())
            .await
            .map(drop)
    }
}
