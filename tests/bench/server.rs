//! An engine of the bench's own, with a query log.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use polo_store::{Store, StoreConfig};
use polo_testkit::clickhouse::binary;
use tempfile::TempDir;

/// The engine; it ends with this value.
pub(crate) struct Server {
    pub(crate) url: String,
    http: reqwest::Client,
    process: Child,
    _home: TempDir,
}

const CONFIG: &str = "<clickhouse>
<users_config>{home}/users.xml</users_config>
<user_directories><users_xml><path>{home}/users.xml</path></users_xml></user_directories>
<query_log><database>system</database><table>query_log</table></query_log>
<database_atomic_delay_before_drop_table_sec>0</database_atomic_delay_before_drop_table_sec>
</clickhouse>
";

const USERS: &str = "<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users>
<default><password/><networks><ip>127.0.0.1</ip><ip>::1</ip></networks><profile>default</profile><quota>default</quota></default>
</users></clickhouse>
";

impl Server {
    pub(crate) fn start() -> Self {
        let home = TempDir::new_in(binary("")).unwrap();
        let path = home.path();
        let config = CONFIG.replace("{home}", &path.display().to_string());
        fs::write(path.join("config.xml"), config).unwrap();
        fs::write(path.join("users.xml"), USERS).unwrap();
        let mut process = Command::new(binary("clickhouse-embedded"))
            .arg("--path")
            .arg(path.join("data"))
            .arg("--config-file")
            .arg(path.join("config.xml"))
            .args(["--http-port", "0", "--exit-with-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(path.join("log")).unwrap())
            .spawn()
            .expect("clickhouse-embedded starts: run `make build-dev` first");
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let line = stdout.lines().next().expect("the engine starts").unwrap();
        let url = line.strip_prefix("listening on ").unwrap().to_owned();
        Self {
            url,
            http: reqwest::Client::new(),
            process,
            _home: home,
        }
    }

    /// A client of a database, as the functions have it.
    pub(crate) fn store(&self, database: &str) -> Store {
        Store::new(&StoreConfig::new(&self.url, Some(database), None, None).unwrap())
    }

    /// The answer to a statement, as lines of tab-separated text.
    pub(crate) async fn ask(&self, database: &str, sql: &str) -> String {
        let request = self.http.post(&self.url).query(&[("database", database)]);
        let response = request.body(sql.to_owned()).send().await.unwrap();
        let accepted = response.status().is_success();
        let text = response.text().await.unwrap();
        assert!(accepted, "{sql}\n{text}");
        text.trim_end_matches('\n').to_owned()
    }

    /// The one number of a query.
    pub(crate) async fn number(&self, database: &str, sql: &str) -> u64 {
        self.ask(database, sql).await.parse().unwrap()
    }

    /// The server's clock, for [`Server::logged`].
    pub(crate) async fn now(&self) -> String {
        self.ask("default", "SELECT now64(6)").await
    }

    /// What the query log says of the statements that clients sent to a database since then. The server logs the end of a
    /// statement after its answer, so this waits until every statement that began has ended.
    pub(crate) async fn logged(&self, database: &str, since: &str, select: &str) -> String {
        let log = |select: &str, condition: &str| {
            format!(
                "SELECT {select} FROM system.query_log WHERE current_database = '{database}' AND is_initial_query
                     AND query_kind != 'AsyncInsertFlush' AND event_time_microseconds >= '{since}' {condition}"
            )
        };
        let open = log(
            "countIf(type = 'QueryStart') - countIf(type = 'QueryFinish')",
            "",
        );
        loop {
            self.ask("default", "SYSTEM FLUSH LOGS query_log").await;
            if self.ask("default", &open).await == "0" {
                let ended = log(select, "AND type = 'QueryFinish'");
                return self.ask("default", &ended).await;
            }
        }
    }

    /// Day, engine and machine, for whoever reads the table later.
    pub(crate) async fn describe(&self) -> String {
        let about = self
            .ask(
                "default",
                "SELECT concat(toString(today()), ', ClickHouse ', version())",
            )
            .await;
        let cores = std::thread::available_parallelism().unwrap();
        format!("Measured {about}, {cores} cores, development build.")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
