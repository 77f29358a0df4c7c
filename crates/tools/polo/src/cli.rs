//! The command line's shape. Invariant: what can be validated without the database is validated here, and a wrong
//! value is one sentence with exit code 2.

pub(crate) mod account;
pub(crate) mod choice;
pub(crate) mod completion;
pub(crate) mod decision;
pub(crate) mod function;
pub(crate) mod page;
pub(crate) mod refusal;
pub(crate) mod roles;
pub(crate) mod rollout;
pub(crate) mod value;
#[cfg(test)]
mod wrong_input;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand};
use polo_core::{PoloStatus, StatusReason};

use account::AccountArg;
pub(crate) use decision::{Activate, Author, Exclude, Include, Overrides, RoleOverride, Set};
pub(crate) use function::{Collect, Discover, Dispatch, Verify};
use value::count;

const EXIT_CODES: &str = "\
Exit codes:
  0    Done
  1    Failed, or less was done than asked for: a run that is not complete
       (collect, dispatch --wait), an account whose role does not work
       (verify --account, accounts activate), a check without an answer
       (verify), nothing to ask for (dispatch), a StackSet that is busy
       (roles deploy)
  2    Wrong usage; nothing was done
  130  Interrupted (Ctrl-C)

Examples:
  polo accounts list --status no_access
  polo accounts show shop-staging
  polo dispatch --account shop-staging --wait";

/// Which AWS accounts Polo watches, what it can see in each, and why not more.
///
/// Settings come from the environment: CLICKHOUSE_URL, CLICKHOUSE_DATABASE, CLICKHOUSE_USER, CLICKHOUSE_PASSWORD or
/// CLICKHOUSE_PASSWORD_SECRET_ID, POLO_ENV, and the standard AWS variables. RUST_LOG sets what is logged. Times are UTC.
#[derive(Debug, Parser)]
#[command(name = "polo", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring the database's schema up to date; can be repeated
    Migrate(Migrate),
    /// Show the registry of accounts, and decide about accounts
    #[command(subcommand)]
    Accounts(Accounts),
    /// Discover accounts now
    Discover(Discover),
    /// Check access now
    Verify(Verify),
    /// Ask for collection now: of one account, of one collector, or of one collector in one account
    Dispatch(Dispatch),
    /// Run one collector in one account now, and wait for it
    Collect(Collect),
    /// Show the latest runs
    Runs(Runs),
    /// Serve the status page on loopback, signing each request with your AWS credentials
    ///
    /// The printed address holds a token that is new each time. Anyone with this address sees the page with your
    /// permissions; without it, other users of this machine see nothing.
    Page(page::Page),
    /// Print the roles that watched accounts need, or roll them out
    ///
    /// `template`, `commands` and `terraform` ask neither the database nor AWS. Their defaults come from the functions'
    /// variables: POLO_ENV, POLO_HUB_ACCOUNT_ID, POLO_EXTERNAL_ID, POLO_READ_ROLE_NAME and POLO_ACTION_ROLE_NAME.
    #[command(subcommand)]
    Roles(rollout::RolesCommand),
    /// Print a completion script for a shell
    ///
    /// For bash: `source <(polo completions bash)` in ~/.bashrc. The script asks polo at each Tab, which reads the names
    /// of accounts from the database.
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Command {
    /// What is said if Ctrl-C ends the command.
    pub(crate) fn interrupted(&self) -> &'static str {
        match self {
            Self::Discover(_)
            | Self::Verify(_)
            | Self::Dispatch(_)
            | Self::Collect(_)
            | Self::Accounts(Accounts::Include(_) | Accounts::Activate(_))
            | Self::Roles(rollout::RolesCommand::Deploy(_)) => {
                "interrupted: what the function has begun goes on, `polo accounts list` and `polo runs` show what comes of it"
            }
            Self::Migrate(_)
            | Self::Accounts(_)
            | Self::Runs(_)
            | Self::Page(_)
            | Self::Roles(_)
            | Self::Completions { .. } => "interrupted",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// The name of a self-managed cluster (for ON CLUSTER and the Replicated engines)
    #[arg(long, value_name = "NAME", value_parser = value::cluster)]
    pub(crate) cluster: Option<String>,
    /// How long a role that the StackSet has just deployed may be denied before the denial counts
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = value::seconds,
        allow_negative_numbers = true
    )]
    pub(crate) propagation_grace_seconds: Option<u32>,
    /// How long a role that worked must be denied before the denial counts
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = value::seconds,
        allow_negative_numbers = true
    )]
    pub(crate) denial_confirmation_seconds: Option<u32>,
    /// Days to keep runs, dispatches, access checks, discoveries and provisioning attempts (at first 90)
    #[arg(
        long,
        value_name = "DAYS",
        value_parser = value::retention_days,
        allow_negative_numbers = true
    )]
    pub(crate) run_retention_days: Option<u32>,
    /// Days to keep changes of resources, billed calls and measurements (at first 400)
    #[arg(
        long,
        value_name = "DAYS",
        value_parser = value::retention_days,
        allow_negative_numbers = true
    )]
    pub(crate) history_retention_days: Option<u32>,
    /// Days to keep resources that are gone among the current ones (at first 400)
    #[arg(
        long,
        value_name = "DAYS",
        value_parser = value::retention_days,
        allow_negative_numbers = true
    )]
    pub(crate) gone_retention_days: Option<u32>,
    /// Whether old rows also expire in a collector_runs table that existed before Polo (at first keep)
    #[arg(long, value_name = "CHOICE", value_parser = choice::adopted_history())]
    pub(crate) adopted_history: Option<bool>,
    /// Seconds to wait if another migration is running (a crashed one's lock expires after 1200)
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = value::seconds,
        allow_negative_numbers = true,
        default_value_t = 1500
    )]
    pub(crate) wait_seconds: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Accounts {
    /// List accounts with their status, its reason, and how much was found in them
    List(List),
    /// Show everything about one account
    Show(Show),
    /// Stop monitoring an account, for good or until a date
    Exclude(Exclude),
    /// Monitor an excluded account again, and check its access
    Include(Include),
    /// Set an account's purpose, owner or roles
    Set(Set),
    /// Check an account's access now, with other roles if given; a role that works activates it
    Activate(Activate),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only accounts of this status; can be repeated
    #[arg(long = "status", value_name = "STATUS", value_delimiter = ',', value_parser = choice::status())]
    pub(crate) statuses: Vec<PoloStatus>,
    /// Only accounts whose status has this reason; can be repeated
    #[arg(long = "reason", value_name = "REASON", value_delimiter = ',', value_parser = choice::status_reason())]
    pub(crate) reasons: Vec<StatusReason>,
    /// Only accounts in this OU or beneath it: ou-ab12-cdefghij, or a path like Root/Workloads
    #[arg(long, value_name = "OU", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) ou: Option<String>,
    /// Only accounts of this owner; "" for accounts without an owner
    #[arg(long)]
    pub(crate) owner: Option<String>,
    /// Only accounts whose name contains this text, in upper or lower case
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The account's 12 digits or its name
    #[arg(value_name = "ACCOUNT", value_parser = value::account)]
    pub(crate) account: AccountArg,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Runs {
    /// Only runs in this account
    #[arg(long, value_name = "ACCOUNT", value_parser = value::account)]
    pub(crate) account: Option<AccountArg>,
    /// Only runs of this collector
    #[arg(long, value_name = "COLLECTOR", value_parser = value::collector)]
    pub(crate) collector: Option<String>,
    /// Only runs that ended so, that are still running, or that crashed
    #[arg(long, value_parser = choice::run_outcome())]
    pub(crate) outcome: Option<&'static str>,
    /// Only runs that started since then: 24h, 7d or 2w before now, 2026-01-31 (00:00 UTC), or 2026-01-31T12:00:00Z
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<String>,
    /// How many runs, the latest first
    #[arg(long, value_name = "N", default_value = "20", value_parser = count, allow_negative_numbers = true)]
    pub(crate) limit: u32,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use polo_store::migrations::STALE;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn migrate_waits_longer_than_a_crashed_lock_lasts() {
        let cli = Cli::try_parse_from(["polo", "migrate"]).unwrap();
        let Command::Migrate(arguments) = cli.command else {
            panic!("{cli:?}");
        };
        assert!(u64::from(arguments.wait_seconds) > STALE.as_secs());
    }
}
