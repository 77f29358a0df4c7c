//! The shape of operators' decisions: `polo accounts exclude`, `include`, `set` and `activate`.

use clap::Args;
use polo_core::RoleArn;

use super::account::AccountArg;
use super::value;

#[derive(Debug, Args)]
pub(crate) struct Exclude {
    /// The account's 12 digits or its name
    #[arg(value_name = "ACCOUNT", value_parser = value::account)]
    pub(crate) account: AccountArg,
    /// Why Polo is to leave the account alone, in at most 500 characters
    #[arg(long, value_name = "TEXT", value_parser = value::reason)]
    pub(crate) reason: String,
    /// When the exclusion ends: 7d, 12h or 2w from now, a date (2027-01-31, 00:00 UTC) or a time
    /// (2027-01-31T12:00:00Z) [default: never]
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(crate) until: Option<String>,
    #[command(flatten)]
    pub(crate) author: Author,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Include {
    /// The account's 12 digits or its name
    #[arg(value_name = "ACCOUNT", value_parser = value::account)]
    pub(crate) account: AccountArg,
    /// Why Polo is to monitor the account again, in at most 500 characters
    #[arg(long, value_name = "TEXT", value_parser = value::reason)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) author: Author,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    /// The account's 12 digits or its name
    #[arg(value_name = "ACCOUNT", value_parser = value::account)]
    pub(crate) account: AccountArg,
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
    /// The account's 12 digits or its name
    #[arg(value_name = "ACCOUNT", value_parser = value::account)]
    pub(crate) account: AccountArg,
    #[command(flatten)]
    pub(crate) overrides: Overrides,
    #[command(flatten)]
    pub(crate) author: Author,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Author {
    /// Who decides, in at most 128 characters [default: $USER, else $LOGNAME]
    #[arg(long = "author", value_name = "NAME", value_parser = value::name)]
    pub(crate) name: Option<String>,
}

/// What an operator says of an account.
#[derive(Debug, Args)]
pub(crate) struct Overrides {
    /// What the account is for: customer, testing, sales, internal, …; empty to unset
    #[arg(long, value_name = "TEXT", value_parser = value::name_or_nothing)]
    pub(crate) role: Option<String>,
    /// Who answers for the account; empty to unset
    #[arg(long, value_name = "TEXT", value_parser = value::name_or_nothing)]
    pub(crate) owner: Option<String>,
    /// Another read role, or `default` for the usual one
    #[arg(long, value_name = "ARN|default", value_parser = role_override)]
    pub(crate) read_role_arn: Option<RoleOverride>,
    /// Another action role, or `default` for the usual one
    #[arg(long, value_name = "ARN|default", value_parser = role_override)]
    pub(crate) action_role_arn: Option<RoleOverride>,
}

impl Overrides {
    pub(crate) fn is_empty(&self) -> bool {
        self.role.is_none()
            && self.owner.is_none()
            && self.read_role_arn.is_none()
            && self.action_role_arn.is_none()
    }
}

/// A role of an account: the usual one, or another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RoleOverride {
    Default,
    Arn(RoleArn),
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
