//! Where accounts come from: the organizations that are listed, or the accounts that are configured.
//!
//! Invariant: what the mode does not use must not be set, because it would look as if it were obeyed.

use polo_core::organization::OuFilter;
use polo_core::{AccountId, RoleArn, Setting};
use serde::Deserialize;
use serde_json::Value;

use super::variable::{role_arn, split};
use super::{ConfigProblem, Lookup};

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

const MODES: [&str; 3] = ["organization", "explicit", "single"];

pub(super) fn read(get: Lookup<'_>) -> Result<Mode, ConfigProblem> {
    let mode = get("POLO_MODE").unwrap_or_else(|| "organization".to_owned());
    for (name, its_mode) in [
        ("POLO_ACCOUNTS", "explicit"),
        ("POLO_ORGANIZATIONS", "organization"),
        ("POLO_ORGANIZATION_ROLE_ARN", "organization"),
    ] {
        if mode != its_mode && MODES.contains(&mode.as_str()) && get(name).is_some() {
            return Err(ConfigProblem::Contradiction {
                name,
                other: format!("POLO_MODE is {mode:?}"),
                fix: if its_mode == "explicit" {
                    "set POLO_MODE to explicit, or unset it"
                } else {
                    "set POLO_MODE to organization, or unset it"
                },
            });
        }
    }
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

fn organizations(get: Lookup<'_>) -> Result<Vec<OrganizationConfig>, ConfigProblem> {
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
    if get("POLO_ORGANIZATION_ROLE_ARN").is_some() {
        return Err(ConfigProblem::Contradiction {
            name: "POLO_ORGANIZATION_ROLE_ARN",
            other: format!("so is {LIST}"),
            fix: "give the role as \"role_arn\" of its organization there, and unset the variable",
        });
    }
    let list = parsed_organizations(&json).map_err(|fix| invalid(&json, fix))?;
    for organization in &list {
        let ous = organization
            .include_ous
            .iter()
            .flatten()
            .chain(&organization.exclude_ous);
        let checks = ous.map(|ou| (ou, Setting::OuId)).chain(
            [
                (&organization.id, Setting::OrganizationId),
                (&organization.external_id, Setting::ExternalId),
            ]
            .into_iter()
            .filter_map(|(value, kind)| Some((value.as_ref()?, kind))),
        );
        for (value, kind) in checks {
            kind.check(value)
                .map_err(|rule| invalid(value, rule.to_owned()))?;
        }
        let same = |other: &&OrganizationConfig| other.id == organization.id;
        if let Some(id) = &organization.id
            && list.iter().filter(same).count() > 1
        {
            return Err(invalid(id, "name each organization once".to_owned()));
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

/// The list in the JSON text, or what to write instead.
fn parsed_organizations(json: &str) -> Result<Vec<OrganizationConfig>, String> {
    const WRITE: &str = "write a JSON list such as [{\"id\": \"o-a1b2c3d4e5\", \"exclude_ous\": [\"ou-ab12-cdefgh34\"]}]";
    let value: Value =
        serde_json::from_str(json).map_err(|error| format!("it is not JSON ({error}); {WRITE}"))?;
    let entries = value.as_array().filter(|entries| !entries.is_empty());
    let entries = entries.ok_or_else(|| WRITE.to_owned())?;
    if !entries.iter().all(Value::is_object) {
        return Err(WRITE.to_owned());
    }
    entries
        .iter()
        .enumerate()
        .map(|(index, entry)| {
            OrganizationConfig::deserialize(entry).map_err(|error| {
                let problem = error.to_string();
                // serde's words for a wrong type speak of sequences and maps.
                let problem = if problem.starts_with("invalid type") {
                    "a field has the wrong type"
                } else {
                    &problem
                };
                format!("organization {}: {problem}; {WRITE}", index + 1)
            })
        })
        .collect()
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
