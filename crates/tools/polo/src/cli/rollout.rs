//! The shape of `polo roles status` and `deploy`. Invariant: these alone of `polo roles` ask the database or AWS.

use clap::{Args, Subcommand};
use polo_core::AccountId;

use super::roles::Roles;

/// What can be done about the roles.
#[derive(Debug, Subcommand)]
pub(crate) enum RolesCommand {
    #[command(flatten)]
    Print(Roles),
    /// How the StackSet's rollout stands in each account, and what Polo has asked of it
    Status(Status),
    /// Have the StackSet make the roles of accounts that wait for theirs, now
    ///
    /// The function role-provisioner does it every hour by itself where provisioning is on; by hand it need not wait for
    /// the pause after a failure. It asks and does not wait: `polo roles status` shows what came of it.
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
    /// Only this account; all that wait if left out
    #[arg(long, value_name = "ACCOUNT", value_parser = super::account_id)]
    pub(crate) account: Option<AccountId>,
    /// Print the function's answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
