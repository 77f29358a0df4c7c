//! Input transformers: a template with `<placeholders>` filled from the event.
//! INVARIANT: as in EventBridge, an unquoted placeholder keeps its JSON type, one inside quotes becomes part of the text, and a value that the
//! event does not have is an empty text. <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::clock;
use crate::events::json_path::JsonPath;

/// A parsed transformer.
#[derive(Debug)]
pub(super) struct Transformer {
    parts: Vec<Part>,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Placeholder { source: Source, quoted: bool },
}

#[derive(Debug, PartialEq, Eq)]
enum Source {
    Path(JsonPath),
    RuleArn,
    RuleName,
    /// The event without its detail.
    Event,
    /// The whole event.
    EventJson,
    IngestionTime,
}

impl Transformer {
    /// Parses template and paths; else a clause that follows "that".
    pub(super) fn parse(template: &str, paths: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut quoted = false;
        let mut escaped = false;
        let mut rest = template.char_indices();
        while let Some((index, character)) = rest.next() {
            if character != '<' {
                quoted ^= character == '"' && !escaped;
                escaped = character == '\\' && !escaped;
                literal.push(character);
                continue;
            }
            let end = template[index..]
                .find('>')
                .map(|end| index + end)
                .ok_or("has a < without a > in its template")?;
            let name = &template[index + 1..end];
            let source = match name {
                "aws.events.rule-arn" => Source::RuleArn,
                "aws.events.rule-name" => Source::RuleName,
                "aws.events.event" => Source::Event,
                "aws.events.event.json" => Source::EventJson,
                "aws.events.event.ingestion-time" => Source::IngestionTime,
                _ => Source::Path(JsonPath::parse(paths.get(name).ok_or_else(|| {
                    format!("uses <{name}>, which its InputPathsMap does not have")
                })?)?),
            };
            parts.push(Part::Literal(std::mem::take(&mut literal)));
            parts.push(Part::Placeholder { source, quoted });
            escaped = false;
            // Past the placeholder, which is ASCII up to its end or would not have been found.
            while rest.next().is_some_and(|(position, _)| position < end) {}
        }
        parts.push(Part::Literal(literal));
        Ok(Self { parts })
    }

    /// What the target receives, or why EventBridge could not deliver it.
    pub(super) fn apply(
        &self,
        rule_name: &str,
        rule_arn: &str,
        event: &Value,
    ) -> Result<Value, String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Placeholder { source, quoted } => {
                    let value = source.value(rule_name, rule_arn, event);
                    text.push_str(&if *quoted {
                        inside_quotes(&value)
                    } else {
                        value.to_string()
                    });
                }
            }
        }
        serde_json::from_str(&text)
            .map_err(|error| format!("the transformed input is not JSON ({error}): {text}"))
    }
}

impl Source {
    fn value(&self, rule_name: &str, rule_arn: &str, event: &Value) -> Value {
        match self {
            Self::Path(path) => path
                .of(event)
                .cloned()
                .unwrap_or_else(|| Value::String(String::new())),
            Self::RuleArn => rule_arn.into(),
            Self::RuleName => rule_name.into(),
            Self::Event => {
                let fields: Map<String, Value> = event
                    .as_object()
                    .into_iter()
                    .flatten()
                    .filter(|(key, _)| *key != "detail")
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect();
                Value::Object(fields)
            }
            Self::EventJson => event.clone(),
            Self::IngestionTime => clock::event_now().into(),
        }
    }
}

/// Text as it stands between quotes of a JSON template: escapes stay, an object's or list's own quotes go.
fn inside_quotes(value: &Value) -> String {
    match value {
        Value::String(_) => {
            let json = value.to_string();
            json[1..json.len() - 1].to_owned()
        }
        Value::Object(_) | Value::Array(_) => value.to_string().replace(['"', '\\'], ""),
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn transform(template: &str, paths: &[(&str, &str)], event: &Value) -> Result<Value, String> {
        let paths = paths
            .iter()
            .map(|(key, path)| ((*key).to_owned(), (*path).to_owned()))
            .collect();
        Transformer::parse(template, &paths)
            .unwrap()
            .apply("dev-polo-r", "arn:rule", event)
    }

    #[test]
    fn unquoted_placeholders_keep_their_type() {
        let event = json!({"id": "e1", "detail": {"account_id": "012345678901", "n": 3, "flag": true, "none": null, "list": [1, "x"], "map": {"a": 1}}});
        let paths = [
            ("a", "$.detail.account_id"),
            ("n", "$.detail.n"),
            ("f", "$.detail.flag"),
            ("z", "$.detail.none"),
            ("l", "$.detail.list"),
            ("m", "$.detail.map"),
        ];
        assert_eq!(
            transform(
                r#"{"a":<a>,"deep":{"n":<n>,"f":<f>,"z":<z>},"l":<l>,"m":<m>}"#,
                &paths,
                &event
            ),
            Ok(
                json!({"a": "012345678901", "deep": {"n": 3, "f": true, "z": null}, "l": [1, "x"], "m": {"a": 1}})
            )
        );
    }

    #[test]
    fn quoted_placeholders_become_text() {
        let event = json!({"detail": {"name": "a \"b\" \\ c\n", "n": 3, "map": {"a": "x"}}});
        let paths = [
            ("name", "$.detail.name"),
            ("n", "$.detail.n"),
            ("m", "$.detail.map"),
        ];
        assert_eq!(
            transform(
                r#"{"t":"<name> has <n> in <m>, \"<n>\"", "u":<n>}"#,
                &paths,
                &event
            ),
            Ok(json!({"t": "a \"b\" \\ c\n has 3 in {a:x}, \"3\"", "u": 3}))
        );
        assert_eq!(
            transform(r#""<n> of <n>""#, &paths, &event),
            Ok(json!("3 of 3"))
        );
    }

    #[test]
    fn missing_value_is_an_empty_text() {
        let paths = [("x", "$.detail.x")];
        assert_eq!(
            transform(r#"{"a":<x>,"b":"[<x>]"}"#, &paths, &json!({"detail": {}})),
            Ok(json!({"a": "", "b": "[]"}))
        );
    }

    #[test]
    fn predefined_variables_filled() {
        let event = json!({"id": "e1", "detail": {"a": 1}});
        assert_eq!(
            transform(
                r#"{"rule":"<aws.events.rule-name>","arn":<aws.events.rule-arn>,"head":<aws.events.event>,"all":<aws.events.event.json>}"#,
                &[],
                &event
            ),
            Ok(
                json!({"rule": "dev-polo-r", "arn": "arn:rule", "head": {"id": "e1"}, "all": event})
            )
        );
    }

    #[test]
    fn broken_templates_refused() {
        assert_eq!(
            Transformer::parse("{\"a\":<b>}", &BTreeMap::new()).unwrap_err(),
            "uses <b>, which its InputPathsMap does not have"
        );
        assert_eq!(
            Transformer::parse("{\"a\":<b", &BTreeMap::new()).unwrap_err(),
            "has a < without a > in its template"
        );
        assert!(
            transform("{\"a\":}", &[], &json!({}))
                .unwrap_err()
                .starts_with("the transformed input is not JSON")
        );
    }
}
