//! A function as its template defines it. INVARIANT: everything here comes from the template; what is local is in `environment`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::template::{Resource, TemplateError, Templates, number};

/// Lambda's default, seconds.
const DEFAULT_TIMEOUT_S: u64 = 3;

/// Lambda's default for asynchronous invocations.
const DEFAULT_MAX_EVENT_AGE_S: u64 = 6 * 60 * 60;

/// One function of the templates.
#[derive(Debug)]
pub(crate) struct FunctionDefinition {
    /// The package's and binary's name.
    pub(crate) id: String,
    /// The name in AWS, `{env}-polo-{id}`.
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) role_arn: String,
    pub(crate) timeout: Duration,
    pub(crate) memory_mb: u64,
    pub(crate) environment: BTreeMap<String, String>,
    /// Retries after the first attempt of an asynchronous invocation.
    pub(crate) max_retries: u64,
    pub(crate) max_event_age: Duration,
    /// Where an asynchronous invocation goes that failed for good.
    pub(crate) on_failure: Option<OnFailure>,
    /// ARNs of the rules that may invoke the function; `*` at the end matches any.
    pub(crate) permitted_rules: Vec<String>,
    /// Who may ask its function URL, `AWS_IAM` or `NONE`; none where it has no such address.
    pub(crate) url_auth_type: Option<String>,
}

/// The two ways to keep a failed invocation; their messages differ.
#[derive(Debug, Clone)]
pub(crate) enum OnFailure {
    /// `EventInvokeConfig`: a record about the invocation, with payload and answer.
    Destination(String),
    /// `DeadLetterConfig`: the payload alone.
    DeadLetterQueue(String),
}

impl OnFailure {
    pub(crate) fn queue(&self) -> &str {
        match self {
            Self::Destination(queue) | Self::DeadLetterQueue(queue) => queue,
        }
    }
}

/// The functions of all templates.
pub(crate) fn functions(templates: &Templates) -> Result<Vec<FunctionDefinition>, TemplateError> {
    let mut definitions = templates
        .resources("AWS::Lambda::Function")?
        .iter()
        .map(function)
        .collect::<Result<Vec<_>, _>>()?;
    for config in templates.resources("AWS::Lambda::EventInvokeConfig")? {
        apply_invoke_config(&config, owner(&config, &mut definitions)?)?;
    }
    for permission in templates.resources("AWS::Lambda::Permission")? {
        if permission.text("Principal")?.as_deref() == Some("events.amazonaws.com") {
            let rule = permission
                .text("SourceArn")?
                .unwrap_or_else(|| "*".to_owned());
            owner(&permission, &mut definitions)?
                .permitted_rules
                .push(rule);
        }
    }
    for url in templates.resources("AWS::Lambda::Url")? {
        if url.text("InvokeMode")?.as_deref() == Some("RESPONSE_STREAM") {
            return Err(url.error("the local stack does not know streamed answers"));
        }
        let auth_type = url.text("AuthType")?;
        named(&url, "TargetFunctionArn", &mut definitions)?.url_auth_type = auth_type;
    }
    Ok(definitions)
}

fn function(resource: &Resource<'_>) -> Result<FunctionDefinition, TemplateError> {
    let name = resource.physical_name()?;
    let id = name
        .split_once("-polo-")
        .map_or(name.as_str(), |(_, id)| id)
        .to_owned();
    let mut environment = BTreeMap::new();
    if let Some(Value::Object(variables)) = resource
        .property("Environment")?
        .and_then(|environment| environment.get("Variables").cloned())
    {
        for (key, value) in variables {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(flag) => flag.to_string(),
                other => {
                    return Err(resource.error(format!(
                        "the environment variable {key} is {other}, but must be text"
                    )));
                }
            };
            environment.insert(key, text);
        }
    }
    let queue = resource.property("DeadLetterConfig")?.and_then(|config| {
        config
            .get("TargetArn")
            .and_then(Value::as_str)
            .map(name_of_arn)
    });
    Ok(FunctionDefinition {
        id,
        name,
        arn: resource.arn()?,
        role_arn: resource
            .text("Role")?
            .ok_or_else(|| resource.error("it has no Role"))?,
        timeout: Duration::from_secs(resource.number("Timeout")?.unwrap_or(DEFAULT_TIMEOUT_S)),
        memory_mb: resource.number("MemorySize")?.unwrap_or(128),
        environment,
        max_retries: 2,
        max_event_age: Duration::from_secs(DEFAULT_MAX_EVENT_AGE_S),
        on_failure: queue.map(OnFailure::DeadLetterQueue),
        permitted_rules: Vec::new(),
        url_auth_type: None,
    })
}

/// The function that a side resource's `FunctionName` means.
fn owner<'a>(
    resource: &Resource<'_>,
    definitions: &'a mut [FunctionDefinition],
) -> Result<&'a mut FunctionDefinition, TemplateError> {
    named(resource, "FunctionName", definitions)
}

/// The function that a property, a name or an ARN, means.
fn named<'a>(
    resource: &Resource<'_>,
    property: &str,
    definitions: &'a mut [FunctionDefinition],
) -> Result<&'a mut FunctionDefinition, TemplateError> {
    let name = resource.text(property)?.unwrap_or_default();
    definitions
        .iter_mut()
        .find(|definition| definition.name == name || definition.arn == name)
        .ok_or_else(|| resource.error(format!("its function {name} is in no template")))
}

fn apply_invoke_config(
    config: &Resource<'_>,
    definition: &mut FunctionDefinition,
) -> Result<(), TemplateError> {
    if let Some(retries) = config.number("MaximumRetryAttempts")? {
        definition.max_retries = retries;
    }
    if let Some(seconds) = config.number("MaximumEventAgeInSeconds")? {
        definition.max_event_age = Duration::from_secs(seconds);
    }
    let destinations = config.property("DestinationConfig")?.unwrap_or_default();
    if let Some(arn) = destinations
        .pointer("/OnFailure/Destination")
        .and_then(Value::as_str)
    {
        definition.on_failure = Some(OnFailure::Destination(name_of_arn(arn)));
    }
    if destinations.pointer("/OnSuccess/Destination").is_some() {
        return Err(config.error("the local stack does not know OnSuccess destinations"));
    }
    Ok(())
}

/// The last part of an ARN: a queue's name.
pub(crate) fn name_of_arn(arn: &str) -> String {
    arn.rsplit(':').next().unwrap_or(arn).to_owned()
}

/// A retry policy's or configuration's whole number.
pub(crate) fn seconds(value: Option<&Value>) -> Option<Duration> {
    value.and_then(number).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::template::tests::templates;

    #[test]
    fn function_read_with_its_side_resources() {
        let templates = templates(&json!({"Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "dev-polo-dead-letters"}},
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "dev-polo-config_ec2"}},
            "F": {"Type": "AWS::Lambda::Function", "Properties": {
                "FunctionName": "dev-polo-config_ec2", "Timeout": 900, "MemorySize": 256, "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Environment": {"Variables": {"POLO_HUB_ACCOUNT_ID": {"Ref": "AWS::AccountId"}}},
            }},
            "Config": {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": {
                "FunctionName": {"Ref": "F"}, "Qualifier": "$LATEST", "MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60,
                "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["Queue", "Arn"]}}},
            }},
            "Permission": {"Type": "AWS::Lambda::Permission", "Properties": {
                "FunctionName": {"Fn::GetAtt": ["F", "Arn"]}, "Principal": "events.amazonaws.com", "SourceArn": "arn:rule",
            }},
            "Url": {"Type": "AWS::Lambda::Url", "Properties": {
                "TargetFunctionArn": {"Fn::GetAtt": ["F", "Arn"]}, "AuthType": "AWS_IAM",
            }},
        }}));
        let functions = functions(&templates).unwrap();
        let function = &functions[0];
        assert_eq!(
            (function.id.as_str(), function.name.as_str()),
            ("config_ec2", "dev-polo-config_ec2")
        );
        assert_eq!(
            function.role_arn,
            "arn:aws:iam::123456789012:role/dev-polo-config_ec2"
        );
        assert_eq!(function.environment["POLO_HUB_ACCOUNT_ID"], "123456789012");
        assert_eq!(
            (
                function.timeout.as_secs(),
                function.max_retries,
                function.max_event_age.as_secs()
            ),
            (900, 1, 60)
        );
        assert_eq!(
            function.on_failure.as_ref().map(OnFailure::queue),
            Some("dev-polo-dead-letters")
        );
        assert_eq!(function.permitted_rules, ["arn:rule"]);
        assert_eq!(function.url_auth_type.as_deref(), Some("AWS_IAM"));
    }
}
