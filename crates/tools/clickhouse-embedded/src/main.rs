//! Runs the ClickHouse engine of `libchdb.so` as a server on loopback: the same HTTP interface as production, without Docker or installation.
//! INVARIANT: stdout carries one line, `listening on http://127.0.0.1:PORT`, and only once this very engine answers there.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")
)]

mod cli;
mod directory;
mod engine;
mod error;
mod health;
mod lease;
mod library;
mod port;
mod process;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::error::StartError;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        // The engine's threads are still alive: only `_exit` ends the process without running its destructors under them.
        Ok(never) => match never {},
        Err(error) => {
            eprintln!("clickhouse-embedded: {error}");
            process::exit_now(1)
        }
    }
}

fn run(cli: &Cli) -> Result<std::convert::Infallible, StartError> {
    let directory = directory::prepare(&cli.path)?;
    let library = library::find(cli.library.as_deref())?;
    if let Some(path) = &cli.config_file {
        std::fs::File::open(path).map_err(|source| StartError::ConfigFile {
            path: path.clone(),
            source,
        })?;
    }
    let port = port::choose(cli.http_port)?;

    // Before any thread exists: threads inherit the signal mask, and the environment may still be changed.
    let io = process::take_over(cli.exit_with_stdin)?;
    if let Some(path) = &cli.exit_when_unlocked {
        lease::end_when_unlocked(path, &directory)?;
    }
    let engine = engine::Engine::load(&library)?;
    health::announce_when_ready(port, directory.clone(), io.announcements);

    let message = engine.serve(&directory, port, cli.config_file.as_deref());
    if port::choose(port).is_err() {
        // Another program took it between our choice and the engine's listening.
        if cli.http_port == 0 && cli.attempt < port::ATTEMPTS {
            return Err(process::start_again(cli.attempt + 1, io.originals));
        }
        return Err(StartError::PortInUse { port });
    }
    Err(StartError::Engine { message })
}
