//! The JSON paths that EventBridge takes in targets: dots, names with dashes and underscores, array indices.
//! INVARIANT: any other syntax stops the start. <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>

use serde_json::Value;

/// A parsed path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JsonPath(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Index(usize),
}

impl JsonPath {
    /// Parses `$`, `$.a.b-c` and `$.a[0].b`; else a clause that follows "that".
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("is {text}, but must be a path like $.detail.account_id or $.resources[0]");
        let mut rest = text.strip_prefix('$').ok_or_else(wrong)?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                let (name, tail) = after.split_at(end);
                let plain = |character: char| {
                    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '/')
                };
                if name.is_empty() || !name.chars().all(plain) {
                    return Err(wrong());
                }
                steps.push(Step::Field(name.to_owned()));
                rest = tail;
            } else {
                let (index, tail) = rest
                    .strip_prefix('[')
                    .and_then(|after| after.split_once(']'))
                    .ok_or_else(wrong)?;
                steps.push(Step::Index(index.parse().map_err(|_| wrong())?));
                rest = tail;
            }
        }
        Ok(Self(steps))
    }

    /// The value at the path.
    pub(super) fn of<'a>(&self, event: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(event, |value, step| match step {
            Step::Field(name) => value.get(name),
            Step::Index(index) => value.get(index),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_followed() {
        let event = json!({"detail-type": "T", "detail": {"a_b": [{"c": 1}]}});
        let of = |path: &str| JsonPath::parse(path).unwrap().of(&event).cloned();
        assert_eq!(of("$"), Some(event.clone()));
        assert_eq!(of("$.detail-type"), Some(json!("T")));
        assert_eq!(of("$.detail.a_b[0].c"), Some(json!(1)));
        assert_eq!(of("$.detail.nobody"), None);
        assert_eq!(of("$.detail.a_b[7]"), None);
    }

    #[test]
    fn other_syntax_refused() {
        for path in [
            "",
            "detail",
            "$.",
            "$.detail.*",
            "$['detail']",
            "$..a",
            "$.a[x]",
            "$.a[0",
        ] {
            assert!(JsonPath::parse(path).is_err(), "{path}");
        }
    }
}
