//! Single variables of the environment, each by the rule of its kind.
//!
//! Invariant: a wrong value is one sentence that names the variable, the value and the fix.

use std::num::NonZeroU32;

use polo_core::{Region, RoleArn, Setting};
use polo_store::migrations::is_cluster_name;
use polo_store::retention::Retention;
use rust_decimal::Decimal;

use super::{ConfigProblem, Lookup};

/// A variable, if it is set, by the rule of its kind.
pub(super) fn checked(
    get: Lookup<'_>,
    name: &'static str,
    kind: Setting,
) -> Result<Option<String>, ConfigProblem> {
    let Some(value) = get(name) else {
        return Ok(None);
    };
    match kind.check(&value) {
        Ok(()) => Ok(Some(value)),
        Err(rule) => Err(ConfigProblem::Invalid {
            name,
            value,
            fix: rule.to_owned(),
        }),
    }
}

/// The name or ARN of a secret. A wrong value is not shown: it may be the secret itself.
pub(super) fn secret_id(
    get: Lookup<'_>,
    name: &'static str,
) -> Result<Option<String>, ConfigProblem> {
    match get(name) {
        Some(value) if Setting::SecretId.check(&value).is_err() => {
            Err(ConfigProblem::NotASecretId { name })
        }
        other => Ok(other),
    }
}

/// A whole number from 1 to `most`.
pub(super) fn number<T: TryFrom<NonZeroU32>>(
    get: Lookup<'_>,
    name: &'static str,
    default: u32,
    most: u32,
) -> Result<T, ConfigProblem> {
    let text = get(name).unwrap_or_else(|| default.to_string());
    let number: Option<NonZeroU32> = text.parse().ok();
    number
        .filter(|number| number.get() <= most)
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| ConfigProblem::Invalid {
            name,
            value: text,
            fix: format!("write a whole number from 1 to {most}"),
        })
}

/// An amount of USD, as `0.50`; zero forbids every billed call.
pub(super) fn usd(get: Lookup<'_>, name: &'static str) -> Result<Option<Decimal>, ConfigProblem> {
    let Some(text) = get(name) else {
        return Ok(None);
    };
    match Decimal::from_str_exact(&text) {
        Ok(amount) if amount >= Decimal::ZERO => Ok(Some(amount)),
        _ => Err(ConfigProblem::Invalid {
            name,
            value: text,
            fix: "write an amount of USD such as 0.50, or 0 to forbid billed calls".to_owned(),
        }),
    }
}

/// A list of regions, each once.
pub(super) fn regions(get: Lookup<'_>, name: &'static str) -> Result<Vec<Region>, ConfigProblem> {
    let Some(list) = get(name) else {
        return Ok(Vec::new());
    };
    let regions = split(&list);
    let invalid = |value: &str| ConfigProblem::Invalid {
        name,
        value: value.to_owned(),
        fix: "write region names separated by commas, each once, such as eu-west-1,us-east-1"
            .to_owned(),
    };
    if regions.is_empty() {
        return Err(invalid(&list));
    }
    let mut read: Vec<Region> = Vec::with_capacity(regions.len());
    for text in regions {
        let region = Setting::Region.check(&text).ok().and(text.parse().ok());
        match region {
            Some(region) if !read.contains(&region) => read.push(region),
            _ => return Err(invalid(&text)),
        }
    }
    Ok(read)
}

/// The ARN of a role.
pub(super) fn role_arn(
    get: Lookup<'_>,
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

pub(super) fn split(list: &str) -> Vec<String> {
    list.split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A cluster's name, which becomes part of every statement of the schema.
pub(super) fn cluster(get: Lookup<'_>) -> Result<Option<String>, ConfigProblem> {
    let name = "CLICKHOUSE_CLUSTER";
    match get(name) {
        Some(value) if !is_cluster_name(&value) => Err(ConfigProblem::Invalid {
            name,
            value,
            fix: "write the name of a cluster as in system.clusters".to_owned(),
        }),
        other => Ok(other),
    }
}

/// How long history is kept.
pub(super) fn retention(get: Lookup<'_>) -> Result<Retention, ConfigProblem> {
    let default = Retention::default();
    let days = |name, default| -> Result<u32, ConfigProblem> {
        let days = checked(get, name, Setting::RetentionDays)?;
        // The rule accepts nothing but a number.
        Ok(days.and_then(|days| days.parse().ok()).unwrap_or(default))
    };
    Ok(Retention {
        run_days: days("POLO_RUN_RETENTION_DAYS", default.run_days)?,
        history_days: days("POLO_HISTORY_RETENTION_DAYS", default.history_days)?,
        gone_days: days("POLO_GONE_RETENTION_DAYS", default.gone_days)?,
        expire_adopted: match get("POLO_ADOPTED_HISTORY").as_deref() {
            None | Some("keep") => false,
            Some("expire") => true,
            Some(other) => {
                return Err(ConfigProblem::Invalid {
                    name: "POLO_ADOPTED_HISTORY",
                    value: other.to_owned(),
                    fix: "write keep or expire".to_owned(),
                });
            }
        },
    })
}

/// An address that a person can open.
pub(super) fn page_url(
    get: Lookup<'_>,
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
            fix: "write the page's address, such as https://polo.example.com/".to_owned(),
        }),
    }
}
