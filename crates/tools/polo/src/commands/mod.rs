//! One module per command; each returns what the process ends with.

mod accounts;
mod answer;
mod invoke;
mod migrate;
mod page;
mod roles;
mod rollout;
pub(crate) mod runs;

use std::process::ExitCode;

use clap::CommandFactory as _;

use crate::cli::rollout::RolesCommand;
use crate::cli::{Cli, Command};
use crate::error::CliError;
use crate::output;

/// Does what was asked for.
pub(crate) async fn run(cli: Cli) -> Result<ExitCode, CliError> {
    match cli.command {
        Command::Migrate(arguments) => migrate::run(&arguments).await?,
        Command::Accounts(command) => return accounts::run(command).await,
        Command::Discover(arguments) => invoke::discover(&arguments).await?,
        Command::Verify(arguments) => invoke::verify(&arguments).await?,
        Command::Dispatch(arguments) => invoke::dispatch(&arguments).await?,
        Command::Collect(arguments) => invoke::collect(&arguments).await?,
        Command::Runs(arguments) => runs::run(&arguments).await?,
        Command::Page(arguments) => page::run(&arguments).await?,
        Command::Roles(RolesCommand::Print(command)) => roles::run(&command)?,
        Command::Roles(RolesCommand::Status(arguments)) => rollout::status(&arguments).await?,
        Command::Roles(RolesCommand::Deploy(arguments)) => rollout::deploy(&arguments).await?,
        Command::Completions { shell } => completions(shell)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn completions(shell: clap_complete::Shell) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "polo", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}
