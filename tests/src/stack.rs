//! A local stack of one test: started empty, stopped when the value goes, also by a panic.
//!
//! Invariant: it is driven by its public interfaces alone: the commands, `env`, the Lambda API, the control endpoints,
//! and ClickHouse over HTTP.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use local_stack::client::{Client, Status};
use local_stack::local::env_file;
use polo_testkit::clickhouse::binary;
use polo_testkit::clickhouse::folder_for_small_files;
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::{Call, Loaded, Organization};

/// Longer than anything here takes on any machine; only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(240);

/// How much of each log a failed test shows.
const LOG_LINES: usize = 25;

/// The stack of one test.
#[derive(Debug)]
pub struct Stack {
    /// What `up` wrote into `env`.
    pub env: BTreeMap<String, String>,
    /// The functions and events.
    pub client: Client,
    http: reqwest::Client,
    firings: AtomicU32,
    engine: Option<Child>,
    folder: TempDir,
}

/// A function's failure.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Failure {
    /// Stable.
    #[serde(rename = "errorType")]
    pub error_type: String,
    /// One sentence.
    #[serde(rename = "errorMessage")]
    pub message: String,
}

/// Asks until there is an answer; panics when only a hang could be the reason that there is none.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Whether the process has not ended; one that only nobody has waited for has.
fn lives(pid: Pid) -> bool {
    if !cfg!(target_os = "linux") {
        return test_kill_process(pid).is_ok();
    }
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    let state = stat
        .as_ref()
        .ok()
        .and_then(|stat| stat.rsplit_once(')'))
        .and_then(|(_, fields)| fields.trim_start().chars().next());
    state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

/// `local-stack` on a folder of its own.
fn local_stack(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(binary("local-stack"))
        .arg("--root")
        .arg(root())
        .arg("--local")
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("local-stack runs: `make build-dev` builds it")
}

/// The project's folder.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the project")
        .to_owned()
}

impl Stack {
    /// Starts it, empty.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir_in(folder_for_small_files()).expect("a folder");
        let up = local_stack(folder.path(), &["up"]);
        if !up.status.success() {
            let words = String::from_utf8_lossy(&up.stderr).into_owned();
            drop(local_stack(folder.path(), &["down"]));
            panic!("up failed: {words}");
        }
        let env = env_file::read(&folder.path().join("env")).expect("env");
        Self {
            client: Client::new(env["LAMBDA_ENDPOINT_URL"].as_str()),
            env,
            http: reqwest::Client::new(),
            firings: AtomicU32::new(0),
            engine: None,
            folder,
        }
    }

    /// Starts it and loads an organization.
    pub async fn with(organization: &Organization) -> (Self, Loaded) {
        let stack = Self::start().await;
        let loaded = stack.load(organization);
        (stack, loaded)
    }

    /// Runs `local-stack` on this stack; its exit code and what it said.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = local_stack(self.folder.path(), arguments);
        let mut words = String::from_utf8_lossy(&output.stdout).into_owned();
        words.push_str(&String::from_utf8_lossy(&output.stderr));
        (output.status.code(), words)
    }

    /// What `env` says now; None where there is no such file.
    #[must_use]
    pub fn env_now(&self) -> Option<BTreeMap<String, String>> {
        env_file::read(&self.folder.path().join("env")).ok()
    }

    /// Takes the addresses of a stack that was started again.
    pub fn follow_env(&mut self) {
        self.env = self.env_now().expect("env");
        self.client = Client::new(self.env["LAMBDA_ENDPOINT_URL"].as_str());
    }

    /// Loads an organization, from the environment alone.
    #[must_use]
    pub fn load(&self, organization: &Organization) -> Loaded {
        let input = serde_json::to_value(organization).expect("JSON");
        serde_json::from_value(self.python("load.py", &input)).expect("what was loaded")
    }

    /// Makes AWS calls as the management account or as a member account's administrator, see `tests/support/call.py`.
    pub fn aws(&self, calls: Value) -> Vec<Value> {
        serde_json::from_value(self.python("call.py", &calls)).expect("answers")
    }

    /// Loads the example organization of `make run`; what its program prints of it.
    #[must_use]
    pub fn load_example(&self) -> Value {
        self.python(
            "../../infra/local/example/example_organization.py",
            &Value::Null,
        )
    }

    /// The stack's own folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn python(&self, program: &str, input: &Value) -> Value {
        let mut child = Command::new(root().join(".tools/venv/bin/python"))
            .arg(root().join("tests/support").join(program))
            .envs(&self.env)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the Python environment: `make tools` installs it");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin
            .write_all(input.to_string().as_bytes())
            .expect("the program reads");
        drop(stdin);
        let output = child.wait_with_output().expect("the program ends");
        assert!(output.status.success(), "{program} failed on {input}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// `polo` with the stack's environment.
    #[must_use]
    pub fn polo(&self, arguments: &[&str]) -> Output {
        Command::new(binary("polo"))
            .args(arguments)
            .envs(&self.env)
            .env("USER", "operator")
            .stdin(Stdio::null())
            .output()
            .expect("polo runs: `make build-dev` builds it")
    }

    /// `polo`, which succeeds.
    pub fn decide(&self, arguments: &[&str]) {
        let output = self.polo(arguments);
        assert!(
            output.status.success(),
            "polo {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Fires a schedule for a time of its own, and waits until all that it set off has ended.
    pub async fn fire(&self, schedule: &str) -> Status {
        let (time, id) = self.next_firing();
        self.fire_again(schedule, &time, &id).await
    }

    /// Time and id of a firing that has not been.
    #[must_use]
    pub fn next_firing(&self) -> (String, String) {
        let n = self.firings.fetch_add(1, Ordering::Relaxed);
        let time = format!("2026-01-{:02}T{:02}:00:00Z", n / 24 + 1, n % 24);
        (time, uuid::Uuid::new_v4().to_string())
    }

    /// Fires a schedule for this time by this event, and waits until all that it set off has ended.
    pub async fn fire_again(&self, schedule: &str, time: &str, id: &str) -> Status {
        self.begin(schedule, time, id).await;
        self.settled().await
    }

    /// Fires a schedule and does not wait.
    pub async fn begin(&self, schedule: &str, time: &str, id: &str) {
        let fired = self.client.fire(schedule, Some(time), Some(id)).await;
        fired.expect("the schedule fires");
    }

    /// Waits until nothing is queued, running or waiting for a retry.
    pub async fn settled(&self) -> Status {
        let settled = self.client.wait_until_settled(PATIENCE, |_| {}).await;
        settled.expect("the stack settles")
    }

    /// Invokes a function by its id and waits for its answer.
    pub async fn invoke(&self, function: &str, payload: Value) -> Result<Value, Failure> {
        let response = self
            .http
            .post(self.lambda(function, "invocations"))
            .body(payload.to_string())
            .timeout(PATIENCE)
            .send()
            .await
            .expect("the Lambda API answers");
        assert_eq!(response.status(), 200, "{function} {payload}");
        let failed = response.headers().contains_key("x-amz-function-error");
        let answer: Value = response.json().await.expect("JSON");
        if failed {
            return Err(serde_json::from_value(answer).expect("a failure"));
        }
        Ok(answer)
    }

    /// Invokes a function as an event would, and does not wait.
    pub async fn submit(&self, function: &str, payload: Value) {
        let response = self
            .http
            .post(self.lambda(function, "invocations"))
            .header("x-amz-invocation-type", "Event")
            .body(payload.to_string())
            .send()
            .await
            .expect("the Lambda API answers");
        assert_eq!(response.status(), 202, "{function} {payload}");
    }

    /// Sets variables of one function over those that it has; no others stay set.
    pub async fn configure(&self, function: &str, variables: &[(&str, &str)]) {
        let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
        let body = json!({"Environment": {"Variables": variables}});
        let path = format!(
            "/2015-03-31/functions/{}/configuration",
            self.function_name(function)
        );
        self.client
            .put(&path, &body)
            .await
            .expect("the configuration is taken");
    }

    fn lambda(&self, function: &str, what: &str) -> String {
        let name = self.function_name(function);
        format!(
            "{}/2015-03-31/functions/{name}/{what}",
            self.env["LAMBDA_ENDPOINT_URL"]
        )
    }

    fn function_name(&self, function: &str) -> String {
        format!("{}-polo-{function}", self.env["POLO_ENV"])
    }

    /// Kills the function's processes in mid-run; how many there were.
    pub async fn kill(&self, function: &str) -> u64 {
        let path = format!("/polo-local/kill/{function}");
        let answer = self.client.post(&path, &json!({})).await.expect("killed");
        answer["killed"].as_u64().expect("a number")
    }

    /// The dead letters.
    pub async fn dead_letters(&self) -> Vec<Value> {
        let answer = self.client.get("/polo-local/dead-letters").await;
        let answer = answer.expect("the dead letters");
        answer["dead_letters"].as_array().expect("a list").clone()
    }

    /// The ids of all events so far.
    pub async fn event_ids(&self) -> Vec<String> {
        self.events()
            .await
            .iter()
            .map(|event| event["event"]["id"].as_str().expect("an id").to_owned())
            .collect()
    }

    /// All events so far, with their deliveries.
    pub async fn events(&self) -> Vec<Value> {
        let answer = self.client.get("/polo-local/events").await;
        let answer = answer.expect("the events");
        answer["events"].as_array().expect("a list").clone()
    }

    /// Asks a control endpoint of the local AWS.
    pub async fn control(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}/polo-local/{path}", self.env["AWS_ENDPOINT_URL"]);
        let mut request = self.http.request(method, &url);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.expect("the local AWS answers");
        let status = response.status();
        let answer: Value = response.json().await.expect("JSON");
        assert!(status.is_success(), "{url} {body}: {answer}");
        answer
    }

    /// Orders a fault.
    pub async fn fault(&self, fault: Value) {
        self.control(Method::POST, "faults", fault).await;
    }

    /// Clears all faults.
    pub async fn clear_faults(&self) {
        self.control(Method::DELETE, "faults", Value::Null).await;
    }

    /// The number that the local AWS's next call will get.
    pub async fn next_call(&self) -> u64 {
        let answer = self
            .control(Method::GET, "calls?since=999999999", Value::Null)
            .await;
        answer["next"].as_u64().expect("a number")
    }

    /// The calls since that number, but for those of the tests themselves.
    pub async fn calls_since(&self, number: u64) -> Vec<Call> {
        let path = format!("calls?since={number}");
        let mut answer = self.control(Method::GET, &path, Value::Null).await;
        let calls: Vec<Call> = serde_json::from_value(answer["calls"].take()).expect("calls");
        calls
            .into_iter()
            .filter(|call| {
                call.caller_arn
                    .as_deref()
                    .is_some_and(|arn| arn.contains(":assumed-role/"))
                    && !call
                        .caller_arn
                        .as_deref()
                        .is_some_and(|arn| arn.contains("OrganizationAccountAccessRole"))
            })
            .collect()
    }

    /// Runs a statement in the stack's database; the answer's text.
    pub async fn sql(&self, sql: &str) -> String {
        let response = self
            .http
            .post(&self.env["CLICKHOUSE_URL"])
            .header("X-ClickHouse-Database", &self.env["CLICKHOUSE_DATABASE"])
            .body(sql.to_owned())
            .send()
            .await
            .expect("ClickHouse answers");
        let success = response.status().is_success();
        let text = response.text().await.expect("text");
        assert!(success, "{sql}\n{text}");
        text.trim_end_matches('\n').to_owned()
    }

    /// The rows of a query, each as its tab-separated text.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        let text = self.sql(sql).await;
        text.lines().map(str::to_owned).collect()
    }

    /// The one number of a query.
    pub async fn number(&self, sql: &str) -> u64 {
        let text = self.sql(sql).await;
        text.parse()
            .unwrap_or_else(|_| panic!("{sql} is {text:?}, not a number"))
    }

    /// An account's status and its reason, as `status reason`.
    pub async fn status(&self, account_id: &str) -> String {
        self.sql(&format!(
            "SELECT concat(polo_status, ' ', status_reason) FROM v_accounts WHERE account_id = '{account_id}'"
        ))
        .await
    }

    /// How many rows each table holds once its versions are merged, as `table count`.
    pub async fn row_counts(&self) -> Vec<String> {
        let tables = self
            .rows(
                "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name",
            )
            .await;
        let mut counts = Vec::with_capacity(tables.len());
        for table in tables {
            let rows = self
                .number(&format!("SELECT count() FROM {table} FINAL"))
                .await;
            counts.push(format!("{table} {rows}"));
        }
        counts
    }

    /// Kills the engine, without a word to it.
    pub fn kill_engine(&mut self) {
        if let Some(mut engine) = self.engine.take() {
            engine.kill().expect("the engine of this test ends");
            engine.wait().expect("the engine has ended");
            return;
        }
        let record = fs::read(self.folder.path().join("run/engine.json")).expect("the record");
        let record: Value = serde_json::from_slice(&record).expect("JSON");
        let pid = record["pid"].as_i64().expect("a pid");
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let pid = pid.expect("a pid");
        kill_process(pid, Signal::KILL).expect("the engine is ours");
        // Its port and its folder are free when it is gone, which no signal says.
        while lives(pid) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts the engine again, on the same data and the same port.
    pub fn restart_engine(&mut self) {
        let port = self.env["CLICKHOUSE_URL"]
            .rsplit(':')
            .next()
            .expect("a port")
            .to_owned();
        let mut engine = Command::new(binary("clickhouse-embedded"))
            .arg("--path")
            .arg(self.folder.path().join("clickhouse"))
            .args(["--http-port", &port, "--exit-with-stdin"])
            .current_dir(root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the engine starts");
        let stdout = engine.stdout.take().expect("a pipe");
        let line = BufReader::new(stdout).lines().next();
        let line = line.expect("the engine says where it listens");
        assert!(line.expect("text").starts_with("listening on "));
        self.engine = Some(engine);
    }

    /// How many errors a function has logged; none before its first start.
    pub fn errors_logged(&self, function: &str) -> usize {
        let log = self.folder.path().join(format!("logs/{function}.log"));
        let text = fs::read_to_string(log).unwrap_or_default();
        text.lines().filter(|line| line.contains("ERROR")).count()
    }

    fn show_logs(&self) {
        let Ok(logs) = fs::read_dir(self.folder.path().join("logs")) else {
            return;
        };
        for log in logs.flatten() {
            let text = fs::read_to_string(log.path()).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let from = lines.len().saturating_sub(LOG_LINES);
            eprintln!("--- {}\n{}", log.path().display(), lines[from..].join("\n"));
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show_logs();
        }
        let down = local_stack(self.folder.path(), &["down"]);
        if let Some(mut engine) = self.engine.take() {
            // It ends by itself with our pipe; its folder goes with us, so it has to be gone before.
            engine.kill().unwrap_or_default();
            engine.wait().map(drop).unwrap_or_default();
        }
        if !down.status.success() {
            eprintln!("down failed: {}", String::from_utf8_lossy(&down.stderr));
        }
    }
}
