//! Event patterns, matched by Quamina. INVARIANT: a pattern that cannot be matched as EventBridge would stops the start, naming rule and
//! operator; it is never skipped or approximated.

use std::collections::BTreeMap;

use quamina::Quamina;
use serde_json::Value;

use crate::events::rules::{Rule, Rules};
use crate::template::TemplateError;

/// One matcher per bus; it gives the positions of the matching rules.
pub(super) struct Patterns(BTreeMap<String, Quamina<usize>>);

impl std::fmt::Debug for Patterns {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// The operators that EventBridge and Quamina understand alike. Quamina has some of its own (`shellstyle`, `regexp`), which EventBridge would
/// refuse at deployment.
const OPERATORS: [&str; 9] = [
    "prefix",
    "suffix",
    "exists",
    "anything-but",
    "equals-ignore-case",
    "numeric",
    "wildcard",
    "cidr",
    "anything-but-ignore-case",
];

impl Patterns {
    pub(super) fn compile(rules: &Rules) -> Result<Self, TemplateError> {
        let mut matchers: BTreeMap<String, Quamina<usize>> = BTreeMap::new();
        for (index, rule) in rules
            .all
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.enabled)
        {
            let Some(pattern) = &rule.pattern else {
                continue;
            };
            check(rule, pattern)?;
            let matcher = matchers.entry(rule.bus.clone()).or_default();
            matcher
                .add_pattern(index, &pattern.to_string())
                .map_err(|error| wrong(rule, &error.to_string()))?;
        }
        Ok(Self(matchers))
    }

    /// The positions of the bus's rules that match, ascending.
    pub(super) fn matching(&self, bus: &str, event: &Value) -> Vec<usize> {
        let Some(matcher) = self.0.get(bus) else {
            return Vec::new();
        };
        match matcher.matches_for_event(event.to_string().as_bytes()) {
            Ok(mut matched) => {
                matched.sort_unstable();
                matched
            }
            Err(error) => {
                tracing::error!(%error, "cannot match an event that is valid JSON");
                Vec::new()
            }
        }
    }
}

fn check(rule: &Rule, pattern: &Value) -> Result<(), TemplateError> {
    match pattern {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().try_for_each(|(name, field)| match field {
                _ if name.starts_with('$') => Err(wrong(
                    rule,
                    &format!("the operator {name} is not supported by the local stack"),
                )),
                Value::Object(_) => check(rule, field),
                Value::Array(choices) if !choices.is_empty() => choices
                    .iter()
                    .try_for_each(|choice| check_choice(rule, name, choice)),
                _ => Err(wrong(
                    rule,
                    &format!("{name} is {field}, but must be an object or a list of choices"),
                )),
            })
        }
        _ => Err(wrong(rule, "it must be an object with at least one field")),
    }
}

fn check_choice(rule: &Rule, field: &str, choice: &Value) -> Result<(), TemplateError> {
    let Value::Object(operator) = choice else {
        return Ok(());
    };
    let known = |name: &str| OPERATORS.contains(&name);
    match operator.iter().next() {
        Some((name, argument)) if operator.len() == 1 && known(name) => match argument {
            // `anything-but` with another operator inside.
            Value::Object(inner) => {
                let inner = inner.keys().next().map_or("", String::as_str);
                Err(wrong(
                    rule,
                    &format!(
                        "the operator {name} with {inner} inside ({field}) is not supported by the local stack"
                    ),
                ))
            }
            _ => Ok(()),
        },
        Some((name, _)) => Err(wrong(
            rule,
            &format!("the operator {name} ({field}) is not supported by the local stack"),
        )),
        None => Err(wrong(
            rule,
            &format!("{field} has an empty object among its choices"),
        )),
    }
}

fn wrong(rule: &Rule, problem: &str) -> TemplateError {
    TemplateError::Resource {
        resource: format!("the pattern of the rule {}", rule.name),
        problem: problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn compile(pattern: Value) -> Result<Patterns, TemplateError> {
        let rule = Rule {
            name: "dev-polo-r".to_owned(),
            short_name: "r".to_owned(),
            arn: String::new(),
            bus: "dev-polo".to_owned(),
            pattern: Some(pattern),
            schedule: None,
            enabled: true,
            targets: Vec::new(),
        };
        Patterns::compile(&Rules {
            all: vec![rule],
            buses: BTreeSet::new(),
        })
    }

    fn matches(pattern: Value, event: Value) -> bool {
        !compile(pattern)
            .unwrap()
            .matching("dev-polo", &event)
            .is_empty()
    }

    #[test]
    fn fields_all_match_choices_any() {
        let pattern = json!({"source": ["polo.a", "polo.b"], "detail-type": ["T"], "detail": {"polo_status": ["active"]}});
        let event = |source: &str, status: &str| json!({"source": source, "detail-type": "T", "detail": {"polo_status": status, "more": 1}});
        assert!(matches(pattern.clone(), event("polo.b", "active")));
        assert!(!matches(pattern.clone(), event("polo.c", "active")));
        assert!(!matches(pattern.clone(), event("polo.a", "no_access")));
        assert!(!matches(
            pattern,
            json!({"source": "polo.a", "detail-type": "T", "detail": {}})
        ));
    }

    #[test]
    fn other_bus_never_matches() {
        let patterns = compile(json!({"source": ["a"]})).unwrap();
        assert_eq!(
            patterns.matching("default", &json!({"source": "a"})),
            Vec::<usize>::new()
        );
    }

    #[test]
    fn operators_match_as_documented() {
        let yes_no = |choice: Value, yes: Value, no: Value| {
            let pattern = json!({"detail": {"x": [choice]}});
            assert!(
                matches(pattern.clone(), json!({"detail": {"x": yes}})),
                "{pattern} {yes}"
            );
            assert!(
                !matches(pattern.clone(), json!({"detail": {"x": no}})),
                "{pattern} {no}"
            );
        };
        yes_no(json!({"prefix": "ab"}), json!("abc"), json!("cab"));
        yes_no(json!({"suffix": "bc"}), json!("abc"), json!("bca"));
        yes_no(json!({"wildcard": "a*c"}), json!("abbc"), json!("abb"));
        yes_no(
            json!({"equals-ignore-case": "AbC"}),
            json!("aBc"),
            json!("ab"),
        );
        yes_no(json!({"anything-but": ["a", "b"]}), json!("c"), json!("a"));
        yes_no(json!({"numeric": [">", 1, "<=", 5]}), json!(5), json!(1));
        yes_no(json!(null), json!(null), json!("null"));
        yes_no(json!(true), json!(true), json!("true"));
        yes_no(json!(5), json!(5.0), json!("5"));
        yes_no(json!("a"), json!(["b", "a"]), json!(["b"]));
        assert!(matches(
            json!({"detail": {"x": [{"exists": true}]}}),
            json!({"detail": {"x": 1}})
        ));
        assert!(!matches(
            json!({"detail": {"x": [{"exists": true}]}}),
            json!({"detail": {"y": 1}})
        ));
        assert!(matches(
            json!({"detail": {"x": [{"exists": false}]}}),
            json!({"detail": {"y": 1}})
        ));
    }

    #[test]
    fn unsupported_operators_named_at_load() {
        let sentence = |pattern| compile(pattern).unwrap_err().to_string();
        assert_eq!(
            sentence(json!({"$or": [{"a": [1]}]})),
            "the pattern of the rule dev-polo-r: the operator $or is not supported by the local stack"
        );
        assert_eq!(
            sentence(json!({"detail": {"x": [{"anything-but": {"prefix": "a"}}]}})),
            "the pattern of the rule dev-polo-r: the operator anything-but with prefix inside (x) is not supported by the local stack"
        );
        assert_eq!(
            sentence(json!({"x": [{"regexp": "a"}]})),
            "the pattern of the rule dev-polo-r: the operator regexp (x) is not supported by the local stack"
        );
        assert_eq!(
            sentence(json!({"x": "a"})),
            "the pattern of the rule dev-polo-r: x is \"a\", but must be an object or a list of choices"
        );
    }
}
