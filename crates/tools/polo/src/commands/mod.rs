//! One module per command; each returns what the process ends with.

mod accounts;
mod answer;
mod find;
mod invoke;
mod migrate;
mod page;
mod roles;
mod rollout;
pub(crate) mod runs;
mod wait;

use std::process::ExitCode;

use crate::cli::rollout::RolesCommand;
use crate::cli::{Cli, Command, completion};
use crate::error::CliError;
use crate::output;

/// Does what was asked for.
pub(crate) async fn run(cli: Cli) -> Result<ExitCode, CliError> {
    match cli.command {
        Command::Migrate(arguments) => migrate::run(&arguments).await?,
        Command::Accounts(command) => return accounts::run(command).await,
        Command::Discover(arguments) => return invoke::discover(&arguments).await,
        Command::Verify(arguments) => return invoke::verify(&arguments).await,
        Command::Dispatch(arguments) => return invoke::dispatch(&arguments).await,
        Command::Collect(arguments) => return invoke::collect(&arguments).await,
        Command::Runs(arguments) => runs::run(&arguments).await?,
        Command::Page(arguments) => page::run(&arguments).await?,
        Command::Roles(RolesCommand::Print(command)) => roles::run(&command).await?,
        Command::Roles(RolesCommand::Status(arguments)) => rollout::status(&arguments).await?,
        Command::Roles(RolesCommand::Deploy(arguments)) => {
            return invoke::provision(arguments.account.as_ref(), arguments.json).await;
        }
        Command::Completions { shell } => completions(shell)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn completions(shell: clap_complete::Shell) -> Result<(), CliError> {
    let hook = completion::hook(shell).map_err(|error| {
        CliError::Failed(format!("the completion script cannot be made: {error}"))
    })?;
    output::print_script(&String::from_utf8_lossy(&hook))
}
