//! The shape of `polo roles`. Invariant: what the template of the roles can judge is left to it; here is only what it
//! never sees.

use clap::{Args, Subcommand};
use polo_core::Partition;
use polo_core::text::quoted;

use super::account::AccountArg;
use super::value;

/// The ways to have the roles.
#[derive(Debug, Subcommand)]
pub(crate) enum Roles {
    /// Print the CloudFormation template, ready for `aws cloudformation deploy`; what is given becomes its parameters'
    /// defaults
    Template(Box<RoleOptions>),
    /// Print AWS CLI commands that make the roles in one account
    Commands(Box<RoleOptions>),
    /// Print Terraform that makes the roles in one account, for a file that ends in .tf.json
    Terraform(Box<RoleOptions>),
}

/// What the roles are.
#[derive(Debug, Args)]
pub(crate) struct RoleOptions {
    /// The account that gets the roles, by its 12 digits or its name (which is looked up in the database); a template takes
    /// it from where it is deployed
    #[arg(long, value_name = "ACCOUNT", value_parser = value::account)]
    pub(crate) account: Option<AccountArg>,
    /// The account in which Polo's functions run [default: $POLO_HUB_ACCOUNT_ID]
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) hub_account: Option<String>,
    /// What Polo has to send along [default: $POLO_EXTERNAL_ID]
    #[arg(long, value_name = "ID")]
    pub(crate) external_id: Option<String>,
    /// The hub account's organization, to trust Polo from there alone
    #[arg(long, value_name = "ID", value_parser = not_empty)]
    pub(crate) organization_id: Option<String>,
    /// What both roles' names begin with, or none: then they are PoloReadRole and polo-action-role, which two
    /// environments in one account cannot both have [default: <env>-]
    #[arg(long, value_name = "PREFIX", value_parser = prefix)]
    pub(crate) role_prefix: Option<String>,
    /// The path of both roles, such as /platform/ [default: that of $POLO_READ_ROLE_NAME, else /]
    #[arg(long, value_name = "PATH")]
    pub(crate) role_path: Option<String>,
    /// The read role's name [default: $POLO_READ_ROLE_NAME, else <prefix>PoloReadRole]
    #[arg(long, value_name = "NAME")]
    pub(crate) read_role_name: Option<String>,
    /// Make an action role too
    #[arg(long)]
    pub(crate) action_role: bool,
    /// The action role's name [default: $POLO_ACTION_ROLE_NAME, else <prefix>polo-action-role]
    #[arg(long, value_name = "NAME")]
    pub(crate) action_role_name: Option<String>,
    /// A bucket in which the action role may delete objects; can be repeated
    #[arg(long = "deletable-bucket", value_name = "ARN", value_parser = one)]
    pub(crate) deletable_buckets: Vec<String>,
    /// A role or IAM user that may assume the read role as well; can be repeated
    #[arg(long = "extra-principal", value_name = "ARN", value_parser = one)]
    pub(crate) extra_principals: Vec<String>,
    /// The OIDC provider in the account whose tokens may assume the read role as well: its address without https://
    #[arg(long, value_name = "ADDRESS", value_parser = not_empty)]
    pub(crate) oidc_provider: Option<String>,
    /// The one subject that such a token has to name
    #[arg(long, value_name = "SUBJECT", value_parser = not_empty)]
    pub(crate) oidc_subject: Option<String>,
    /// The audience that such a token has to be for [default: sts.amazonaws.com]
    #[arg(long, value_name = "AUDIENCE", value_parser = not_empty)]
    pub(crate) oidc_audience: Option<String>,
    /// The account's partition: aws, aws-cn, aws-us-gov, …; a template takes it from where it is deployed
    #[arg(long, value_name = "PARTITION", default_value = "aws", value_parser = partition)]
    pub(crate) partition: Partition,
}

/// To the template an empty value is none: a variable that is not set would take a condition away.
fn not_empty(text: &str) -> Result<String, String> {
    if text.is_empty() {
        Err("the value is empty: give one, or leave the flag out".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// One entry of what becomes a list with commas.
fn one(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains(',') {
        Err(format!(
            "{} is not one ARN: give each with an option of its own",
            quoted(text)
        ))
    } else {
        Ok(text.to_owned())
    }
}

/// The empty prefix is a word, so that a variable that is not set cannot stand for it.
fn prefix(text: &str) -> Result<String, String> {
    match text {
        "" => Err(
            "the prefix is empty: write none for names without one, or leave the flag out"
                .to_owned(),
        ),
        "none" => Ok(String::new()),
        prefix => Ok(prefix.to_owned()),
    }
}

fn partition(text: &str) -> Result<Partition, String> {
    let legal = |letter: u8| letter.is_ascii_lowercase() || letter == b'-';
    Partition::of_arn(&format!("arn:{text}:iam"))
        .filter(|_| text.bytes().all(legal))
        .ok_or_else(|| {
            format!(
                "partition {} is not one of AWS's: give aws, aws-cn or aws-us-gov",
                quoted(text)
            )
        })
}
