//! The roles as Terraform in its JSON syntax, for a file `*.tf.json`. Invariant: every string is a literal, whatever it
//! contains, but for a policy's reference to its role.
//!
//! Syntax: <https://developer.hashicorp.com/terraform/language/syntax/json>

use serde_json::{Map, Value, json};

use crate::{Account, Roles};

/// The configuration; the provider is the caller's, and has to be signed in to this account.
pub fn terraform(account: &Account, roles: &Roles) -> Value {
    let mut role_blocks = Map::new();
    let mut policy_blocks = Map::new();
    for (id, role) in roles {
        let label = label(id);
        let tags: Map<String, Value> = role
            .tags
            .iter()
            .map(|(key, value)| (literal(key), literal(value).into()))
            .collect();
        for (name, document) in &role.policies {
            let block = json!({
                "name": literal(name),
                "role": format!("${{aws_iam_role.{label}.name}}"),
                "policy": literal(&document.to_string()),
            });
            policy_blocks.insert(format!("{label}_{}", self::label(name)), block);
        }
        let block = json!({
            "name": literal(&role.name),
            "path": literal(&role.path),
            "description": literal(&role.description),
            "max_session_duration": role.max_session_seconds,
            "assume_role_policy": literal(&role.trust.to_string()),
            "tags": tags,
        });
        role_blocks.insert(label, block);
    }
    json!({
        "//": format!("Polo's roles in account {}, for that account alone", account.id),
        "resource": {"aws_iam_role": role_blocks, "aws_iam_role_policy": policy_blocks},
    })
}

/// Text in which Terraform finds nothing to work out: `${` begins an interpolation, `%{` a directive.
fn literal(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

/// A name as Terraform writes them: `ReadRole` is `read_role`, `polo-read` is `polo_read`.
fn label(name: &str) -> String {
    let mut label = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !label.is_empty() {
            label.push('_');
        }
        match letter {
            letter if letter.is_ascii_alphanumeric() => label.push(letter.to_ascii_lowercase()),
            _ => label.push('_'),
        }
    }
    label
}
