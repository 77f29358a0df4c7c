//! `polo`, the operator's command line: the registry, operators' decisions, and manual invocations of the functions.
//!
//! Invariant: it never assumes a role in a member account and never forces a status; what touches member accounts is
//! done by the deployed functions, so that a laptop cannot write a false denial.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")
)]

mod cli;
mod commands;
mod environment;
mod error;
mod functions;
mod output;
mod page;
mod table;
mod when;

use std::error::Error as _;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;
use polo_report::json;

use crate::cli::Cli;
use crate::error::CliError;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let level = tracing_subscriber::filter::LevelFilter::WARN;
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .without_time()
        .init();
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            CliError::Failed(format!("the asynchronous runtime cannot be made: {error}"))
        })
        .and_then(|runtime| runtime.block_on(commands::run(cli)));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("polo: {}", error.sentence());
            error.exit_code()
        }
    }
}

/// A wrong value is told in its own sentence; everything else about the command line is clap's to tell.
fn refuse(error: &clap::Error) -> ExitCode {
    match error.source() {
        Some(reason) if error.kind() == ErrorKind::ValueValidation => {
            eprintln!("polo: {reason}");
            ExitCode::from(2)
        }
        _ => error.exit(),
    }
}
