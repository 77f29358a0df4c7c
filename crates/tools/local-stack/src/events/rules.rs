//! The templates' rules. INVARIANT: a rule is either complete or stops the start: its targets are functions of ours, and its input is one of the
//! four forms that EventBridge knows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::emulator::Emulator;
use crate::emulator::definition::{name_of_arn, seconds};
use crate::events::json_path::JsonPath;
use crate::events::transformer::Transformer;
use crate::template::{Resource, TemplateError, Templates};

/// All rules and the buses they may be on.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) all: Vec<Rule>,
    pub(super) buses: BTreeSet<String>,
}

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    /// The name in AWS, `{env}-polo-{short}`.
    pub(super) name: String,
    /// The name without the environment's prefix.
    pub(super) short_name: String,
    pub(super) arn: String,
    pub(super) bus: String,
    pub(super) pattern: Option<Value>,
    pub(super) schedule: Option<String>,
    pub(super) enabled: bool,
    pub(super) targets: Vec<Target>,
}

/// One target: a function, and what it receives.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) id: String,
    /// The function's id.
    pub(super) function: String,
    pub(super) input: Input,
    pub(super) dead_letter_queue: Option<String>,
    /// Only told in dead letters: handing over to Lambda's queue either works at once or never does here.
    pub(super) max_event_age: Option<Duration>,
}

/// What a target receives.
#[derive(Debug)]
pub(super) enum Input {
    /// The event itself.
    Event,
    /// A constant.
    Constant(Value),
    /// A part of the event.
    Path(JsonPath),
    /// A template with values from the event.
    Transformer(Transformer),
}

impl Rules {
    pub(super) fn load(templates: &Templates, emulator: &Emulator) -> Result<Self, TemplateError> {
        let mut buses = BTreeSet::from(["default".to_owned()]);
        for bus in templates.resources("AWS::Events::EventBus")? {
            buses.insert(bus.physical_name()?);
        }
        let all = templates
            .resources("AWS::Events::Rule")?
            .iter()
            .map(|resource| {
                let rule = rule(resource, emulator)?;
                if buses.contains(&rule.bus) {
                    Ok(rule)
                } else {
                    Err(resource.error(format!("its event bus {} is in no template", rule.bus)))
                }
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { all, buses })
    }
}

fn rule(resource: &Resource<'_>, emulator: &Emulator) -> Result<Rule, TemplateError> {
    let name = resource.physical_name()?;
    let pattern = resource.property("EventPattern")?;
    let schedule = resource.text("ScheduleExpression")?;
    let bus = resource.bus()?;
    if pattern.is_none() && schedule.is_none() {
        return Err(resource.error(format!(
            "the rule {name} has neither EventPattern nor ScheduleExpression"
        )));
    }
    if schedule.is_some() && bus != "default" {
        return Err(resource.error(format!("the rule {name} has a schedule on the bus {bus}, and EventBridge takes schedules on the default bus alone")));
    }
    let targets = match resource.property("Targets")? {
        Some(Value::Array(targets)) => targets
            .iter()
            .map(|value| target(resource, &name, value, emulator))
            .collect::<Result<_, _>>()?,
        _ => Vec::new(),
    };
    Ok(Rule {
        short_name: name
            .split_once("-polo-")
            .map_or(name.as_str(), |(_, short)| short)
            .to_owned(),
        arn: resource.arn()?,
        bus,
        pattern,
        schedule,
        enabled: resource
            .text("State")?
            .is_none_or(|state| state != "DISABLED"),
        targets,
        name,
    })
}

fn target(
    resource: &Resource<'_>,
    rule: &str,
    value: &Value,
    emulator: &Emulator,
) -> Result<Target, TemplateError> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let id = text("/Id").unwrap_or_default().to_owned();
    let wrong =
        |problem: String| resource.error(format!("the target {id} of the rule {rule} {problem}"));
    let arn = text("/Arn").unwrap_or_default();
    let function = emulator
        .find(arn)
        .filter(|function| function.definition.arn == arn)
        .ok_or_else(|| {
            wrong(format!(
                "is {arn}, and the local stack only delivers to functions of the templates"
            ))
        })?;
    let inputs = ["Input", "InputPath", "InputTransformer"]
        .into_iter()
        .filter(|name| value.get(name).is_some())
        .count();
    if inputs > 1 {
        return Err(wrong(
            "has more than one of Input, InputPath and InputTransformer".to_owned(),
        ));
    }
    let input = if let Some(constant) = text("/Input") {
        Input::Constant(
            serde_json::from_str(constant)
                .map_err(|error| wrong(format!("has an Input that is not JSON ({error})")))?,
        )
    } else if let Some(path) = text("/InputPath") {
        Input::Path(
            JsonPath::parse(path)
                .map_err(|problem| wrong(format!("has an InputPath that {problem}")))?,
        )
    } else if let Some(transformer) = value.get("InputTransformer") {
        let template = transformer
            .get("InputTemplate")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let paths: BTreeMap<String, String> = match transformer.get("InputPathsMap") {
            Some(paths) => serde_json::from_value(paths.clone()).map_err(|error| {
                wrong(format!(
                    "has an InputPathsMap that is no map of texts ({error})"
                ))
            })?,
            None => BTreeMap::new(),
        };
        Input::Transformer(
            Transformer::parse(template, &paths)
                .map_err(|problem| wrong(format!("has an InputTransformer that {problem}")))?,
        )
    } else {
        Input::Event
    };
    Ok(Target {
        function: function.definition.id.clone(),
        input,
        dead_letter_queue: text("/DeadLetterConfig/Arn").map(name_of_arn),
        max_event_age: seconds(value.pointer("/RetryPolicy/MaximumEventAgeInSeconds")),
        id,
    })
}
