//! The command line. INVARIANT: a failure is one sentence on stderr and exit code 1.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::error::StackError;
use crate::local::layout::Layout;
use crate::local::{commands, process, up, watch_env};
use crate::run;
use crate::serve::{self, ServeOptions};

/// The local stack: ClickHouse, AWS, EventBridge and Lambda on this machine.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    /// The project; by default the one around the current directory.
    #[arg(long, global = true)]
    root: Option<PathBuf>,
    /// The stack's own folder; by default `.local` in the project.
    #[arg(long, global = true)]
    local: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything with an empty AWS, or say that it runs.
    Up,
    /// Stop everything.
    Down,
    /// What runs where, and what the functions are doing.
    Status,
    /// Fire a schedule by its name without the environment's prefix, for example daily-sweep.
    Fire {
        /// The rule.
        #[arg(value_parser = schedule)]
        schedule: String,
        /// The event's time (RFC 3339); with --id, the same event again.
        #[arg(long, value_parser = time)]
        time: Option<String>,
        /// The event's id (UUID).
        #[arg(long, value_parser = id)]
        id: Option<String>,
    },
    /// The main job on the example organization.
    Run {
        /// End when the sweep has settled.
        #[arg(long)]
        once: bool,
    },
    /// Wait until no invocation is queued, running or waiting for a retry.
    Settle {
        /// How long at most, seconds.
        #[arg(long, default_value_t = 600)]
        timeout_s: u64,
    },
    /// Write .local/watch.env for `cargo lambda watch --env-file`.
    WatchEnv {
        /// The function whose environment and role it gets.
        #[arg(long, default_value = "account-discovery")]
        function: String,
    },
    /// The Lambda emulator and the EventBridge forwarder, in the foreground.
    Serve(Box<ServeOptions>),
    /// Begin a session and become the program.
    #[command(hide = true)]
    Detach {
        program: PathBuf,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn schedule(text: &str) -> Result<String, &'static str> {
    let fits = |character: char| character.is_ascii_alphanumeric() || character == '-';
    if !text.is_empty() && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    Err("give the name of a schedule, for example daily-sweep")
}

fn time(text: &str) -> Result<String, &'static str> {
    match chrono::DateTime::parse_from_rfc3339(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("give a time like 2026-11-29T03:00:00Z"),
    }
}

fn id(text: &str) -> Result<String, &'static str> {
    match uuid::Uuid::parse_str(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("give a UUID like 89d1a02d-5ec7-412e-82f5-13505f849b41"),
    }
}

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match execute(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("local-stack: {error}");
            ExitCode::FAILURE
        }
    }
}

fn execute(cli: Cli) -> Result<(), StackError> {
    if let Command::Detach { program, arguments } = &cli.command {
        return Err(process::become_detached(program, arguments));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| StackError::Serve { source })?;
    let layout = || Layout::find(cli.root.as_deref(), cli.local.as_deref());
    match cli.command {
        Command::Up => runtime.block_on(up::up(&layout()?)),
        Command::Down => commands::down(&layout()?),
        Command::Status => runtime.block_on(commands::status(&layout()?)),
        Command::Fire {
            ref schedule,
            ref time,
            ref id,
        } => runtime.block_on(commands::fire(
            &layout()?,
            schedule,
            time.as_deref(),
            id.as_deref(),
        )),
        Command::Run { once } => runtime.block_on(run::run(&layout()?, once)),
        Command::Settle { timeout_s } => runtime.block_on(commands::settle(&layout()?, timeout_s)),
        Command::WatchEnv { ref function } => {
            runtime.block_on(watch_env::write(&layout()?, function))
        }
        Command::Serve(options) => {
            let filter =
                EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
            tracing_subscriber::fmt()
                .with_env_filter(filter)
                .with_writer(io::stderr)
                .with_ansi(false)
                .init();
            runtime.block_on(serve::serve(*options))
        }
        Command::Detach { .. } => Ok(()),
    }
}
