//! The shape of the commands that invoke a function: `polo discover`, `verify`, `dispatch` and `collect`.

use clap::Args;

use super::account::AccountArg;
use super::value;

#[derive(Debug, Args)]
pub(crate) struct Discover {
    /// Refresh only this account, by its 12 digits or its name
    #[arg(long, value_name = "ACCOUNT", value_parser = value::account)]
    pub(crate) account: Option<AccountArg>,
    /// Confirm once that this many accounts have left
    #[arg(
        long,
        value_name = "N",
        value_parser = value::count,
        allow_negative_numbers = true,
        conflicts_with = "account"
    )]
    pub(crate) accept_removals: Option<u32>,
    /// Print the function's answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Check only this account, by its 12 digits or its name
    #[arg(long, value_name = "ACCOUNT", value_parser = value::account)]
    pub(crate) account: Option<AccountArg>,
    /// Print the function's answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Dispatch {
    /// The account, by its 12 digits or its name [default: all active ones]
    #[arg(long, value_name = "ACCOUNT", value_parser = value::account)]
    pub(crate) account: Option<AccountArg>,
    /// The collector [default: all]
    #[arg(long, value_name = "COLLECTOR", value_parser = value::collector)]
    pub(crate) collector: Option<String>,
    /// Wait until all runs have ended; exit with 1 unless all of them are complete
    #[arg(long)]
    pub(crate) wait: bool,
    /// How long to wait
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = value::seconds,
        allow_negative_numbers = true,
        default_value_t = 1800,
        requires = "wait"
    )]
    pub(crate) wait_seconds: u32,
    /// Print the function's answer as JSON, after --wait with the runs
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Collect {
    /// The account, by its 12 digits or its name
    #[arg(long, value_name = "ACCOUNT", value_parser = value::account)]
    pub(crate) account: AccountArg,
    /// The collector
    #[arg(long, value_name = "COLLECTOR", value_parser = value::collector)]
    pub(crate) collector: String,
    /// Only these regions; can be repeated [default: all that the account has enabled]
    #[arg(long = "region", value_name = "REGION", num_args = 1.., value_parser = value::region)]
    pub(crate) regions: Vec<String>,
    /// Print the function's answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
