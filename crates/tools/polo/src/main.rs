//! `polo`, the operator's command line: the registry, operators' decisions, and manual invocations of the functions.
//!
//! Invariant: it never assumes a role in a member account and never forces a status; what touches member accounts is
//! done by the deployed functions, so that a laptop cannot write a false denial.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")
)]

mod causes;
mod cli;
mod commands;
mod environment;
mod error;
mod functions;
mod output;
mod page;
mod progress;
mod table;
mod when;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};
use polo_report::json;

use crate::cli::refusal::Refusal;
use crate::cli::{Cli, Command};
use crate::error::CliError;
use crate::output::complain;

fn main() -> ExitCode {
    match cli::completion::answer() {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(error) => error.exit(),
    }
    let outcome = match parse() {
        Ok(cli) => environment::log_filter().and_then(|filter| {
            tracing_subscriber::fmt()
                .with_env_filter(filter)
                .with_writer(std::io::stderr)
                .without_time()
                .init();
            run(cli)
        }),
        Err(error) => return refuse(&error),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            complain(error.sentence());
            error.exit_code()
        }
    }
}

/// Help is wrapped as tables are; longer lines than these are hard to read.
fn parse() -> Result<Cli, clap::Error> {
    const LONGEST_LINE: u16 = 100;
    let width = table::Screen::of_process().width.min(LONGEST_LINE);
    let command = Cli::command().term_width(width.into());
    Cli::from_arg_matches(&command.try_get_matches()?)
}

fn run(cli: Cli) -> Result<ExitCode, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            CliError::Failed(format!("the asynchronous runtime cannot be made: {error}"))
        })?;
    // A migration ends by itself, because it has a lock to release.
    let interrupted =
        (!matches!(cli.command, Command::Migrate(_))).then(|| cli.command.interrupted());
    runtime.block_on(async {
        let signal = async {
            match interrupted {
                Some(sentence) if tokio::signal::ctrl_c().await.is_ok() => sentence,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            // The signal's handler first, so that none comes too early.
            biased;
            sentence = signal => Err(CliError::Interrupted(sentence)),
            outcome = commands::run(cli) => outcome,
        }
    })
}

fn refuse(error: &clap::Error) -> ExitCode {
    match Refusal::of(error) {
        Refusal::Value(sentence) => complain(sentence),
        Refusal::Lines(lines) => eprintln!("{lines}"),
        Refusal::Plain => error.exit(),
    }
    ExitCode::from(2)
}
