//! The shape of `polo roles status` and `deploy`, which ask the database or AWS; the other `polo roles` only for an account
//! that is named.

use clap::{Args, Subcommand};

use super::account::AccountArg;
use super::roles::Roles;
use super::value;

/// What can be done about the roles.
#[derive(Debug, Subcommand)]
pub(crate) enum RolesCommand {
    #[command(flatten)]
    Print(Roles),
    /// How the StackSet's rollout stands in each account, and what Polo has asked of it
    Status(Status),
    /// Have the StackSet make the roles of accounts that wait for theirs, now
    ///
    /// If provisioning is on, the function role-provisioner does so every hour; by hand the pause after a failure does not
    /// count. This asks and does not wait: `polo roles status` shows what came of it.
    Deploy(Deploy),
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Deploy {
    /// Only this account, by its 12 digits or its name [default: all that wait]
    #[arg(long, value_name = "ACCOUNT", value_parser = value::account)]
    pub(crate) account: Option<AccountArg>,
    /// Print the function's answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
