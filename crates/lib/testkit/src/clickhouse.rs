//! The real engine for tests: one embedded server per test process, a fresh database per test.
//!
//! Invariant: the engine ends with the process that started it, however that ends: it reads our pipe.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use polo_store::migrations::{Topology, Turn, migrate};
use polo_store::{Store, StoreConfig};
use uuid::Uuid;

/// The engine of this process.
struct Engine {
    url: String,
    _process: Child,
    _stdin: Option<ChildStdin>,
    _directory: tempfile::TempDir,
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let binary = binary("clickhouse-embedded");
        let mut process = Command::new(&binary)
            .arg("--path")
            .arg(directory.path().join("data"))
            .args(["--http-port", "0", "--exit-with-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "{} does not start ({error}): run `make build-dev` first",
                    binary.display()
                )
            });
        let stdin = process.stdin.take();
        let stdout = process.stdout.take().expect("a pipe");
        let line = BufReader::new(stdout)
            .lines()
            .next()
            .expect("the engine says where it listens")
            .expect("text");
        let url = line
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("unexpected: {line}"))
            .to_owned();
        Engine {
            url,
            _process: process,
            _stdin: stdin,
            _directory: directory,
        }
    })
}

/// A binary of this workspace, beside the test's own.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    let deps = test.parent().expect("deps");
    deps.parent().expect("the profile's directory").join(name)
}

/// Where the engine of this process listens.
pub fn engine_url() -> &'static str {
    &engine().url
}

/// The settings of an empty, not yet migrated database.
pub fn fresh_config() -> StoreConfig {
    let name = format!("t_{}", Uuid::new_v4().simple());
    StoreConfig::new(engine_url(), Some(&name), None, None).expect("settings of the test engine")
}

/// A fresh database with the whole schema.
pub async fn fresh_store() -> Store {
    let store = Store::new(&fresh_config());
    migrate(&store, &Topology::default(), &Turn::of("a test"))
        .await
        .unwrap_or_else(|error| panic!("{error}: {error:?}"));
    store
}
