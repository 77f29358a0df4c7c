//! The built program on the real engine: it serves, keeps its data through `kill -9`, ends with its parent, and refuses bad input in one sentence.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_clickhouse-embedded");

/// A running engine; killed when the test ends, however it ends.
struct Engine {
    child: Child,
    url: String,
}

impl Engine {
    fn start(directory: &Path) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["--http-port", "0", "--exit-with-stdin", "--path"])
            .arg(directory)
            .env("TZ", "Asia/Tokyo")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("unexpected first line {line:?}"))
            .to_owned();
        Self { child, url }
    }

    fn query(&self, sql: &str) -> String {
        let mut stream = TcpStream::connect(self.url.strip_prefix("http://").unwrap()).unwrap();
        write!(
            stream,
            "POST / HTTP/1.0\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{sql}",
            sql.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 200") || head.starts_with("HTTP/1.0 200"),
            "{sql}: {answer}"
        );
        body.trim_end().to_owned()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Both fail only where the process has ended already, which is what they are for.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs the program to its end, which must be a failure of one sentence.
fn refused(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert!(stdout.is_empty(), "{stdout:?}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr
}

fn program(directory: &Path, port: u16) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .arg("--path")
        .arg(directory)
        .arg("--http-port")
        .arg(port.to_string());
    command
}

#[test]
fn rows_inserted_survive_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let mut engine = Engine::start(directory.path());
    engine.query("CREATE DATABASE polo");
    engine.query(
        "CREATE TABLE polo.t (id String, at DateTime64(3), tags Map(String, String), v UInt64) ENGINE = ReplacingMergeTree(v) ORDER BY id",
    );
    engine.query("INSERT INTO polo.t VALUES ('a', '2026-01-02 03:04:05.678', {'k': 'v'}, 1), ('a', '2026-01-02 03:04:06', {'k': 'w'}, 2)");
    engine.child.kill().unwrap();
    engine.child.wait().unwrap();

    let engine = Engine::start(directory.path());
    assert_eq!(
        engine.query("SELECT id, at, tags['k'] FROM polo.t FINAL"),
        "a\t2026-01-02 03:04:06.000\tw"
    );
}

#[test]
fn time_zone_is_utc_whatever_the_environment() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::start(directory.path());
    assert_eq!(
        engine.query("SELECT timezone(), serverTimezone(), toUnixTimestamp('1970-01-02 00:00:00')"),
        "UTC\tUTC\t86400"
    );
}

#[test]
fn stdin_at_its_end_ends_the_engine() {
    let directory = tempfile::tempdir().unwrap();
    let mut engine = Engine::start(directory.path());
    drop(engine.child.stdin.take());
    assert_eq!(engine.child.wait().unwrap().code(), Some(0));
}

#[test]
fn sigterm_and_sigint_end_the_engine() {
    for signal in ["-TERM", "-INT"] {
        let directory = tempfile::tempdir().unwrap();
        let mut engine = Engine::start(directory.path());
        assert!(
            Command::new("kill")
                .arg(signal)
                .arg(engine.child.id().to_string())
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(engine.child.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn directory_of_a_running_engine_refused() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::start(directory.path());
    let sentence = refused(&mut program(directory.path(), 0));
    assert!(
        sentence.contains("is in use by another engine"),
        "{sentence}"
    );
    assert_eq!(engine.query("SELECT 1"), "1");
}

#[test]
fn port_in_use_refused() {
    let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = holder.local_addr().unwrap().port();
    let directory = tempfile::tempdir().unwrap();
    let sentence = refused(&mut program(directory.path(), port));
    assert!(
        sentence.contains(&format!("port {port} on 127.0.0.1 is in use")),
        "{sentence}"
    );
}

#[test]
fn unusable_libraries_refused() {
    let directory = tempfile::tempdir().unwrap();
    let text = directory.path().join("libchdb.so");
    fs::write(&text, "not a library").unwrap();
    let sentence = refused(program(directory.path(), 0).arg("--library").arg(&text));
    assert!(
        sentence.contains("cannot load the engine's library"),
        "{sentence}"
    );

    let sentence =
        refused(program(directory.path(), 0).env("POLO_CHDB_LIBRARY", "/nowhere/libchdb.so"));
    assert!(
        sentence.contains("/nowhere/libchdb.so (from POLO_CHDB_LIBRARY) is not a file"),
        "{sentence}"
    );
}

#[test]
fn unwritable_directory_refused() {
    let sentence = refused(&mut program(Path::new("/dev/null/data"), 0));
    assert!(
        sentence.contains("cannot write to the data directory /dev/null/data"),
        "{sentence}"
    );
}
