//! The synthesized CloudFormation templates. INVARIANT: read once at the start; a template that says something this stack cannot do stops the
//! start with one sentence, so that what runs locally is what would be deployed.

mod conditions;
mod names;
mod resolve;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// What cannot be understood in a template.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// No template there.
    #[error("no synthesized template (*.template.json) in {directory}: run `make synth`")]
    NoTemplates {
        /// The folder.
        directory: PathBuf,
    },
    /// A template cannot be read.
    #[error("cannot read the template {path}: {reason}; run `make synth`")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A part of a resource is not what the stack understands.
    #[error("{resource}: {problem}")]
    Resource {
        /// Template and logical id.
        resource: String,
        /// One clause.
        problem: String,
    },
}

/// All templates, with the pseudo parameters they are resolved with.
#[derive(Debug)]
pub(crate) struct Templates {
    stacks: Vec<Stack>,
    pub(crate) account: String,
    pub(crate) region: String,
}

/// One template.
#[derive(Debug)]
struct Stack {
    name: String,
    resources: Map<String, Value>,
    parameters: Map<String, Value>,
    conditions: Map<String, Value>,
}

/// One resource of a template.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resource<'a> {
    templates: &'a Templates,
    stack: &'a Stack,
    logical_id: &'a str,
    body: &'a Value,
}

/// The template files of a folder, sorted.
pub(crate) fn files(directory: &Path) -> Result<Vec<PathBuf>, TemplateError> {
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().ends_with(".template.json"))
        })
        .collect();
    paths.sort();
    if paths.is_empty() {
        Err(TemplateError::NoTemplates {
            directory: directory.to_owned(),
        })
    } else {
        Ok(paths)
    }
}

impl Templates {
    /// Reads every `*.template.json` of the folder.
    pub(crate) fn load(
        directory: &Path,
        account: &str,
        region: &str,
    ) -> Result<Self, TemplateError> {
        let stacks = files(directory)?
            .iter()
            .map(|path| Stack::read(path))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            stacks,
            account: account.to_owned(),
            region: region.to_owned(),
        })
    }

    /// The resources of a type whose condition, if any, holds.
    pub(crate) fn resources(&self, kind: &str) -> Result<Vec<Resource<'_>>, TemplateError> {
        let mut found = Vec::new();
        for stack in &self.stacks {
            for (logical_id, body) in &stack.resources {
                let resource = Resource {
                    templates: self,
                    stack,
                    logical_id,
                    body,
                };
                if resource.kind() == kind && resource.exists()? {
                    found.push(resource);
                }
            }
        }
        Ok(found)
    }
}

impl Stack {
    fn read(path: &Path) -> Result<Self, TemplateError> {
        let unreadable = |reason: String| TemplateError::Unreadable {
            path: path.to_owned(),
            reason,
        };
        let text = fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        let template: Value =
            serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))?;
        let section = |name: &str| {
            template
                .get(name)
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default()
        };
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self {
            name: file.trim_end_matches(".template.json").to_owned(),
            resources: section("Resources"),
            parameters: section("Parameters"),
            conditions: section("Conditions"),
        })
    }
}

impl<'a> Resource<'a> {
    fn kind(&self) -> &'a str {
        self.body
            .get("Type")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// An error that names this resource.
    pub(crate) fn error(&self, problem: impl Into<String>) -> TemplateError {
        TemplateError::Resource {
            resource: format!("{}.template.json, {}", self.stack.name, self.logical_id),
            problem: problem.into(),
        }
    }

    /// A property with every intrinsic function resolved; None where absent or `AWS::NoValue`.
    pub(crate) fn property(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        match self
            .body
            .get("Properties")
            .and_then(|properties| properties.get(name))
        {
            None => Ok(None),
            Some(value) => self.resolve(value),
        }
    }

    /// A property that must be text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, TemplateError> {
        match self.property(name)? {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.error(format!("{name} is {other}, but must be text"))),
        }
    }

    /// A property that must be a whole number; CloudFormation also takes digits in quotes.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, TemplateError> {
        match self.property(name)? {
            None => Ok(None),
            Some(value) => number(&value).map(Some).ok_or_else(|| {
                self.error(format!("{name} is {value}, but must be a whole number"))
            }),
        }
    }
}

/// A whole number, also in quotes.
pub(crate) fn number(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    /// Templates from one literal.
    pub(crate) fn templates(template: &Value) -> Templates {
        let directory = tempfile::tempdir().unwrap();
        fs::write(
            directory.path().join("dev-polo.template.json"),
            template.to_string(),
        )
        .unwrap();
        Templates::load(directory.path(), "123456789012", "us-east-1").unwrap()
    }

    fn environment(value: Value) -> Result<Option<Value>, TemplateError> {
        let templates = templates(&json!({
            "Parameters": {"Stage": {"Type": "String", "Default": "blue"}, "Open": {"Type": "String"}},
            "Conditions": {"IsBlue": {"Fn::Equals": [{"Ref": "Stage"}, "blue"]}, "Not": {"Fn::Not": [{"Condition": "IsBlue"}]}},
            "Resources": {
                "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "dev-polo-x"}},
                "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "dev-polo-dead-letters"}},
                "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "dev-polo"}},
                "Gone": {"Type": "Test", "Condition": "Not"},
                "Subject": {"Type": "Test", "Properties": {"Value": value}},
            },
        }));
        let subjects = templates.resources("Test").unwrap();
        assert_eq!(subjects.len(), 1);
        subjects[0].property("Value")
    }

    fn resolved(value: Value) -> Value {
        environment(value).unwrap().unwrap()
    }

    #[test]
    fn pseudo_parameters_resolved() {
        assert_eq!(
            resolved(
                json!([{"Ref": "AWS::AccountId"}, {"Ref": "AWS::Region"}, {"Ref": "AWS::Partition"}])
            ),
            json!(["123456789012", "us-east-1", "aws"])
        );
        assert_eq!(environment(json!({"Ref": "AWS::NoValue"})).unwrap(), None);
        assert_eq!(
            resolved(json!({"a": 1, "b": {"Ref": "AWS::NoValue"}})),
            json!({"a": 1})
        );
    }

    #[test]
    fn references_resolved_by_type() {
        assert_eq!(
            resolved(json!({"Ref": "Queue"})),
            json!("https://sqs.us-east-1.amazonaws.com/123456789012/dev-polo-dead-letters")
        );
        assert_eq!(
            resolved(json!({"Fn::GetAtt": ["Queue", "Arn"]})),
            json!("arn:aws:sqs:us-east-1:123456789012:dev-polo-dead-letters")
        );
        assert_eq!(
            resolved(json!({"Fn::GetAtt": ["Queue", "QueueName"]})),
            json!("dev-polo-dead-letters")
        );
        assert_eq!(
            resolved(json!({"Fn::GetAtt": "Role.Arn"})),
            json!("arn:aws:iam::123456789012:role/dev-polo-x")
        );
        assert_eq!(resolved(json!({"Ref": "Bus"})), json!("dev-polo"));
        assert_eq!(resolved(json!({"Ref": "Stage"})), json!("blue"));
    }

    #[test]
    fn functions_resolved() {
        assert_eq!(
            resolved(json!({"Fn::Join": ["-", ["a", {"Ref": "Stage"}]]})),
            json!("a-blue")
        );
        assert_eq!(
            resolved(json!({"Fn::Sub": "${AWS::Region}/${Role.Arn}/${!literal}"})),
            json!("us-east-1/arn:aws:iam::123456789012:role/dev-polo-x/${literal}")
        );
        assert_eq!(
            resolved(json!({"Fn::Sub": ["${x}-${Stage}", {"x": {"Ref": "Bus"}}]})),
            json!("dev-polo-blue")
        );
        assert_eq!(
            resolved(json!({"Fn::Select": [1, {"Fn::Split": [",", "a,b"]}]})),
            json!("b")
        );
        assert_eq!(resolved(json!({"Fn::If": ["IsBlue", 1, 2]})), json!(1));
    }

    #[test]
    fn what_cannot_be_resolved_named() {
        let sentence = |value| environment(value).unwrap_err().to_string();
        assert_eq!(
            sentence(json!({"Ref": "Nobody"})),
            "dev-polo.template.json, Subject: it refers to Nobody, which is neither a resource nor a parameter"
        );
        assert_eq!(
            sentence(json!({"Ref": "Open"})),
            "dev-polo.template.json, Subject: the parameter Open has no default value"
        );
        assert_eq!(
            sentence(json!({"Fn::ImportValue": "x"})),
            "dev-polo.template.json, Subject: the local stack does not know Fn::ImportValue"
        );
    }
}
