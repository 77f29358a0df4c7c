//! CloudFormation's intrinsic functions. INVARIANT: a function that is not known fails by name; nothing unresolved reaches a function's
//! environment or a rule.

use serde_json::{Map, Value};

use super::{Resource, TemplateError};

impl Resource<'_> {
    /// The value without intrinsic functions; None for `AWS::NoValue`.
    pub(super) fn resolve(&self, value: &Value) -> Result<Option<Value>, TemplateError> {
        match value {
            Value::Object(object) => match single(object) {
                Some((name, argument)) if name == "Ref" || name.starts_with("Fn::") => {
                    self.call(name, argument)
                }
                _ => {
                    let mut resolved = Map::new();
                    for (key, item) in object {
                        if let Some(item) = self.resolve(item)? {
                            resolved.insert(key.clone(), item);
                        }
                    }
                    Ok(Some(Value::Object(resolved)))
                }
            },
            Value::Array(items) => {
                let resolved = items
                    .iter()
                    .map(|item| self.resolve(item))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(Some(Value::Array(resolved.into_iter().flatten().collect())))
            }
            scalar => Ok(Some(scalar.clone())),
        }
    }

    fn call(&self, name: &str, argument: &Value) -> Result<Option<Value>, TemplateError> {
        match name {
            "Ref" => self.reference(argument.as_str().unwrap_or_default()),
            "Fn::GetAtt" => self.attribute(argument).map(Some),
            "Fn::Join" => self.join(argument).map(Some),
            "Fn::Sub" => self.substitute(argument).map(Some),
            "Fn::Select" => self.select(argument).map(Some),
            "Fn::Split" => self.split(argument).map(Some),
            "Fn::If" => self.choose(argument),
            _ => Err(self.error(format!("the local stack does not know {name}"))),
        }
    }

    fn reference(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        let pseudo = match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::AccountId" => Some(self.templates.account.as_str()),
            "AWS::Region" => Some(self.templates.region.as_str()),
            "AWS::Partition" => Some("aws"),
            "AWS::URLSuffix" => Some("amazonaws.com"),
            "AWS::StackName" => Some(self.stack.name.as_str()),
            _ => None,
        };
        if let Some(text) = pseudo {
            return Ok(Some(text.into()));
        }
        if let Some(parameter) = self.stack.parameters.get(name) {
            return match parameter.get("Default") {
                Some(default) => Ok(Some(default.clone())),
                None => Err(self.error(format!("the parameter {name} has no default value"))),
            };
        }
        self.neighbour(name)?
            .reference_value()
            .map(|text| Some(text.into()))
    }

    /// Another resource of the same template.
    pub(super) fn neighbour(&self, logical_id: &str) -> Result<Resource<'_>, TemplateError> {
        let (logical_id, body) =
            self.stack
                .resources
                .get_key_value(logical_id)
                .ok_or_else(|| {
                    self.error(format!(
                        "it refers to {logical_id}, which is neither a resource nor a parameter"
                    ))
                })?;
        Ok(Resource {
            logical_id,
            body,
            ..*self
        })
    }

    fn attribute(&self, argument: &Value) -> Result<Value, TemplateError> {
        let pair = match argument {
            Value::String(text) => text.split_once('.'),
            Value::Array(items) => items
                .first()
                .and_then(Value::as_str)
                .zip(items.get(1).and_then(Value::as_str)),
            _ => None,
        };
        let (logical_id, attribute) = pair.ok_or_else(|| self.malformed("Fn::GetAtt", argument))?;
        self.neighbour(logical_id)?
            .attribute_value(attribute)
            .map(Value::from)
    }

    fn join(&self, argument: &Value) -> Result<Value, TemplateError> {
        let malformed = || self.malformed("Fn::Join", argument);
        let separator = argument
            .get(0)
            .and_then(Value::as_str)
            .ok_or_else(malformed)?;
        let Some(Value::Array(items)) = self.resolve(argument.get(1).unwrap_or(&Value::Null))?
        else {
            return Err(malformed());
        };
        let parts = items
            .iter()
            .map(|item| scalar(item).ok_or_else(malformed))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(parts.join(separator).into())
    }

    fn substitute(&self, argument: &Value) -> Result<Value, TemplateError> {
        let malformed = || self.malformed("Fn::Sub", argument);
        let template = argument
            .as_str()
            .or_else(|| argument.get(0).and_then(Value::as_str))
            .ok_or_else(malformed)?;
        let variables = argument.get(1);
        let mut text = String::new();
        let mut rest = template;
        while let Some(start) = rest.find("${") {
            let end = rest[start..]
                .find('}')
                .map(|end| start + end)
                .ok_or_else(malformed)?;
            text.push_str(&rest[..start]);
            let name = &rest[start + 2..end];
            if let Some(literal) = name.strip_prefix('!') {
                text.push_str(&format!("${{{literal}}}"));
            } else {
                let value = match variables.and_then(|variables| variables.get(name)) {
                    Some(value) => self.resolve(value)?,
                    None if name.contains('.') => Some(self.attribute(&name.into())?),
                    None => self.reference(name)?,
                };
                text.push_str(&value.as_ref().and_then(scalar).ok_or_else(malformed)?);
            }
            rest = &rest[end + 1..];
        }
        text.push_str(rest);
        Ok(text.into())
    }

    fn select(&self, argument: &Value) -> Result<Value, TemplateError> {
        let malformed = || self.malformed("Fn::Select", argument);
        let index = argument
            .get(0)
            .and_then(super::number)
            .and_then(|index| usize::try_from(index).ok())
            .ok_or_else(malformed)?;
        let items = self.resolve(argument.get(1).unwrap_or(&Value::Null))?;
        items
            .as_ref()
            .and_then(|items| items.get(index))
            .cloned()
            .ok_or_else(malformed)
    }

    fn split(&self, argument: &Value) -> Result<Value, TemplateError> {
        let malformed = || self.malformed("Fn::Split", argument);
        let separator = argument
            .get(0)
            .and_then(Value::as_str)
            .ok_or_else(malformed)?;
        let text = self.resolve(argument.get(1).unwrap_or(&Value::Null))?;
        let text = text
            .as_ref()
            .and_then(Value::as_str)
            .ok_or_else(malformed)?;
        Ok(text.split(separator).collect::<Vec<_>>().into())
    }

    fn choose(&self, argument: &Value) -> Result<Option<Value>, TemplateError> {
        let condition = argument
            .get(0)
            .and_then(Value::as_str)
            .ok_or_else(|| self.malformed("Fn::If", argument))?;
        let branch = if self.condition(condition)? { 1 } else { 2 };
        self.resolve(
            argument
                .get(branch)
                .ok_or_else(|| self.malformed("Fn::If", argument))?,
        )
    }

    pub(super) fn malformed(&self, function: &str, argument: &Value) -> TemplateError {
        self.error(format!(
            "{function} has the argument {argument}, which CloudFormation would not take"
        ))
    }
}

/// The only entry of an object.
fn single(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    match object.len() {
        1 => object
            .iter()
            .next()
            .map(|(key, value)| (key.as_str(), value)),
        _ => None,
    }
}

/// A scalar as CloudFormation writes it into text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
