//! A hub that may neither list the organization nor read the stack set itself, through the role that the CDK app makes for
//! it in the management account.
//!
//! Invariant: the roles are those of the synthesized template. The local stack's hub is in the management account, so what
//! it could do there by itself is taken from it first.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use polo_tests::{Loaded, Stack};
use serde_json::{Value, json};

use crate::roles::{check, roll_out, two_members};

const READER: &str = "dev-polo-organization-reader";
pub(crate) const PROVISIONER: &str = "dev-polo-provisioner";

/// Discovery lists through the role, the verifier reads the stack set through it, and without it neither can.
#[tokio::test(flavor = "multi_thread")]
async fn the_organization_is_listed_and_the_stack_set_read_through_the_role() {
    let (stack, loaded) = Stack::with(&two_members()).await;
    let external_id = stack.env["POLO_EXTERNAL_ID"].clone();
    roll_out(&stack, &loaded, &external_id, &[]);
    take_own_rights(&stack);
    let reader = configure(&stack).await;

    let refused = stack.invoke("account-discovery", json!({})).await;
    let told = format!("{:?}", refused.expect_err("there is no such role yet"));
    assert!(told.contains(&reader), "{told}");

    make_roles(&stack, &loaded);
    check(&stack).await;

    for account_id in [
        loaded.account("alpha"),
        loaded.account("bravo"),
        &loaded.management_id,
    ] {
        assert_eq!(stack.status(account_id).await, "active role_works");
    }
    let instances = stack
        .rows("SELECT account_id, status FROM stack_instances FINAL ORDER BY account_id")
        .await;
    let mut expected = ["alpha", "bravo"].map(|name| format!("{}\tCURRENT", loaded.account(name)));
    expected.sort();
    assert_eq!(instances, expected);
}

/// Only who is named gets in, and only to what the role is for.
#[tokio::test(flavor = "multi_thread")]
async fn the_roles_let_in_the_functions_they_name() {
    let (stack, loaded) = Stack::with(&two_members()).await;
    take_own_rights(&stack);
    make_roles(&stack, &loaded);
    let reader = role_arn(&stack, READER);
    let provisioner = role_arn(&stack, PROVISIONER);

    // The provisioner trusts another function: discovery cannot list through it.
    stack
        .configure(
            "account-discovery",
            &[("POLO_ORGANIZATION_ROLE_ARN", &provisioner)],
        )
        .await;
    let refused = stack.invoke("account-discovery", json!({})).await;
    let told = format!("{:?}", refused.expect_err("it is not trusted"));
    assert!(told.contains("AssumeRole"), "{told}");

    // With another external id than the one that the role asks for.
    stack
        .configure(
            "account-discovery",
            &[
                ("POLO_ORGANIZATION_ROLE_ARN", &reader),
                ("POLO_EXTERNAL_ID", "of-another-polo"),
            ],
        )
        .await;
    let refused = stack.invoke("account-discovery", json!({})).await;
    let told = format!("{:?}", refused.expect_err("the external id is wrong"));
    assert!(told.contains("AssumeRole"), "{told}");

    configure(&stack).await;
    stack
        .invoke("account-discovery", json!({}))
        .await
        .expect("this is the function that is trusted, with the right external id");
}

pub(crate) fn role_arn(stack: &Stack, role: &str) -> String {
    format!(
        "arn:aws:iam::{}:role/{role}",
        stack.env["POLO_HUB_ACCOUNT_ID"]
    )
}

/// What the functions of a plain account are told; the role's ARN.
async fn configure(stack: &Stack) -> String {
    let reader = role_arn(stack, READER);
    for (function, variable) in [
        ("account-discovery", "POLO_ORGANIZATION_ROLE_ARN"),
        ("access-verifier", "POLO_STACK_SET_ROLE_ARN"),
    ] {
        stack.configure(function, &[(variable, &reader)]).await;
    }
    reader
}

/// From the functions' own roles what a plain account has not, and to them what it has.
pub(crate) fn take_own_rights(stack: &Stack) {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Action": ["organizations:*", "cloudformation:*"], "Resource": "*"},
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": [role_arn(stack, READER), role_arn(stack, PROVISIONER)]},
    ]});
    let calls: Vec<Value> = ["account-discovery", "access-verifier", "role-provisioner"]
        .iter()
        .map(|function| {
            json!({"service": "iam", "operation": "put_role_policy", "arguments": {
                "RoleName": format!("dev-polo-{function}"), "PolicyName": "plain-account", "PolicyDocument": policy.to_string()
            }})
        })
        .collect();
    stack.aws(json!(calls));
}

/// The two roles of the app's template, in the management account.
pub(crate) fn make_roles(stack: &Stack, loaded: &Loaded) {
    let template = synthesized(&json!({
        "stacks": "roles",
        "hubLocation": "member-account",
        "hubAccountId": stack.env["POLO_HUB_ACCOUNT_ID"],
        // Only the hub's side uses it.
        "managementAccountId": "999988887777",
        "hubOrganizationId": loaded.organization_id,
        "externalId": stack.env["POLO_EXTERNAL_ID"],
        "stackSetName": stack.env["POLO_STACK_SET_NAME"],
        "rolloutOus": loaded.units["Workloads"],
        "provisioning": "on",
    }));
    let resources: serde_json::Map<String, Value> = ["OrganizationReader", "Provisioner"]
        .into_iter()
        .map(|id| (id.to_owned(), template["Resources"][id].clone()))
        .collect();
    stack.aws(
        json!([{"service": "cloudformation", "operation": "create_stack", "arguments": {
            "StackName": "dev-polo-roles",
            "TemplateBody": json!({"Resources": resources}).to_string(),
            "Capabilities": ["CAPABILITY_NAMED_IAM"]
        }}]),
    );
}

/// The stack of the rollout, as the CDK app writes it with these settings.
fn synthesized(settings: &Value) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new("node")
        .args(["--import", "tsx", "bin/polo.ts"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/polo"))
        .env("CDK_OUTDIR", folder.path())
        .env("CDK_CONTEXT_JSON", settings.to_string())
        .stdin(Stdio::null())
        .output()
        .expect("node runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = fs::read(folder.path().join("dev-polo-roles.template.json")).expect("the template");
    serde_json::from_slice(&text).expect("JSON")
}
