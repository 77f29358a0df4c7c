//! The command line's shape. Invariant: what can be validated without the database is validated here, and a wrong
//! value is one sentence with exit code 2.

pub(crate) mod page;
pub(crate) mod roles;
pub(crate) mod rollout;

use clap::{Args, Parser, Subcommand};
use polo_core::{AccountId, PoloStatus, RoleArn};

/// Which AWS accounts Polo watches, what it can see in each, and why not more.
///
/// Settings come from the environment: CLICKHOUSE_URL, CLICKHOUSE_DATABASE, CLICKHOUSE_USER, CLICKHOUSE_PASSWORD or
/// CLICKHOUSE_PASSWORD_SECRET_ID, POLO_ENV, and the standard AWS variables. Exit codes: 0 done, 1 failed, 2 wrong usage,
/// 130 a migration was interrupted.
/// Times are UTC.
#[derive(Debug, Parser)]
#[command(name = "polo", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring the database's schema up to date; can be repeated
    Migrate(Migrate),
    /// The registry of accounts, and operators' decisions about them
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
    /// The latest runs
    Runs(Runs),
    /// Serve the status page on loopback, signing each request with your AWS credentials
    ///
    /// Its address is printed and holds a token, new each time: whoever knows the address reads the page as you, and
    /// other users of this machine, who do not, get nothing.
    Page(page::Page),
    /// The roles that watched accounts need, for those who roll them out
    ///
    /// But for status and deploy neither the database nor AWS is asked. Options that are left out come from the
    /// functions' own variables: POLO_ENV, POLO_HUB_ACCOUNT_ID, POLO_EXTERNAL_ID, POLO_READ_ROLE_NAME and
    /// POLO_ACTION_ROLE_NAME.
    #[command(subcommand)]
    Roles(rollout::RolesCommand),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// The cluster's name, for a self-managed cluster (ON CLUSTER and the Replicated engines)
    #[arg(long, value_name = "NAME", value_parser = cluster_name)]
    pub(crate) cluster: Option<String>,
    /// How long a role that the StackSet has just rolled out may be refused before that counts
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) propagation_grace_seconds: Option<u32>,
    /// Over which time a role that worked has to be refused before that counts
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) denial_confirmation_seconds: Option<u32>,
    /// How long to wait for another who migrates; one who crashed no longer counts after 1200
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value_t = 1500)]
    pub(crate) wait_seconds: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Accounts {
    /// All accounts with their status, reason and what was found in them
    List(List),
    /// Everything about one account
    Show(Show),
    /// Stop monitoring an account, for good or until a date
    Exclude(Exclude),
    /// Monitor an excluded account again, and check its access
    Include(Include),
    /// Say what an account is for, who answers for it, or which roles it has
    Set(Set),
    /// Check an account's access now, with other roles if given, so that a role that works activates it
    Activate(Activate),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only accounts of this status: active, pending_setup, no_access or excluded
    #[arg(long, value_parser = status)]
    pub(crate) status: Option<PoloStatus>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The account's 12 digits
    #[arg(value_name = "ACCOUNT", value_parser = account_id)]
    pub(crate) account: AccountId,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Exclude {
    /// The account's 12 digits
    #[arg(value_name = "ACCOUNT", value_parser = account_id)]
    pub(crate) account: AccountId,
    /// Why it is not to be monitored
    #[arg(long, value_name = "TEXT", value_parser = not_blank)]
    pub(crate) reason: String,
    /// Until when: 7d, 12h or 2w from now, 2027-01-31 (00:00 UTC), or a time like 2027-01-31T12:00:00Z; for good if left out
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,
    #[command(flatten)]
    pub(crate) author: Author,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Include {
    /// The account's 12 digits
    #[arg(value_name = "ACCOUNT", value_parser = account_id)]
    pub(crate) account: AccountId,
    /// Why it is to be monitored again
    #[arg(long, value_name = "TEXT", value_parser = not_blank)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) author: Author,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    /// The account's 12 digits
    #[arg(value_name = "ACCOUNT", value_parser = account_id)]
    pub(crate) account: AccountId,
    #[command(flatten)]
    pub(crate) overrides: Overrides,
    #[command(flatten)]
    pub(crate) author: Author,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Activate {
    /// The account's 12 digits
    #[arg(value_name = "ACCOUNT", value_parser = account_id)]
    pub(crate) account: AccountId,
    #[command(flatten)]
    pub(crate) overrides: Overrides,
    #[command(flatten)]
    pub(crate) author: Author,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Who decides.
#[derive(Debug, Args)]
pub(crate) struct Author {
    /// Who decides [default: $USER]
    #[arg(long = "author", value_name = "NAME", value_parser = not_blank)]
    pub(crate) name: Option<String>,
}

/// What an operator may say of an account.
#[derive(Debug, Args)]
pub(crate) struct Overrides {
    /// What the account is for: customer, testing, sales, internal, …; empty for nothing
    #[arg(long, value_name = "TEXT")]
    pub(crate) role: Option<String>,
    /// Who answers for it; empty for nobody
    #[arg(long, value_name = "TEXT")]
    pub(crate) owner: Option<String>,
    /// Another read role than the usual one, or `default`
    #[arg(long, value_name = "ARN|default", value_parser = role_override)]
    pub(crate) read_role_arn: Option<RoleOverride>,
    /// Another action role than the usual one, or `default`
    #[arg(long, value_name = "ARN|default", value_parser = role_override)]
    pub(crate) action_role_arn: Option<RoleOverride>,
}

/// A role of an account: the usual one, or another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RoleOverride {
    Default,
    Arn(RoleArn),
}

#[derive(Debug, Args)]
pub(crate) struct Discover {
    /// Refresh only this account
    #[arg(long, value_name = "ACCOUNT", value_parser = account_id)]
    pub(crate) account: Option<AccountId>,
    /// Confirm once that this many accounts have really left
    #[arg(long, value_name = "N", value_parser = count, conflicts_with = "account")]
    pub(crate) accept_removals: Option<u32>,
    /// Print the function's answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Check only this account
    #[arg(long, value_name = "ACCOUNT", value_parser = account_id)]
    pub(crate) account: Option<AccountId>,
    /// Print the function's answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Dispatch {
    /// The account; all active ones if left out
    #[arg(long, value_name = "ACCOUNT", value_parser = account_id)]
    pub(crate) account: Option<AccountId>,
    /// The collector; all if left out
    #[arg(long, value_name = "COLLECTOR", value_parser = collector)]
    pub(crate) collector: Option<String>,
    /// Print the function's answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Collect {
    /// The account
    #[arg(long, value_name = "ACCOUNT", value_parser = account_id)]
    pub(crate) account: AccountId,
    /// The collector
    #[arg(long, value_name = "COLLECTOR", value_parser = collector)]
    pub(crate) collector: String,
    /// Only these regions; all enabled ones if left out
    #[arg(long = "region", value_name = "REGION", num_args = 1.., value_parser = region)]
    pub(crate) regions: Vec<String>,
    /// Print the function's answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Runs {
    /// Only of this account
    #[arg(long, value_name = "ACCOUNT", value_parser = account_id)]
    pub(crate) account: Option<AccountId>,
    /// How many
    #[arg(long, value_name = "N", default_value = "20", value_parser = count)]
    pub(crate) limit: u32,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn account_id(text: &str) -> Result<AccountId, String> {
    text.parse()
        .map_err(|error: polo_core::InvalidAccountId| error.to_string())
}

fn status(text: &str) -> Result<PoloStatus, String> {
    text.parse()
        .map_err(|error: polo_core::status::UnknownPoloStatus| error.to_string())
}

fn role_override(text: &str) -> Result<RoleOverride, String> {
    if text == "default" {
        return Ok(RoleOverride::Default);
    }
    match text.parse() {
        Ok(arn) => Ok(RoleOverride::Arn(arn)),
        Err(error) => Err(format!("{error}, or `default` for the usual one")),
    }
}

fn collector(text: &str) -> Result<String, String> {
    let manifests = polo_store::collectors::manifests().map_err(|error| error.to_string())?;
    if manifests.iter().any(|manifest| manifest.id == text) {
        return Ok(text.to_owned());
    }
    let known: Vec<&str> = manifests
        .iter()
        .map(|manifest| manifest.id.as_str())
        .collect();
    Err(format!(
        "unknown collector {text:?}: it is one of {}",
        known.join(", ")
    ))
}

fn region(text: &str) -> Result<String, String> {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if text.contains('-') && text.bytes().all(legal) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "region {text:?} is not the name of a region: give it like us-east-1"
        ))
    }
}

fn count(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!(
            "{text:?} is not a count: give a whole number above zero"
        )),
    }
}

fn seconds(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is not a number of seconds: give a whole number like 300"))
}

fn not_blank(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("the text is empty: give one, people will read it".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// A cluster's name becomes part of every statement, so that it may not be just anything.
fn cluster_name(text: &str) -> Result<String, String> {
    if polo_store::migrations::is_cluster_name(text) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "cluster {text:?} is not the name of a cluster: give it as in system.clusters, or as {{cluster}}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use polo_store::migrations::lock::STALE;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// Else whoever comes after one who crashed is refused.
    #[test]
    fn migrate_waits_longer_than_the_lock_of_one_who_crashed_counts() {
        let cli = Cli::try_parse_from(["polo", "migrate"]).unwrap();
        let Command::Migrate(arguments) = cli.command else {
            panic!("{cli:?}");
        };
        assert!(u64::from(arguments.wait_seconds) > STALE.as_secs());
    }

    #[test]
    fn wrong_values_are_one_sentence_with_the_value() {
        for (arguments, value) in [
            (vec!["accounts", "show", "12345678901"], "12345678901"),
            (vec!["accounts", "list", "--status", "aktive"], "aktive"),
            (
                vec![
                    "accounts",
                    "set",
                    "123456789012",
                    "--read-role-arn",
                    "reader",
                ],
                "reader",
            ),
            (
                vec!["collect", "--account", "123456789012", "--collector", "ec2"],
                "ec2",
            ),
            (
                vec![
                    "collect",
                    "--account",
                    "123456789012",
                    "--collector",
                    "config_ec2",
                    "--region",
                    "Ohio",
                ],
                "Ohio",
            ),
            (vec!["runs", "--limit", "0"], "0"),
            (vec!["page", "--port", "70000"], "70000"),
            (
                vec!["page", "--url", "http://example.com/"],
                "http://example.com/",
            ),
            (vec!["discover", "--accept-removals", "all"], "all"),
            (vec!["migrate", "--cluster", "a`b"], "a`b"),
            (vec!["migrate", "--propagation-grace-seconds", "5m"], "5m"),
            (vec!["roles", "terraform", "--account", "1234"], "1234"),
            (vec!["roles", "commands", "--partition", "azure"], "azure"),
            (
                vec!["roles", "template", "--deletable-bucket", "arn:a,arn:b"],
                "arn:a,arn:b",
            ),
        ] {
            use std::error::Error as _;
            let error =
                Cli::try_parse_from([vec!["polo"], arguments.clone()].concat()).unwrap_err();
            let sentence = error
                .source()
                .unwrap_or_else(|| panic!("{arguments:?}: {error}"))
                .to_string();
            assert!(
                sentence.contains(value) && !sentence.contains('\n'),
                "{arguments:?}: {sentence}"
            );
        }
    }
}
