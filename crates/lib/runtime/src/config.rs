//! The settings of a function, from its environment, parsed once and in full before the first event.
//!
//! Invariant: a wrong value is one sentence that names the variable, the value and the fix.

use std::num::{NonZeroU32, NonZeroUsize};

use polo_aws::CallAs;
use polo_core::organization::OuFilter;
use polo_core::{AccountId, RoleArn};
use polo_store::migrations::is_cluster_name;
use polo_store::{InvalidStoreConfig, StoreConfig};
use rust_decimal::Decimal;
use serde::Deserialize;

mod provisioning;

pub use provisioning::ProvisioningConfig;

/// One organization to discover.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganizationConfig {
    /// `o-…`, to be sure that it is the right one; optional.
    #[serde(default)]
    pub id: Option<String>,
    /// The role through which it is listed, where the hub itself may not.
    #[serde(default)]
    pub role_arn: Option<RoleArn>,
    /// The external id of its member roles, where it is not the common one.
    #[serde(default)]
    pub external_id: Option<String>,
    /// Only accounts beneath these OUs; absent means all, empty means none.
    #[serde(default)]
    pub include_ous: Option<Vec<String>>,
    /// Not the accounts beneath these OUs.
    #[serde(default)]
    pub exclude_ous: Vec<String>,
}

impl OrganizationConfig {
    /// Which of its accounts are in scope.
    pub fn filter(&self) -> OuFilter {
        OuFilter {
            include_ous: self.include_ous.clone(),
            exclude_ous: self.exclude_ous.clone(),
        }
    }
}

/// An account that is configured instead of discovered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredAccount {
    /// The account.
    pub account_id: AccountId,
    /// Its read role, where it is not the common one.
    pub read_role: Option<RoleArn>,
}

/// Where accounts come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// From AWS Organizations.
    Organizations(Vec<OrganizationConfig>),
    /// From a list; no Organizations permission is needed.
    Explicit(Vec<ConfiguredAccount>),
}

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
    pub fallback_regions: Vec<String>,
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
    #[error("{name} is {value:?}: {fix}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it has to be.
        fix: String,
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
            fix: "give the URL of ClickHouse's HTTP interface, like http://localhost:8123",
        })?;
        let env = get("POLO_ENV").unwrap_or_else(|| "dev".to_owned());
        let store = StoreConfig::new(
            &url,
            get("CLICKHOUSE_DATABASE").as_deref(),
            get("CLICKHOUSE_USER").as_deref(),
            get("CLICKHOUSE_PASSWORD").as_deref(),
        )?
        .with_password_secret(get("CLICKHOUSE_PASSWORD_SECRET_ID").as_deref())?;
        let role_name = |name: &'static str| match get(name) {
            Some(value) if !is_role_name(&value) => Err(ConfigProblem::Invalid {
                name,
                value,
                fix:
                    "it has to be the name of an IAM role, with its path if it has one, not an ARN"
                        .to_owned(),
            }),
            other => Ok(other),
        };
        Ok(Self {
            store,
            cluster: cluster(&get)?,
            read_role_name: role_name("POLO_READ_ROLE_NAME")?
                .unwrap_or_else(|| format!("{env}-PoloReadRole")),
            action_role_name: role_name("POLO_ACTION_ROLE_NAME")?,
            external_id: get("POLO_EXTERNAL_ID"),
            mode: mode(&get)?,
            stack_set: stack_set(&get)?,
            provisioning: provisioning::read(&get)?,
            event_bus: get("POLO_EVENT_BUS").unwrap_or_else(|| format!("{env}-polo")),
            check_concurrency: number(&get, "POLO_CHECK_CONCURRENCY", 40)?,
            sts_calls_per_second: number(&get, "POLO_STS_CALLS_PER_SECOND", 500)?,
            put_events_per_second: number(&get, "POLO_PUT_EVENTS_PER_SECOND", 200)?,
            fallback_regions: get("POLO_REGIONS")
                .map(|list| split(&list))
                .unwrap_or_default(),
            day_usd_at_most: usd(&get, "POLO_DAY_USD_AT_MOST")?,
            slack_webhook_secret_id: get("POLO_SLACK_WEBHOOK_SECRET_ID"),
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

/// A cluster's name, which becomes part of every statement of the schema.
fn cluster(get: &dyn Fn(&str) -> Option<String>) -> Result<Option<String>, ConfigProblem> {
    let name = "CLICKHOUSE_CLUSTER";
    match get(name) {
        Some(value) if !is_cluster_name(&value) => Err(ConfigProblem::Invalid {
            name,
            value,
            fix: "it has to be the name of a cluster as system.clusters has it".to_owned(),
        }),
        other => Ok(other),
    }
}

/// An amount of USD, as `0.50`; zero forbids every billed call.
fn usd(
    get: &dyn Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<Option<Decimal>, ConfigProblem> {
    let Some(text) = get(name) else {
        return Ok(None);
    };
    match Decimal::from_str_exact(&text) {
        Ok(amount) if amount >= Decimal::ZERO => Ok(Some(amount)),
        _ => Err(ConfigProblem::Invalid {
            name,
            value: text,
            fix: "it has to be an amount of USD like 0.50, 0 for no billed call at all".to_owned(),
        }),
    }
}

/// An address that a person can open.
fn page_url(
    get: &dyn Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<Option<String>, ConfigProblem> {
    let Some(value) = get(name) else {
        return Ok(None);
    };
    let rest = value
        .strip_prefix("https://")
        .or_else(|| value.strip_prefix("http://"));
    // What ends a link in a message is not in it.
    let legal = |c: char| c.is_ascii_graphic() && !"<>|\"".contains(c);
    match rest {
        Some(rest) if !rest.is_empty() && rest.chars().all(legal) => Ok(Some(value)),
        _ => Err(ConfigProblem::Invalid {
            name,
            value,
            fix: "it has to be the page's address, like https://polo.example.com/".to_owned(),
        }),
    }
}

fn mode(get: &dyn Fn(&str) -> Option<String>) -> Result<Mode, ConfigProblem> {
    let mode = get("POLO_MODE").unwrap_or_else(|| "organization".to_owned());
    match mode.as_str() {
        "organization" => organizations(get).map(Mode::Organizations),
        "explicit" => {
            let list = get("POLO_ACCOUNTS").ok_or(ConfigProblem::Missing {
                name: "POLO_ACCOUNTS",
                fix: "in explicit mode give account ids or role ARNs, separated by commas",
            })?;
            configured_accounts(&list).map(Mode::Explicit)
        }
        "single" => {
            let hub = get("POLO_HUB_ACCOUNT_ID").ok_or(ConfigProblem::Missing {
                name: "POLO_HUB_ACCOUNT_ID",
                fix: "in single mode give the id of the one account",
            })?;
            let account_id = hub.parse().map_err(|error: polo_core::InvalidAccountId| {
                ConfigProblem::Invalid {
                    name: "POLO_HUB_ACCOUNT_ID",
                    value: hub.clone(),
                    fix: error.to_string(),
                }
            })?;
            Ok(Mode::Explicit(vec![ConfiguredAccount {
                account_id,
                read_role: None,
            }]))
        }
        _ => Err(ConfigProblem::Invalid {
            name: "POLO_MODE",
            value: mode,
            fix: "it has to be organization, explicit or single".to_owned(),
        }),
    }
}

fn organizations(
    get: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<OrganizationConfig>, ConfigProblem> {
    const LIST: &str = "POLO_ORGANIZATIONS";
    let invalid = |value: &str, fix: String| ConfigProblem::Invalid {
        name: LIST,
        value: value.to_owned(),
        fix,
    };
    let Some(json) = get(LIST) else {
        return Ok(vec![OrganizationConfig {
            role_arn: role_arn(get, "POLO_ORGANIZATION_ROLE_ARN")?,
            ..OrganizationConfig::default()
        }]);
    };
    let list: Vec<OrganizationConfig> = serde_json::from_str(&json).map_err(|error| {
        invalid(&json, format!("it has to be a JSON list like [{{\"id\": \"o-…\", \"exclude_ous\": [\"ou-…\"]}}] ({error})"))
    })?;
    if list.is_empty() {
        return Err(invalid(
            &json,
            "it has to name at least one organization".to_owned(),
        ));
    }
    for organization in &list {
        let ous = organization
            .include_ous
            .iter()
            .flatten()
            .chain(&organization.exclude_ous);
        if let Some(ou) = ous
            .into_iter()
            .find(|ou| !(ou.starts_with("ou-") || ou.starts_with("r-")))
        {
            return Err(invalid(
                ou,
                "an OU is given by its id, like ou-ab12-cdefgh34, or a root by r-ab12".to_owned(),
            ));
        }
        if list.len() > 1 && organization.id.is_none() {
            return Err(invalid(
                &json,
                "with more than one organization each needs its \"id\"".to_owned(),
            ));
        }
    }
    Ok(list)
}

fn configured_accounts(list: &str) -> Result<Vec<ConfiguredAccount>, ConfigProblem> {
    let invalid = |value: &str, fix: String| ConfigProblem::Invalid {
        name: "POLO_ACCOUNTS",
        value: value.to_owned(),
        fix,
    };
    let mut accounts: Vec<ConfiguredAccount> = Vec::new();
    for entry in split(list) {
        let account = if entry.starts_with("arn:") {
            let role: RoleArn = entry
                .parse()
                .map_err(|error: polo_core::InvalidRoleArn| invalid(&entry, error.to_string()))?;
            ConfiguredAccount {
                account_id: role.account_id().clone(),
                read_role: Some(role),
            }
        } else {
            let account_id = entry
                .parse()
                .map_err(|error: polo_core::InvalidAccountId| invalid(&entry, error.to_string()))?;
            ConfiguredAccount {
                account_id,
                read_role: None,
            }
        };
        if accounts
            .iter()
            .any(|known| known.account_id == account.account_id)
        {
            return Err(invalid(&entry, "the account is listed twice".to_owned()));
        }
        accounts.push(account);
    }
    if accounts.is_empty() {
        return Err(invalid(list, "it names no account".to_owned()));
    }
    Ok(accounts)
}

/// The ARN of a role.
fn role_arn(
    get: &dyn Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<Option<RoleArn>, ConfigProblem> {
    get(name)
        .map(|value| {
            value
                .parse()
                .map_err(|error: polo_core::InvalidRoleArn| ConfigProblem::Invalid {
                    name,
                    value: value.clone(),
                    fix: error.to_string(),
                })
        })
        .transpose()
}

fn stack_set(
    get: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<StackSetConfig>, ConfigProblem> {
    const ROLE: &str = "POLO_STACK_SET_ROLE_ARN";
    let role_arn = role_arn(get, ROLE)?;
    let Some(name) = get("POLO_STACK_SET_NAME") else {
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
                fix: "it has to be SELF or DELEGATED_ADMIN".to_owned(),
            });
        }
    };
    Ok(Some(StackSetConfig {
        name,
        as_delegated_admin,
        role_arn,
    }))
}

fn number<T: std::str::FromStr>(
    get: &dyn Fn(&str) -> Option<String>,
    name: &'static str,
    default: u32,
) -> Result<T, ConfigProblem> {
    let text = get(name).unwrap_or_else(|| default.to_string());
    text.parse().map_err(|_| ConfigProblem::Invalid {
        name,
        value: text.clone(),
        fix: "it has to be a whole number above zero".to_owned(),
    })
}

fn split(list: &str) -> Vec<String> {
    list.split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .map(str::to_owned)
        .collect()
}

fn is_role_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-/".contains(c);
    !text.ends_with('/') && text.chars().all(legal)
}

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
    fn wrong_values_are_named_with_variable_and_fix() {
        for (name, value) in [
            ("CLICKHOUSE_URL", "localhost"),
            ("CLICKHOUSE_DATABASE", "a b"),
            ("CLICKHOUSE_CLUSTER", "main`"),
            ("POLO_READ_ROLE_NAME", "arn:aws:iam::123456789012:role/x"),
            ("POLO_MODE", "all"),
            ("POLO_ORGANIZATIONS", "{}"),
            ("POLO_ORGANIZATIONS", "[]"),
            ("POLO_ORGANIZATIONS", "[{\"exclude_ous\": [\"Sandbox\"]}]"),
            ("POLO_ORGANIZATIONS", "[{\"ous\": []}]"),
            ("POLO_ORGANIZATIONS", "[{\"id\": \"o-a\"}, {}]"),
            (
                "POLO_ORGANIZATION_ROLE_ARN",
                "arn:aws:iam::12345678901:role/lister",
            ),
            ("POLO_STACK_SET_ROLE_ARN", "dev-polo-organization-reader"),
            (
                "POLO_STACK_SET_ROLE_ARN",
                "arn:aws:iam::123456789012:role/dev-polo-organization-reader",
            ),
            ("POLO_CHECK_CONCURRENCY", "0"),
            ("POLO_DAY_USD_AT_MOST", "-1"),
            ("POLO_DAY_USD_AT_MOST", "1,50"),
            ("POLO_DAY_USD_AT_MOST", "1 USD"),
            ("POLO_STS_CALLS_PER_SECOND", "fast"),
            ("POLO_STATUS_PAGE_URL", "polo.example.com"),
            ("POLO_STATUS_PAGE_URL", "https://polo.example.com/>|"),
        ] {
            let error = parse(&[(name, value)]).unwrap_err().to_string();
            assert!(
                error.starts_with(name) && !error.contains('\n'),
                "{name}={value}: {error}"
            );
        }
        for list in [
            "12345678901",
            "arn:aws:iam::1:role/x",
            "123456789012,123456789012",
            ",",
        ] {
            let error = parse(&[("POLO_MODE", "explicit"), ("POLO_ACCOUNTS", list)])
                .unwrap_err()
                .to_string();
            assert!(error.starts_with("POLO_ACCOUNTS is"), "{error}");
        }
        assert!(
            parse(&[("POLO_MODE", "explicit")])
                .unwrap_err()
                .to_string()
                .starts_with("POLO_ACCOUNTS is not set")
        );
    }

    #[test]
    fn each_organization_has_its_external_id() {
        let one = parse(&[("POLO_EXTERNAL_ID", "common")]).unwrap();
        assert_eq!(one.external_id_of("o-any").as_deref(), Some("common"));
        let list = r#"[{"id": "o-a", "external_id": "of-a"}, {"id": "o-b"}]"#;
        let two = parse(&[("POLO_EXTERNAL_ID", "common"), ("POLO_ORGANIZATIONS", list)]).unwrap();
        assert_eq!(two.external_id_of("o-a").as_deref(), Some("of-a"));
        assert_eq!(two.external_id_of("o-b").as_deref(), Some("common"));
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
        let two = r#"[{"id": "o-a"}, {"id": "o-b", "external_id": "of-b", "role_arn": "arn:aws:iam::222222222222:role/r"}]"#;
        assert_eq!(of(two, "111111111111").as_deref(), Some("common"));
        assert_eq!(of(two, "222222222222").as_deref(), Some("of-b"));
    }
}
