//! Roles read back from their renderings, as Terraform and a shell would read them. Invariant: what is not understood
//! stops the test, so that nothing in a rendering goes unseen.

use std::collections::BTreeMap;

use polo_roles::Role;
use serde_json::{Map, Value};

/// By name.
pub(crate) type ByName = BTreeMap<String, Role>;

pub(crate) fn from_terraform(text: &str) -> ByName {
    let mut root = object(serde_json::from_str(text).unwrap());
    assert!(root.remove("//").unwrap().is_string());
    let mut resources = object(take(&mut root, "resource"));
    assert!(root.is_empty(), "{root:?}");
    let mut by_label: BTreeMap<String, Role> = BTreeMap::new();
    for (label, block) in object(take(&mut resources, "aws_iam_role")) {
        assert!(is_label(&label), "{label}");
        let mut block = object(block);
        let role = Role {
            name: literal(&take(&mut block, "name")),
            path: literal(&take(&mut block, "path")),
            description: literal(&take(&mut block, "description")),
            max_session_seconds: number(&take(&mut block, "max_session_duration")),
            trust: json(&literal(&take(&mut block, "assume_role_policy"))),
            policies: BTreeMap::new(),
            tags: object(take(&mut block, "tags"))
                .into_iter()
                .map(|(key, value)| (literal(&key.into()), literal(&value)))
                .collect(),
        };
        assert!(block.is_empty(), "{block:?}");
        by_label.insert(label, role);
    }
    for (label, block) in object(take(&mut resources, "aws_iam_role_policy")) {
        assert!(is_label(&label), "{label}");
        let mut block = object(block);
        let role = take(&mut block, "role");
        let role = role
            .as_str()
            .and_then(|role| role.strip_prefix("${aws_iam_role."))
            .and_then(|role| role.strip_suffix(".name}"))
            .unwrap();
        let name = literal(&take(&mut block, "name"));
        let document = json(&literal(&take(&mut block, "policy")));
        assert!(block.is_empty(), "{block:?}");
        let policies = &mut by_label.get_mut(role).unwrap().policies;
        assert!(policies.insert(name, document).is_none());
    }
    assert!(resources.is_empty(), "{resources:?}");
    let count = by_label.len();
    let by_name: ByName = by_label
        .into_values()
        .map(|role| (role.name.clone(), role))
        .collect();
    assert_eq!(by_name.len(), count);
    by_name
}

pub(crate) fn from_commands(script: &str) -> ByName {
    let words = shell_words::split(script).unwrap();
    let mut roles = ByName::new();
    for command in words.split(|word| word == "&&") {
        let [aws, iam, name, options @ ..] = command else {
            panic!("{command:?}")
        };
        assert_eq!((aws.as_str(), iam.as_str()), ("aws", "iam"));
        let mut options: BTreeMap<&str, &str> = options
            .iter()
            .map(|option| option.strip_prefix("--").unwrap().split_once('=').unwrap())
            .collect();
        let mut option = |name: &str| options.remove(name).unwrap().to_owned();
        let role_name = option("role-name");
        match name.as_str() {
            "create-role" => {
                let role = Role {
                    name: role_name.clone(),
                    path: option("path"),
                    description: option("description"),
                    max_session_seconds: option("max-session-duration").parse().unwrap(),
                    trust: json(&option("assume-role-policy-document")),
                    policies: BTreeMap::new(),
                    tags: json(&option("tags"))
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(tag)
                        .collect(),
                };
                assert!(roles.insert(role_name, role).is_none());
            }
            "put-role-policy" => {
                let policies = &mut roles.get_mut(&role_name).unwrap().policies;
                let (name, document) = (option("policy-name"), json(&option("policy-document")));
                assert!(policies.insert(name, document).is_none());
            }
            other => panic!("{other}"),
        }
        assert!(options.is_empty(), "{options:?}");
    }
    roles
}

fn tag(tag: &Value) -> (String, String) {
    let mut tag = object(tag.clone());
    let pair = ["Key", "Value"].map(|name| take(&mut tag, name).as_str().unwrap().to_owned());
    assert!(tag.is_empty(), "{tag:?}");
    pair.into()
}

/// What Terraform makes of a string without interpolations and directives.
fn literal(value: &Value) -> String {
    let mut text = String::new();
    let mut rest = value.as_str().unwrap();
    while let Some(letter) = rest.chars().next() {
        if let Some(after) = ["$${", "%%{"]
            .iter()
            .find_map(|begin| rest.strip_prefix(begin))
        {
            text.push(letter);
            text.push('{');
            rest = after;
        } else {
            assert!(
                !rest.starts_with("${") && !rest.starts_with("%{"),
                "{value}"
            );
            text.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    text
}

fn is_label(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_lowercase())
        && text
            .bytes()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == b'_')
}

fn take(object: &mut Map<String, Value>, key: &str) -> Value {
    object
        .remove(key)
        .unwrap_or_else(|| panic!("{key} is missing"))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("no object: {other}"),
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn number(value: &Value) -> u32 {
    value.as_u64().unwrap().try_into().unwrap()
}
