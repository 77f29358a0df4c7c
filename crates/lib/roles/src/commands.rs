//! The roles as commands of the AWS CLI, for any POSIX shell. Invariant: a command runs only where all before it
//! succeeded, so that nothing is added to a role of the same name that was there already; every value is one quoted word.
//!
//! Commands: <https://docs.aws.amazon.com/cli/latest/reference/iam/create-role.html>,
//! <https://docs.aws.amazon.com/cli/latest/reference/iam/put-role-policy.html>

use serde_json::{Value, json};

use crate::{Account, Role, Roles};

/// A script that makes the roles; the AWS CLI has to be signed in to this account.
pub fn commands(account: &Account, roles: &Roles) -> String {
    let commands: Vec<String> = roles.values().flat_map(role_commands).collect();
    format!(
        "# Polo's roles in account {}: run this with that account's credentials. It stops at the first failure.\n{}\n",
        account.id,
        commands.join(" &&\n")
    )
}

fn role_commands(role: &Role) -> Vec<String> {
    let tags: Value = role
        .tags
        .iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect();
    let create = command(
        "create-role",
        &[
            ("role-name", &role.name),
            ("path", &role.path),
            ("description", &role.description),
            (
                "max-session-duration",
                &role.max_session_seconds.to_string(),
            ),
            ("assume-role-policy-document", &role.trust.to_string()),
            ("tags", &tags.to_string()),
        ],
    );
    let policies = role.policies.iter().map(|(name, document)| {
        command(
            "put-role-policy",
            &[
                ("role-name", &role.name),
                ("policy-name", name),
                ("policy-document", &document.to_string()),
            ],
        )
    });
    std::iter::once(create).chain(policies).collect()
}

/// `--option=value` and not two words, because a role's name may begin with a hyphen.
fn command(name: &str, options: &[(&str, &str)]) -> String {
    let options: String = options
        .iter()
        .map(|(option, value)| format!(" \\\n  --{option}={}", quoted(value)))
        .collect();
    format!("aws iam {name}{options}")
}

/// One word of a POSIX shell: between single quotes everything but a single quote stands for itself.
///
/// Source: <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02>
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
