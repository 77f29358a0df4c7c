//! A role as IAM would have it, whichever way it was rolled out. Invariant: a property that this model does not hold is
//! an error, so that no rendering can leave one out.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::RolesError;
use crate::intrinsics::Resolver;

/// IAM's quotas, without white space. The first can be raised on request, the second cannot.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const TRUST_POLICY_LIMIT: usize = 2048;
const INLINE_POLICIES_LIMIT: usize = 10_240;

/// The roles of one account, by their logical ids.
pub type Roles = BTreeMap<String, Role>;

/// A role with everything that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The name, unique in the account.
    pub name: String,
    /// The path, `/` for none.
    pub path: String,
    /// One line for people.
    pub description: String,
    /// How long a session may be, in seconds.
    pub max_session_seconds: u32,
    /// Who may assume it.
    pub trust: Value,
    /// What it may do: the inline policies by name.
    pub policies: BTreeMap<String, Value>,
    /// The tags.
    pub tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Resource {
    r#type: String,
    condition: Option<String>,
    properties: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RoleProperties {
    role_name: String,
    path: String,
    description: String,
    max_session_duration: u32,
    assume_role_policy_document: Value,
    policies: Vec<InlinePolicy>,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct InlinePolicy {
    policy_name: String,
    policy_document: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AttachedPolicy {
    policy_name: String,
    policy_document: Value,
    roles: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Tag {
    key: String,
    value: String,
}

/// The roles of a template whose values are known, with the policies that other resources give them.
pub(crate) fn roles(resolver: &Resolver<'_>) -> Result<Roles, RolesError> {
    let resources: BTreeMap<String, Resource> = read(
        "Resources",
        resolver.template.get("Resources").unwrap_or(&Value::Null),
    )?;
    let mut roles = Roles::new();
    let mut attached: Vec<(String, AttachedPolicy)> = Vec::new();
    for (id, resource) in resources {
        if let Some(condition) = &resource.condition
            && !resolver.holds(condition)?
        {
            continue;
        }
        let properties = resolver.value(&resource.properties)?.unwrap_or_default();
        match resource.r#type.as_str() {
            "AWS::IAM::Role" => {
                let role = Role::new(&id, read(&id, &properties)?)?;
                roles.insert(id, role);
            }
            "AWS::IAM::Policy" => {
                let policy = read(&id, &properties)?;
                attached.push((id, policy));
            }
            kind => {
                return Err(RolesError::template(
                    &id,
                    format!("a resource of type {kind} is not known here"),
                ));
            }
        }
    }
    for (id, policy) in attached {
        for name in &policy.roles {
            let role = roles
                .values_mut()
                .find(|role| role.name == *name)
                .ok_or_else(|| RolesError::template(&id, format!("there is no role {name}")))?;
            role.add(&id, &policy.policy_name, policy.policy_document.clone())?;
        }
    }
    for role in roles.values() {
        let same = |other: &&Role| other.name.eq_ignore_ascii_case(&role.name);
        if roles.values().filter(same).count() > 1 {
            return Err(RolesError::SameName {
                name: role.name.clone(),
            });
        }
        role.fits()?;
    }
    Ok(roles)
}

impl Role {
    fn new(id: &str, properties: RoleProperties) -> Result<Self, RolesError> {
        // With others trusted than the functions it is JSON as text, because CloudFormation computes no names.
        let trust = match properties.assume_role_policy_document {
            Value::String(text) => serde_json::from_str(&text).map_err(|error| {
                RolesError::template(id, format!("the trust policy is not JSON: {error}"))
            })?,
            document => document,
        };
        let mut role = Self {
            name: properties.role_name,
            path: properties.path,
            description: properties.description,
            max_session_seconds: properties.max_session_duration,
            trust,
            policies: BTreeMap::new(),
            tags: BTreeMap::new(),
        };
        for policy in properties.policies {
            role.add(id, &policy.policy_name, policy.policy_document)?;
        }
        for tag in properties.tags {
            if role.tags.insert(tag.key.clone(), tag.value).is_some() {
                return Err(RolesError::template(
                    id,
                    format!("it has the tag {} twice", tag.key),
                ));
            }
        }
        Ok(role)
    }

    fn add(&mut self, id: &str, name: &str, document: Value) -> Result<(), RolesError> {
        match self.policies.insert(name.to_owned(), document) {
            None => Ok(()),
            Some(_) => Err(RolesError::template(
                id,
                format!("{} has the policy {name} twice", self.name),
            )),
        }
    }

    /// Fails where IAM would refuse the role in the middle of a rollout.
    fn fits(&self) -> Result<(), RolesError> {
        let policies = self.policies.values().map(length).sum();
        for (what, characters, limit, fix) in [
            (
                "the trust policy",
                length(&self.trust),
                TRUST_POLICY_LIMIT,
                "the environment's name, the external id, the extra principals or the collectors' ids",
            ),
            (
                "the policies",
                policies,
                INLINE_POLICIES_LIMIT,
                "the list of deletable buckets, or let collectors declare fewer actions",
            ),
        ] {
            if characters > limit {
                return Err(RolesError::TooLong {
                    role: self.name.clone(),
                    what,
                    characters,
                    limit,
                    fix,
                });
            }
        }
        Ok(())
    }
}

fn length(document: &Value) -> usize {
    document.to_string().chars().count()
}

fn read<T: DeserializeOwned>(place: &str, value: &Value) -> Result<T, RolesError> {
    T::deserialize(value).map_err(|error| RolesError::template(place, error.to_string()))
}
