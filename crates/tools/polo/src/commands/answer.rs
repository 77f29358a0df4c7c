//! A function's answer, for people: whatever it holds is shown, so that a new field needs no new version of the CLI.

use comfy_table::Cell;
use serde_json::{Map, Value};

use crate::table::{self, Screen};

/// Single values as `name  value` lines, lists of objects as tables under their names; what is null is left out.
pub(crate) fn text(answer: &Value, screen: &Screen) -> String {
    match answer {
        Value::Null => "Done.\n".to_owned(),
        Value::Object(object) if object.is_empty() => "Done.\n".to_owned(),
        Value::Object(object) => of_object(object, screen),
        Value::Array(list) => of_list(list, screen),
        other => format!("{}\n", plain(other)),
    }
}

fn of_object(object: &Map<String, Value>, screen: &Screen) -> String {
    let labels: Vec<(String, &Value)> = object
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.replace('_', " "), value))
        .collect();
    let single: Vec<(&str, String)> = labels
        .iter()
        .filter(|(_, value)| !needs_section(value))
        .map(|(label, value)| (label.as_str(), plain(value)))
        .collect();
    let mut text = table::fields(&single);
    for (label, value) in labels.iter().filter(|(_, value)| needs_section(value)) {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("{}\n", label.to_uppercase()));
        match value {
            Value::Object(object) => text.push_str(&of_object(object, screen)),
            other => text.push_str(&of_list(
                other.as_array().map(Vec::as_slice).unwrap_or_default(),
                screen,
            )),
        }
    }
    text
}

/// Whether a value is too much for one line: a list of objects, or an object beyond a few counts.
fn needs_section(value: &Value) -> bool {
    const ON_ONE_LINE: usize = 4;
    match value {
        Value::Array(list) => list.iter().any(Value::is_object),
        Value::Object(object) => {
            object.len() > ON_ONE_LINE
                || object
                    .values()
                    .any(|value| value.is_object() || needs_section(value))
        }
        _ => false,
    }
}

fn of_list(list: &[Value], screen: &Screen) -> String {
    let mut columns: Vec<&String> = Vec::new();
    for object in list.iter().filter_map(Value::as_object) {
        for name in object.keys() {
            if !columns.contains(&name) {
                columns.push(name);
            }
        }
    }
    if columns.is_empty() {
        return list
            .iter()
            .map(|value| format!("{}\n", screen.shorten(&plain(value))))
            .collect();
    }
    let headings: Vec<String> = columns.iter().map(|name| name.replace('_', " ")).collect();
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let mut table = screen.table(&headings);
    for value in list {
        let cells = columns.iter().map(|name| match &value[name.as_str()] {
            Value::Null => Cell::new(""),
            Value::Number(number) => {
                Cell::new(number).set_alignment(comfy_table::CellAlignment::Right)
            }
            Value::String(text) => table::state(text),
            other => table::cell(plain(other)),
        });
        table.add_row(table::row(cells));
    }
    let ids: Vec<usize> = columns
        .iter()
        .enumerate()
        .filter(|(_, name)| name.ends_with("account_id"))
        .map(|(index, _)| index)
        .collect();
    table::keep_whole(&mut table, &ids);
    table::text(&table)
}

/// One value on one line.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(object) if object.is_empty() => "none".to_owned(),
        Value::Object(object) => {
            let pairs: Vec<String> = object
                .iter()
                .map(|(name, value)| format!("{} {}", name.replace('_', " "), plain(value)))
                .collect();
            pairs.join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const WIDE: Screen = Screen {
        width: None,
        colour: false,
    };

    #[test]
    fn values_are_lines_and_lists_of_objects_are_tables() {
        let answer = json!({
            "accounts": 3, "complete": true, "organization_ids": ["o-a", "o-b"],
            "statuses": {"active": 2, "no_access": 1}, "refused": null,
            "account": {"account_id": "123456789012", "polo_status": "active", "verdict": "success", "message": "", "checks": 1},
            "failures": [
                {"account_id": "123456789012", "error_class": "denied"},
                {"account_id": "012345678901", "message": "no\u{1b}[31m luck"}
            ]
        });
        insta::assert_snapshot!(text(&answer, &WIDE));
    }

    #[test]
    fn an_empty_answer_is_told_as_done() {
        assert_eq!(text(&Value::Null, &WIDE), "Done.\n");
        assert_eq!(text(&json!({}), &WIDE), "Done.\n");
    }
}
