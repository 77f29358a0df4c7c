//! The ClickHouse engine that all tests share, and its migrated databases: one for each test at a time.
//!
//! Invariant: a test process locks `users` before it looks for the engine and holds the lock until it ends. The engine
//! ends once nothing holds that lock, so it outlives no test run and never ends under a test.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use polo_store::migrations::{Topology, Turn, digest, migrate};
use polo_store::{Store, StoreConfig};
use uuid::Uuid;

/// The engine as this process uses it.
pub(crate) struct Engine {
    pub(crate) url: String,
    /// A file `database.process` for each migrated database, with its schema.
    databases: PathBuf,
    _users: File,
    /// The engine's process, if this one started it. It is not waited for: the engine serves other tests after this one.
    _started: Option<Child>,
}

const DATABASES: &str = "databases";

/// The shared engine; the first process that asks starts it.
pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let directory = binary("test-clickhouse");
        fs::create_dir_all(&directory).expect("a directory for the engine of tests");
        let users = open(&directory, "users");
        users.lock_shared().expect("the lock of the engine's users");
        let starting = open(&directory, "starting");
        starting.lock().expect("the lock of who starts the engine");
        let (url, started) = match running(&directory) {
            Some(url) => (url, None),
            None => start(&directory),
        };
        Engine {
            url,
            databases: directory.join("engine").join(DATABASES),
            _users: users,
            _started: started,
        }
    })
}

fn open(directory: &Path, name: &str) -> File {
    let path = directory.join(name);
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .read(true)
        .open(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The address of the engine that another process started, if it answers.
fn running(directory: &Path) -> Option<String> {
    let url = fs::read_to_string(directory.join("url")).ok()?;
    let mut stream = TcpStream::connect(url.strip_prefix("http://")?).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .ok()?;
    write!(stream, "GET /ping HTTP/1.0\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.ends_with("Ok.\n").then_some(url)
}

/// Where the engine keeps its data, for each build directory a place of its own.
fn data(directory: &Path) -> PathBuf {
    let mut hash = DefaultHasher::new();
    directory.hash(&mut hash);
    folder_for_small_files().join(format!("polo-test-clickhouse-{:016x}", hash.finish()))
}

/// Memory where there is room, else where temporary files lie. An engine makes and removes thousands of small files, which
/// takes half of its time on a disk.
pub fn folder_for_small_files() -> PathBuf {
    const MEMORY: &str = "/dev/shm";
    const ROOM_BYTES: u64 = 4 << 30;
    match rustix::fs::statvfs(MEMORY) {
        Ok(system) if system.f_bavail * system.f_frsize >= ROOM_BYTES => MEMORY.into(),
        Ok(_) | Err(_) => std::env::temp_dir(),
    }
}

fn start(directory: &Path) -> (String, Option<Child>) {
    let home = directory.join("engine");
    if home.exists() {
        fs::remove_dir_all(&home).expect("the directory of an engine that ended");
    }
    fs::create_dir_all(home.join(DATABASES)).expect("a directory for the engine");
    let data = data(directory);
    if data.exists() {
        fs::remove_dir_all(&data).expect("the data of an engine that was killed");
    }
    fs::write(home.join("users.xml"), users()).expect("the engine's users");
    let config = CONFIG.replace("{home}", &home.display().to_string());
    fs::write(home.join("config.xml"), config).expect("the engine's configuration");
    let log = File::create(home.join("log")).expect("the engine's log");
    let program = binary("clickhouse-embedded");
    let mut process = Command::new(&program)
        .arg("--path")
        .arg(data)
        .arg("--config-file")
        .arg(home.join("config.xml"))
        .arg("--exit-when-unlocked")
        .arg(directory.join("users"))
        .args(["--http-port", "0"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        // Of its own, because a runner that ends a test ends the test's process group.
        .process_group(0)
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "{} does not start ({error}): run `make build-dev` first",
                program.display()
            )
        });
    let stdout = process.stdout.take().expect("a pipe");
    let line = BufReader::new(stdout)
        .lines()
        .next()
        .unwrap_or_else(|| panic!("the engine ended: see {}", home.join("log").display()))
        .expect("text");
    let url = line
        .strip_prefix("listening on ")
        .unwrap_or_else(|| panic!("unexpected: {line}"));
    fs::write(directory.join("url"), url).expect("the engine's address");
    (url.to_owned(), Some(process))
}

/// A migrated database without rows: one that an ended test left behind, emptied, else a new one.
///
/// Emptying takes a fiftieth of the time that migrating takes. A database whose schema a test has changed is dropped.
pub(crate) async fn empty_database() -> String {
    let engine = engine();
    while let Some((name, mark)) = claim(&engine.databases) {
        let left_with = fs::read_to_string(&mark).expect("the mark of a database");
        if left_with != NOT_AGAIN && left_with == schema_of(&name).await {
            post(
                &name,
                &format!("TRUNCATE ALL TABLES FROM {name} NOT LIKE 'schema_migrations'"),
            )
            .await;
            post(&name, "SYSTEM RELOAD DICTIONARY hierarchy_dict").await;
            return name;
        }
        post("default", &format!("DROP DATABASE IF EXISTS {name}")).await;
        fs::remove_file(&mark).expect("the mark of a dropped database");
    }
    let name = new_database();
    let config = StoreConfig::new(&engine.url, Some(&name), None, None).expect("settings");
    migrate(
        &Store::new(&config),
        &Topology::default(),
        &Turn::of("a test"),
    )
    .await
    .unwrap_or_else(|error| panic!("{error}: {error:?}"));
    mark(&name, &schema_of(&name).await);
    name
}

/// What the mark of a database says that is dropped once its test has ended.
const NOT_AGAIN: &str = "";

/// The name of a database that this test makes, and that goes with it.
pub(crate) fn new_database() -> String {
    let name = format!("t_{}", Uuid::new_v4().simple());
    mark(&name, NOT_AGAIN);
    name
}

fn mark(database: &str, text: &str) {
    let file = format!("{database}.{}", std::process::id());
    fs::write(engine().databases.join(file), text).expect("the mark of a database");
}

/// Takes a database whose test has ended. Of several processes that try to rename its mark one succeeds.
fn claim(databases: &Path) -> Option<(String, PathBuf)> {
    for entry in fs::read_dir(databases)
        .expect("the marks of databases")
        .flatten()
    {
        let file = entry.file_name().into_string().expect("UTF-8");
        let (name, owner) = file
            .split_once('.')
            .expect("a mark is named database.process");
        if is_running(owner) {
            continue;
        }
        let mine = databases.join(format!("{name}.{}", std::process::id()));
        if fs::rename(entry.path(), &mine).is_ok() {
            return Some((name.to_owned(), mine));
        }
    }
    None
}

fn is_running(process: &str) -> bool {
    let id = process
        .parse()
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    id.is_some_and(|id| rustix::process::test_kill_process(id).is_ok())
}

/// What a database has to be in order to be used again: made by this release, and unchanged since.
async fn schema_of(database: &str) -> String {
    let sql = "SELECT
        (SELECT groupBitXor(cityHash64(name, uuid, create_table_query)) FROM system.tables WHERE database = currentDatabase()),
        (SELECT groupBitXor(cityHash64(owner, number, sha256, applied_at)) FROM schema_migrations)";
    format!("{} {}", digest(), post(database, sql).await.trim_end())
}

/// Dropped tables leave the disk at once.
const CONFIG: &str = "<clickhouse>
<users_config>{home}/users.xml</users_config>
<user_directories><users_xml><path>{home}/users.xml</path></users_xml></user_directories>
<database_atomic_delay_before_drop_table_sec>0</database_atomic_delay_before_drop_table_sec>
</clickhouse>
";

/// Users, each named as the settings of its profile that people have and that must not change an answer.
pub const PROFILES: [(&str, &str); 6] = [
    ("join_use_nulls", "1"),
    ("aggregate_functions_null_for_empty", "1"),
    ("enable_analyzer", "0"),
    ("readonly", "2"),
    ("session_timezone", "Asia/Kolkata"),
    ("compatibility", "24.8"),
];

/// The engine has no storage for users that are made by statements.
fn users() -> String {
    let user = |name: &str| {
        format!(
            "<{name}><password/><networks><ip>127.0.0.1</ip><ip>::1</ip></networks><profile>{name}</profile><quota>default</quota>
<access_management>1</access_management></{name}>"
        )
    };
    let profile =
        |(name, value): &(&str, &str)| format!("<{name}><{name}>{value}</{name}></{name}>");
    let profiles: String = PROFILES.iter().map(profile).collect();
    let users: String = PROFILES.iter().map(|(name, _)| user(name)).collect();
    format!(
        "<clickhouse><profiles><default/>{profiles}</profiles><quotas><default/></quotas><users>{}{users}</users></clickhouse>",
        user("default")
    )
}

/// Where the engine of tests listens.
pub fn engine_url() -> &'static str {
    &engine().url
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

/// A binary of this workspace, beside the test's own.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    let deps = test.parent().expect("deps");
    deps.parent().expect("the profile's directory").join(name)
}
