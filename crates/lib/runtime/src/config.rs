//! The settings of a function, from its environment, parsed once and in full before the first event.
//!
//! Invariant: a wrong value is one sentence that names the variable, the value and the fix.

use std::num::{NonZeroU32, NonZeroUsize};

use polo_aws::CallAs;
use polo_core::text::quoted;
use polo_core::{Region, RoleArn, Setting};
use polo_store::retention::Retention;
use polo_store::{InvalidStoreConfig, StoreConfig};
use rust_decimal::Decimal;

mod mode;
mod provisioning;
mod variable;

pub use mode::{ConfiguredAccount, Mode, OrganizationConfig};
pub use provisioning::ProvisioningConfig;

use variable::{checked, cluster, number, page_url, regions, retention, role_arn, secret_id, usd};

/// The StackSet that rolls the roles out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackSetConfig {
    /// Its name.
    pub name: String,
    /// Whether the hub reads it as a delegated administrator.
    pub as_delegated_admin: bool,
    /// The role through which it is read, where the hub itself may not.
    pub role_arn: Option<RoleArn>,
}

impl StackSetConfig {
    /// As whom it is asked, for each call on it.
    pub fn call_as(&self) -> CallAs {
        if self.as_delegated_admin {
            CallAs::DelegatedAdmin
        } else {
            CallAs::Own
        }
    }
}

/// All settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database.
    pub store: StoreConfig,
    /// The cluster on which the schema is made, where the server is one.
    pub cluster: Option<String>,
    /// How long history is kept.
    pub retention: Retention,
    /// The environment's name, which prefixes functions and roles.
    pub env: String,
    /// The read role's name in member accounts, with its path if it has one.
    pub read_role_name: String,
    /// The action role's name, where there is one.
    pub action_role_name: Option<String>,
    /// The external id of member roles.
    pub external_id: Option<String>,
    /// Where accounts come from.
    pub mode: Mode,
    /// The StackSet, where there is one.
    pub stack_set: Option<StackSetConfig>,
    /// How stack instances are made for single accounts, where that is on.
    pub provisioning: Option<ProvisioningConfig>,
    /// The bus on which functions tell each other.
    pub event_bus: String,
    /// Access checks at once.
    pub check_concurrency: NonZeroUsize,
    /// AssumeRole calls a second.
    pub sts_calls_per_second: NonZeroU32,
    /// PutEvents calls a second.
    pub put_events_per_second: NonZeroU32,
    /// The regions to ask where an account's own list cannot be read.
    pub fallback_regions: Vec<Region>,
    /// What a collector's billed calls may cost per account and UTC day; none takes its manifest's own cap.
    pub day_usd_at_most: Option<Decimal>,
    /// The secret that holds the address of Slack's incoming webhook, where changes are told there.
    pub slack_webhook_secret_id: Option<String>,
    /// The status page's address for people, for links to it.
    pub status_page_url: Option<String>,
}

/// A setting that cannot be right.
#[derive(Debug, thiserror::Error)]
pub enum ConfigProblem {
    /// Missing.
    #[error("{name} is not set: {fix}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What to do.
        fix: &'static str,
    },
    /// Not what it has to be.
    #[error("{name} is {}: {fix}", quoted(value))]
    Invalid {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it has to be.
        fix: String,
    },
    /// Not the name of a secret, but perhaps the secret.
    #[error(
        "{name} has a wrong value, which is not shown because it may be a secret: write the name or ARN of a secret in \
         Secrets Manager"
    )]
    NotASecretId {
        /// The variable.
        name: &'static str,
    },
    /// Two that contradict each other.
    #[error("{name} is set and {other}: {fix}")]
    Contradiction {
        /// The variable.
        name: &'static str,
        /// What it contradicts.
        other: String,
        /// What to do.
        fix: &'static str,
    },
    /// The database's settings.
    #[error(transparent)]
    Store(#[from] InvalidStoreConfig),
}

/// A look-up of environment variables, so that tests need not change the process's own.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Config {
    /// Reads and validates all settings.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, ConfigProblem> {
        let get = |name: &str| {
            lookup(name)
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        let url = get("CLICKHOUSE_URL").ok_or(ConfigProblem::Missing {
            name: "CLICKHOUSE_URL",
            fix: "write the URL of ClickHouse's HTTP interface, such as http://localhost:8123",
        })?;
        let env = checked(&get, "POLO_ENV", Setting::EnvironmentName)?
            .unwrap_or_else(|| "dev".to_owned());
        let store = StoreConfig::new(
            &url,
            get("CLICKHOUSE_DATABASE").as_deref(),
            get("CLICKHOUSE_USER").as_deref(),
            get("CLICKHOUSE_PASSWORD").as_deref(),
        )?
        .with_password_secret(secret_id(&get, "CLICKHOUSE_PASSWORD_SECRET_ID")?.as_deref())?;
        Ok(Self {
            store,
            cluster: cluster(&get)?,
            retention: retention(&get)?,
            read_role_name: checked(&get, "POLO_READ_ROLE_NAME", Setting::RoleName)?
                .unwrap_or_else(|| format!("{env}-PoloReadRole")),
            action_role_name: checked(&get, "POLO_ACTION_ROLE_NAME", Setting::RoleName)?,
            external_id: checked(&get, "POLO_EXTERNAL_ID", Setting::ExternalId)?,
            mode: mode::read(&get)?,
            stack_set: stack_set(&get)?,
            provisioning: provisioning::read(&get)?,
            event_bus: checked(&get, "POLO_EVENT_BUS", Setting::EventBusName)?
                .unwrap_or_else(|| format!("{env}-polo")),
            check_concurrency: number(&get, "POLO_CHECK_CONCURRENCY", 40, 1000)?,
            sts_calls_per_second: number(&get, "POLO_STS_CALLS_PER_SECOND", 500, 10_000)?,
            put_events_per_second: number(&get, "POLO_PUT_EVENTS_PER_SECOND", 200, 10_000)?,
            fallback_regions: regions(&get, "POLO_REGIONS")?,
            day_usd_at_most: usd(&get, "POLO_DAY_USD_AT_MOST")?,
            slack_webhook_secret_id: secret_id(&get, "POLO_SLACK_WEBHOOK_SECRET_ID")?,
            status_page_url: page_url(&get, "POLO_STATUS_PAGE_URL")?,
            env,
        })
    }

    /// The external id of an organization's member roles.
    pub fn external_id_of(&self, organization_id: &str) -> Option<String> {
        let of_organization = match &self.mode {
            Mode::Explicit(_) => None,
            // With one organization there is nothing to tell apart, whether its id is configured or not.
            Mode::Organizations(list) if list.len() == 1 => list[0].external_id.clone(),
            Mode::Organizations(list) => list
                .iter()
                .find(|organization| organization.id.as_deref() == Some(organization_id))
                .and_then(|organization| organization.external_id.clone()),
        };
        of_organization.or_else(|| self.external_id.clone())
    }

    /// The external id of a role of ours in a management account: that of the organization which is listed through a
    /// role in the same account, else the common one.
    pub fn external_id_in_management(&self, role: &RoleArn) -> Option<String> {
        let of_organization = match &self.mode {
            Mode::Explicit(_) => None,
            Mode::Organizations(list) => list
                .iter()
                .find(|organization| {
                    let listed_through = organization.role_arn.as_ref();
                    list.len() == 1
                        || listed_through.is_some_and(|own| own.account_id() == role.account_id())
                })
                .and_then(|organization| organization.external_id.clone()),
        };
        of_organization.or_else(|| self.external_id.clone())
    }
}

fn stack_set(get: Lookup<'_>) -> Result<Option<StackSetConfig>, ConfigProblem> {
    const ROLE: &str = "POLO_STACK_SET_ROLE_ARN";
    let role_arn = role_arn(get, ROLE)?;
    let Some(name) = checked(get, "POLO_STACK_SET_NAME", Setting::StackSetName)? else {
        if get("POLO_STACK_SET_CALL_AS").is_some() {
            return Err(ConfigProblem::Contradiction {
                name: "POLO_STACK_SET_CALL_AS",
                other: "POLO_STACK_SET_NAME is not".to_owned(),
                fix: "set POLO_STACK_SET_NAME too, or unset it",
            });
        }
        return match role_arn {
            None => Ok(None),
            Some(role) => Err(ConfigProblem::Invalid {
                name: ROLE,
                value: role.to_string(),
                fix: "it is the role through which a StackSet is read: set POLO_STACK_SET_NAME too, or unset it"
                    .to_owned(),
            }),
        };
    };
    let as_delegated_admin = match get("POLO_STACK_SET_CALL_AS").as_deref() {
        None | Some("SELF") => false,
        Some("DELEGATED_ADMIN") => true,
        Some(other) => {
            return Err(ConfigProblem::Invalid {
                name: "POLO_STACK_SET_CALL_AS",
                value: other.to_owned(),
                fix: "write SELF or DELEGATED_ADMIN".to_owned(),
            });
        }
    };
    Ok(Some(StackSetConfig {
        name,
        as_delegated_admin,
        role_arn,
    }))
}

#[cfg(test)]
mod refusals;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(variables: &[(&str, &str)]) -> Result<Config, ConfigProblem> {
        let lookup = |name: &str| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
                .or_else(|| (name == "CLICKHOUSE_URL").then(|| "http://localhost:8123".to_owned()))
        };
        Config::from_lookup(&lookup)
    }

    #[test]
    fn an_almost_empty_environment_is_enough() {
        let config = parse(&[]).unwrap();
        assert_eq!(config.read_role_name, "dev-PoloReadRole");
        assert_eq!(
            config.mode,
            Mode::Organizations(vec![OrganizationConfig::default()])
        );
        assert_eq!(
            (config.event_bus.as_str(), config.check_concurrency.get()),
            ("dev-polo", 40)
        );
        assert_eq!(
            parse(&[("POLO_ENV", "prod")]).unwrap().read_role_name,
            "prod-PoloReadRole"
        );
    }

    #[test]
    fn accounts_may_be_listed_by_id_or_by_role() {
        let role = "arn:aws-us-gov:iam::012345678901:role/team/reader";
        let config = parse(&[
            ("POLO_MODE", "explicit"),
            ("POLO_ACCOUNTS", &format!("123456789012, {role}")),
        ])
        .unwrap();
        let Mode::Explicit(accounts) = config.mode else {
            panic!("explicit")
        };
        assert_eq!(accounts[1].read_role.as_ref().unwrap().to_string(), role);
        assert_eq!(accounts[0].read_role, None);
    }

    #[test]
    fn each_organization_has_its_external_id() {
        let one = parse(&[("POLO_EXTERNAL_ID", "common")]).unwrap();
        assert_eq!(one.external_id_of("o-any").as_deref(), Some("common"));
        let list = r#"[{"id": "o-aaaaaaaaaa", "external_id": "of-a"}, {"id": "o-bbbbbbbbbb"}]"#;
        let two = parse(&[("POLO_EXTERNAL_ID", "common"), ("POLO_ORGANIZATIONS", list)]).unwrap();
        assert_eq!(two.external_id_of("o-aaaaaaaaaa").as_deref(), Some("of-a"));
        assert_eq!(
            two.external_id_of("o-bbbbbbbbbb").as_deref(),
            Some("common")
        );
    }

    #[test]
    fn a_role_in_a_management_account_has_its_organizations_external_id() {
        let role = |account: &str| -> RoleArn {
            format!("arn:aws:iam::{account}:role/dev-polo-organization-reader")
                .parse()
                .unwrap()
        };
        let of = |list: &str, account: &str| {
            parse(&[("POLO_EXTERNAL_ID", "common"), ("POLO_ORGANIZATIONS", list)])
                .unwrap()
                .external_id_in_management(&role(account))
        };
        let one = r#"[{"external_id": "of-a"}]"#;
        assert_eq!(of(one, "111111111111").as_deref(), Some("of-a"));
        let two = r#"[{"id": "o-aaaaaaaaaa"}, {"id": "o-bbbbbbbbbb", "external_id": "of-b", "role_arn": "arn:aws:iam::222222222222:role/r"}]"#;
        assert_eq!(of(two, "111111111111").as_deref(), Some("common"));
        assert_eq!(of(two, "222222222222").as_deref(), Some("of-b"));
    }
}
