//! What CloudFormation makes of the template's conditions and intrinsic functions. Invariant: a function, a condition
//! or a reference that is not known fails by name; nothing is left standing or skipped over.
//!
//! Functions: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::RolesError;

/// A template with the values of its parameters and pseudo parameters.
pub(crate) struct Resolver<'a> {
    pub(crate) template: &'a Value,
    pub(crate) values: BTreeMap<String, Value>,
}

impl Resolver<'_> {
    /// Whether a condition of the template holds.
    pub(crate) fn holds(&self, condition: &str) -> Result<bool, RolesError> {
        let body = self
            .template
            .get("Conditions")
            .and_then(|conditions| conditions.get(condition))
            .ok_or_else(|| {
                RolesError::template("Conditions", format!("there is no {condition}"))
            })?;
        self.truth(body)
    }

    fn truth(&self, body: &Value) -> Result<bool, RolesError> {
        let malformed = || malformed("a condition", body);
        let (name, argument) = body.as_object().and_then(single).ok_or_else(malformed)?;
        let all = || {
            let items = argument.as_array().ok_or_else(malformed)?;
            items
                .iter()
                .map(|item| self.truth(item))
                .collect::<Result<Vec<bool>, _>>()
        };
        match name {
            "Condition" => self.holds(argument.as_str().ok_or_else(malformed)?),
            "Fn::Equals" => match argument.as_array().map(Vec::as_slice) {
                Some([left, right]) => Ok(self.value(left)? == self.value(right)?),
                _ => Err(malformed()),
            },
            "Fn::Not" => match argument.as_array().map(Vec::as_slice) {
                Some([item]) => Ok(!self.truth(item)?),
                _ => Err(malformed()),
            },
            "Fn::And" => all().map(|truths| truths.into_iter().all(|truth| truth)),
            "Fn::Or" => all().map(|truths| truths.into_iter().any(|truth| truth)),
            _ => Err(unknown(name)),
        }
    }

    /// The value without intrinsic functions; None for `AWS::NoValue`.
    pub(crate) fn value(&self, body: &Value) -> Result<Option<Value>, RolesError> {
        match body {
            Value::Array(items) => {
                let resolved: Vec<Option<Value>> = items
                    .iter()
                    .map(|item| self.value(item))
                    .collect::<Result<_, _>>()?;
                Ok(Some(resolved.into_iter().flatten().collect()))
            }
            Value::Object(object) if object.keys().any(|key| is_function(key)) => {
                let (name, argument) = single(object)
                    .ok_or_else(|| malformed("an object with an intrinsic function", body))?;
                self.call(name, argument)
            }
            Value::Object(object) => {
                let mut resolved = Map::new();
                for (key, item) in object {
                    if let Some(item) = self.value(item)? {
                        resolved.insert(key.clone(), item);
                    }
                }
                Ok(Some(Value::Object(resolved)))
            }
            scalar => Ok(Some(scalar.clone())),
        }
    }

    fn call(&self, name: &str, argument: &Value) -> Result<Option<Value>, RolesError> {
        let malformed = || malformed(name, argument);
        match name {
            "Ref" => self.reference(argument.as_str().ok_or_else(malformed)?),
            "Fn::FindInMap" => self.find_in_map(argument).map(Some),
            "Fn::If" => match argument.as_array().map(Vec::as_slice) {
                Some([Value::String(condition), then, otherwise]) => {
                    let branch = if self.holds(condition)? {
                        then
                    } else {
                        otherwise
                    };
                    self.value(branch)
                }
                _ => Err(malformed()),
            },
            "Fn::Join" => {
                let (separator, list) = pair(argument).ok_or_else(malformed)?;
                let parts = self.texts(list)?.ok_or_else(malformed)?;
                Ok(Some(parts.join(separator).into()))
            }
            "Fn::Split" => {
                let (separator, text) = pair(argument).ok_or_else(malformed)?;
                let text = self.text(text)?.ok_or_else(malformed)?;
                Ok(Some(text.split(separator).collect()))
            }
            "Fn::Sub" => self.substitute(argument).map(Some),
            _ => Err(unknown(name)),
        }
    }

    /// A parameter's value, or a role's name: of resources, nothing but roles is referred to.
    fn reference(&self, name: &str) -> Result<Option<Value>, RolesError> {
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        if let Some(value) = self.values.get(name) {
            return Ok(Some(value.clone()));
        }
        let resource = self.template.get("Resources").and_then(|all| all.get(name));
        match resource {
            Some(role) if role["Type"] == "AWS::IAM::Role" => {
                self.value(&role["Properties"]["RoleName"])
            }
            _ => Err(RolesError::template(
                "Ref",
                format!("there is neither a parameter nor a role {name}"),
            )),
        }
    }

    fn find_in_map(&self, argument: &Value) -> Result<Value, RolesError> {
        let malformed = || malformed("Fn::FindInMap", argument);
        let keys = self.texts(argument)?.ok_or_else(malformed)?;
        let [map, first, second] = keys.as_slice() else {
            return Err(malformed());
        };
        self.template
            .get("Mappings")
            .and_then(|maps| maps.get(map)?.get(first)?.get(second))
            .cloned()
            .ok_or_else(malformed)
    }

    fn substitute(&self, argument: &Value) -> Result<Value, RolesError> {
        let malformed = || malformed("Fn::Sub", argument);
        let (template, own) = match argument {
            Value::String(text) => (text.as_str(), None),
            _ => {
                let (text, own) = pair(argument).ok_or_else(malformed)?;
                (text, Some(own.as_object().ok_or_else(malformed)?))
            }
        };
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').ok_or_else(malformed)?;
            text.push_str(before);
            if let Some(literal) = name.strip_prefix('!') {
                text.push_str(&format!("${{{literal}}}"));
            } else {
                let value = match own.and_then(|own| own.get(name)) {
                    Some(value) => self.value(value)?,
                    None => self.reference(name)?,
                };
                text.push_str(
                    value
                        .as_ref()
                        .and_then(Value::as_str)
                        .ok_or_else(malformed)?,
                );
            }
            rest = after;
        }
        text.push_str(rest);
        Ok(text.into())
    }

    fn text(&self, body: &Value) -> Result<Option<String>, RolesError> {
        Ok(match self.value(body)? {
            Some(Value::String(text)) => Some(text),
            _ => None,
        })
    }

    fn texts(&self, body: &Value) -> Result<Option<Vec<String>>, RolesError> {
        let Some(Value::Array(items)) = self.value(body)? else {
            return Ok(None);
        };
        Ok(items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect())
    }
}

fn is_function(key: &str) -> bool {
    key == "Ref" || key.starts_with("Fn::")
}

/// The only entry of an object.
fn single(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = object.iter();
    match (entries.next(), entries.next()) {
        (Some((key, value)), None) => Some((key, value)),
        _ => None,
    }
}

/// An argument of text and something else.
fn pair(argument: &Value) -> Option<(&str, &Value)> {
    match argument.as_array()?.as_slice() {
        [Value::String(text), other] => Some((text, other)),
        _ => None,
    }
}

fn unknown(name: &str) -> RolesError {
    RolesError::template(name, "this function is not known here")
}

fn malformed(function: &str, argument: &Value) -> RolesError {
    RolesError::template(
        function,
        format!("CloudFormation would not take {argument}"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resolved(body: Value) -> Result<Option<Value>, RolesError> {
        let template = json!({
            "Mappings": {"Map": {"First": {"Second": "found"}}},
            "Conditions": {
                "Yes": {"Fn::Equals": [{"Ref": "Word"}, "blue"]},
                "No": {"Fn::Not": [{"Condition": "Yes"}]},
                "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]},
                "Either": {"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]},
                "Odd": {"Fn::Contains": [["a"], "a"]}
            },
            "Resources": {
                "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "Word"}}},
                "Bucket": {"Type": "AWS::S3::Bucket"}
            }
        });
        let values = BTreeMap::from([
            ("Word".to_owned(), json!("blue")),
            ("List".to_owned(), json!(["a", "b"])),
        ]);
        let template = &template;
        Resolver { template, values }.value(&body)
    }

    #[test]
    fn known_functions_worked_out() {
        for (body, expected) in [
            (json!({"Ref": "Word"}), json!("blue")),
            (json!({"Ref": "Role"}), json!("blue")),
            (
                json!({"a": 1, "b": {"Ref": "AWS::NoValue"}}),
                json!({"a": 1}),
            ),
            (json!([{"Ref": "AWS::NoValue"}, true]), json!([true])),
            (json!({"Fn::Join": ["-", {"Ref": "List"}]}), json!("a-b")),
            (
                json!({"Fn::Split": ["l", {"Ref": "Word"}]}),
                json!(["b", "ue"]),
            ),
            (
                json!({"Fn::FindInMap": ["Map", "First", "Second"]}),
                json!("found"),
            ),
            (
                json!({"Fn::Sub": "${Word}/${!kept}"}),
                json!("blue/${kept}"),
            ),
            (
                json!({"Fn::Sub": ["${own}-${Word}", {"own": {"Ref": "Role"}}]}),
                json!("blue-blue"),
            ),
            (json!({"Fn::If": ["Yes", 1, 2]}), json!(1)),
            (json!({"Fn::If": ["No", 1, 2]}), json!(2)),
            (json!({"Fn::If": ["Both", 1, 2]}), json!(2)),
            (json!({"Fn::If": ["Either", 1, 2]}), json!(1)),
        ] {
            assert_eq!(resolved(body.clone()), Ok(Some(expected)), "{body}");
        }
    }

    #[test]
    fn unknown_ones_named() {
        for (body, named) in [
            (json!({"Fn::GetAtt": ["Role", "Arn"]}), "Fn::GetAtt"),
            (json!({"Ref": "Nobody"}), "Nobody"),
            (json!({"Ref": "Bucket"}), "Bucket"),
            (json!({"Fn::Sub": "${AWS::Region}"}), "AWS::Region"),
            (json!({"Fn::Sub": "${List}"}), "${List}"),
            (json!({"Fn::If": ["Odd", 1, 2]}), "Fn::Contains"),
            (json!({"Fn::If": ["Never", 1, 2]}), "Never"),
            (json!({"Ref": "Word", "More": 1}), "More"),
            (json!({"Fn::FindInMap": ["Map", "First", "Third"]}), "Third"),
        ] {
            let sentence = resolved(body.clone()).unwrap_err().to_string();
            assert!(sentence.contains(named), "{body}: {sentence}");
        }
    }
}
