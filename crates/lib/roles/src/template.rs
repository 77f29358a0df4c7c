//! The one source, with its one hole filled. Invariant: the hole is there exactly once, and in its place comes every
//! action that a manifest declares, each once and sorted by code point.

use std::collections::BTreeSet;

use polo_core::{AccountId, CollectorManifest, Partition};
use serde_json::Value;

use crate::intrinsics::Resolver;
use crate::parameters::Parameters;
use crate::role::roles;
use crate::{Roles, RolesError, Values};

const SOURCE: &str = include_str!("../../../../infra/roles/member-roles.template.json");
/// The only entry of a list, in place of which come the actions.
const HOLE: &str = "\"${CollectorReadActions}\"";

/// Where the roles are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account.
    pub id: AccountId,
    /// The partition that it belongs to.
    pub partition: Partition,
}

/// The filled template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    json: Value,
}

impl Template {
    /// The source with what these collectors read.
    ///
    /// # Errors
    /// Where the source has not exactly one hole.
    pub fn filled(manifests: &[CollectorManifest]) -> Result<Self, RolesError> {
        Self::fill(SOURCE, manifests)
    }

    fn fill(source: &str, manifests: &[CollectorManifest]) -> Result<Self, RolesError> {
        let holes = source.matches(HOLE).count();
        if holes != 1 {
            return Err(RolesError::template(
                "the hole",
                format!("{HOLE} is there {holes} times, and has to be there once"),
            ));
        }
        let actions: BTreeSet<&str> = manifests
            .iter()
            .flat_map(|manifest| manifest.read_actions.iter().map(String::as_str))
            .collect();
        let list: Vec<String> = actions
            .into_iter()
            .map(|action| Value::from(action).to_string())
            .collect();
        let json = serde_json::from_str(&source.replace(HOLE, &list.join(", ")))
            .map_err(|error| RolesError::template("the file", error.to_string()))?;
        Ok(Self { json })
    }

    /// The template for a plain stack: parameters stay parameters, and these values become their defaults.
    ///
    /// # Errors
    /// Where the template's own rules refuse a value.
    pub fn with_defaults(&self, values: &Values) -> Result<Value, RolesError> {
        Parameters::read(&self.json)?.check(values)?;
        let mut json = self.json.clone();
        for (name, text) in values {
            json["Parameters"][name]["Default"] = text.as_str().into();
        }
        Ok(json)
    }

    /// The roles as they are in one account once the template is deployed there with these values.
    ///
    /// # Errors
    /// Where a value is refused or missing, where IAM would refuse a role, and where the template uses what is not
    /// known here.
    pub fn resolve(&self, account: &Account, values: &Values) -> Result<Roles, RolesError> {
        let mut known = Parameters::read(&self.json)?.values(values)?;
        for (name, value) in [
            ("AWS::AccountId", account.id.as_str()),
            ("AWS::Partition", account.partition.as_str()),
        ] {
            known.insert(name.to_owned(), value.into());
        }
        roles(&Resolver {
            template: &self.json,
            values: known,
        })
    }
}

/// The roles of the functions that may assume the read role, in the hub account.
pub fn read_role_trusted_names(env: &str, manifests: &[CollectorManifest]) -> Vec<String> {
    ["account-discovery", "access-verifier"]
        .into_iter()
        .chain(manifests.iter().map(|manifest| manifest.id.as_str()))
        .map(|function| format!("{env}-polo-{function}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(read_actions: &[&str]) -> CollectorManifest {
        let json = serde_json::json!({
            "id": "x", "description": "x", "schedule": "daily", "scope": "account", "period_hours": 24,
            "freshness_hours": 36, "memory_mb": 128, "timeout_s": 60, "read_actions": read_actions, "tables": ["x"],
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_hole_takes_each_action_once_and_sorted() {
        let manifests = [
            manifest(&["b:Two", "a:One"]),
            manifest(&["a:One", "B:Zero"]),
        ];
        let template = Template::filled(&manifests).unwrap();
        let role = &template.json["Resources"]["ReadRole"]["Properties"];
        assert_eq!(
            role["Policies"][0]["PolicyDocument"]["Statement"][0],
            serde_json::json!({
                "Sid": "ReadWhatCollectorsDeclare", "Effect": "Allow", "Action": ["B:Zero", "a:One", "b:Two"], "Resource": "*",
            })
        );
    }

    #[test]
    fn another_number_of_holes_is_refused() {
        for (source, times) in [("{}".to_owned(), "0 times"), (SOURCE.repeat(2), "2 times")] {
            let sentence = Template::fill(&source, &[]).unwrap_err().to_string();
            assert!(sentence.contains(times), "{sentence}");
        }
    }
}
