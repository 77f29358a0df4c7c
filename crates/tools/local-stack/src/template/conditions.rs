//! CloudFormation's conditions. INVARIANT: a resource whose condition is false does not exist.

use serde_json::Value;

use super::{Resource, TemplateError};

impl Resource<'_> {
    /// Whether the resource's own condition holds.
    pub(super) fn exists(&self) -> Result<bool, TemplateError> {
        self.body
            .get("Condition")
            .and_then(Value::as_str)
            .map_or(Ok(true), |name| self.condition(name))
    }

    /// The value of a named condition.
    pub(super) fn condition(&self, name: &str) -> Result<bool, TemplateError> {
        let expression =
            self.stack.conditions.get(name).ok_or_else(|| {
                self.error(format!("the condition {name} is not in the template"))
            })?;
        self.evaluate(expression)
    }

    fn evaluate(&self, expression: &Value) -> Result<bool, TemplateError> {
        let Some((function, argument)) = expression
            .as_object()
            .and_then(|object| object.iter().next())
        else {
            return Err(self.malformed("a condition", expression));
        };
        let operands = || argument.as_array().into_iter().flatten();
        match function.as_str() {
            "Condition" => self.condition(argument.as_str().unwrap_or_default()),
            "Fn::Equals" => Ok(self.resolve(argument.get(0).unwrap_or(&Value::Null))?
                == self.resolve(argument.get(1).unwrap_or(&Value::Null))?),
            "Fn::Not" => self
                .evaluate(argument.get(0).unwrap_or(&Value::Null))
                .map(|value| !value),
            "Fn::And" => {
                operands().try_fold(true, |all, operand| Ok(all & self.evaluate(operand)?))
            }
            "Fn::Or" => {
                operands().try_fold(false, |any, operand| Ok(any | self.evaluate(operand)?))
            }
            _ => Err(self.error(format!(
                "the local stack does not know the condition {function}"
            ))),
        }
    }
}
