//! The template's parameters and their values. Invariant: a value is checked by the template's own rules alone
//! (`AllowedPattern`, `AllowedValues`, lengths), and refused in the words of its `ConstraintDescription`.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::RolesError;

/// Parameters by name, as CloudFormation takes them: text, lists with commas.
pub type Values = BTreeMap<String, String>;

/// A parameter as the template declares it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Parameter {
    r#type: Kind,
    #[serde(rename = "Description")]
    _description: String,
    default: Option<String>,
    allowed_pattern: Option<String>,
    allowed_values: Option<Vec<String>>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    constraint_description: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Kind {
    String,
    CommaDelimitedList,
}

/// All parameters of a template.
pub(crate) struct Parameters(BTreeMap<String, Parameter>);

impl Parameters {
    pub(crate) fn read(template: &Value) -> Result<Self, RolesError> {
        let section = template.get("Parameters").unwrap_or(&Value::Null);
        BTreeMap::deserialize(section)
            .map(Self)
            .map_err(|error| RolesError::template("Parameters", error.to_string()))
    }

    /// Fails at the first given value that the template would not take.
    pub(crate) fn check(&self, given: &Values) -> Result<(), RolesError> {
        for (name, text) in given {
            let parameter = self.0.get(name).ok_or_else(|| {
                RolesError::template("Parameters", format!("there is no parameter {name}"))
            })?;
            parameter.check(name, text)?;
        }
        Ok(())
    }

    /// What `Ref` gives for each parameter; defaults stand in for what is not given.
    pub(crate) fn values(&self, given: &Values) -> Result<BTreeMap<String, Value>, RolesError> {
        self.check(given)?;
        self.0
            .iter()
            .map(|(name, parameter)| {
                let text = given
                    .get(name)
                    .or(parameter.default.as_ref())
                    .ok_or_else(|| RolesError::Missing {
                        parameter: name.clone(),
                        rule: parameter.constraint_description.clone(),
                    })?;
                Ok((name.clone(), parameter.value(text)))
            })
            .collect()
    }
}

impl Parameter {
    fn items<'a>(&self, text: &'a str) -> Vec<&'a str> {
        match self.r#type {
            Kind::String => vec![text],
            Kind::CommaDelimitedList => text.split(',').map(str::trim).collect(),
        }
    }

    fn value(&self, text: &str) -> Value {
        match self.r#type {
            Kind::String => text.into(),
            Kind::CommaDelimitedList => self.items(text).into(),
        }
    }

    fn check(&self, name: &str, text: &str) -> Result<(), RolesError> {
        // CloudFormation wants the whole value to match.
        let pattern = self
            .allowed_pattern
            .as_ref()
            .map(|pattern| Regex::new(&format!("^(?:{pattern})$")))
            .transpose()
            .map_err(|error| {
                RolesError::template("Parameters", format!("AllowedPattern of {name}: {error}"))
            })?;
        let items = self.items(text);
        let fits = |item: &str| {
            let length = item.chars().count();
            pattern.as_ref().is_none_or(|p| p.is_match(item))
                && self
                    .allowed_values
                    .as_ref()
                    .is_none_or(|allowed| allowed.iter().any(|value| value == item))
                && length >= self.min_length.unwrap_or(0)
                && self.max_length.is_none_or(|most| length <= most)
                // An empty list is one empty entry; an empty entry among others would be an empty name or ARN.
                && (items.len() == 1 || !item.is_empty())
        };
        match items.iter().find(|item| !fits(item)) {
            None => Ok(()),
            Some(item) => Err(RolesError::Value {
                parameter: name.to_owned(),
                value: (*item).to_owned(),
                rule: self.constraint_description.clone(),
            }),
        }
    }
}
