//! Three ways to roll out, one set of roles.

use std::collections::BTreeMap;

use polo_roles::{Role, Roles, commands, terraform};
use serde_json::json;

use crate::read_back::{ByName, from_commands, from_terraform};
use crate::support::{account, shapes, template, values};

fn by_name(roles: &Roles) -> ByName {
    roles
        .values()
        .map(|role| (role.name.clone(), role.clone()))
        .collect()
}

#[test]
fn template_terraform_and_commands_give_the_same_roles() {
    let template = template();
    for partition in ["aws", "aws-us-gov"] {
        let account = account(partition);
        for shape in shapes() {
            let roles = template.resolve(&account, &values(&shape)).unwrap();
            let expected = by_name(&roles);
            assert_eq!(
                expected.len(),
                1 + usize::from(shape.iter().any(|(name, _)| *name == "EnableActionRole"))
            );
            let script = commands(&account, &roles);
            assert_eq!(
                from_terraform(&terraform(&account, &roles).to_string()),
                expected,
                "{shape:?}"
            );
            assert_eq!(from_commands(&script), expected, "{shape:?}");
            // Not even a here-document without quotes would find something to expand.
            assert!(!script.contains(['$', '`']), "{shape:?}");
        }
    }
}

#[test]
fn nothing_in_a_role_is_worked_out_by_terraform_or_a_shell() {
    let nasty = "it's \"$HOME\" `id` $(id) ${aws:username} $${x} %{if} %%{x} $$ \\ \\n\n#! &&";
    let role = Role {
        name: "-o'dd".to_owned(),
        path: "/".to_owned(),
        description: nasty.to_owned(),
        max_session_seconds: 3600,
        trust: json!({"Statement": [{"Condition": {"StringEquals": {"${aws:x}": nasty}}}]}),
        policies: BTreeMap::from([(nasty.to_owned(), json!({"Resource": nasty}))]),
        tags: BTreeMap::from([
            (nasty.to_owned(), nasty.to_owned()),
            ("b".to_owned(), String::new()),
        ]),
    };
    let roles = Roles::from([("ReadRole".to_owned(), role)]);
    let account = account("aws");
    assert_eq!(
        from_terraform(&terraform(&account, &roles).to_string()),
        by_name(&roles)
    );
    assert_eq!(from_commands(&commands(&account, &roles)), by_name(&roles));
}

#[test]
fn a_command_runs_only_after_all_before_it() {
    let account = account("aws");
    let all = shapes().pop().unwrap();
    let roles = template().resolve(&account, &values(&all)).unwrap();
    let words = shell_words::split(&commands(&account, &roles)).unwrap();
    let names: Vec<&str> = words
        .split(|word| word == "&&")
        .map(|command| command[2].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "create-role",
            "put-role-policy",
            "put-role-policy",
            "create-role",
            "put-role-policy"
        ]
    );
}
