//! Accounts that auto-deployment has passed by get their roles from role-provisioner, with the rights of its own role.

use std::collections::BTreeSet;

use polo_tests::{Loaded, Stack};
use reqwest::Method;
use serde_json::json;

use crate::plain_account::{PROVISIONER, make_roles, role_arn, take_own_rights};
use crate::roles::{check, roll_out, two_members};

/// One account has lost its instance, the other's failed: one invocation has both made, and the next finds out how that
/// ended.
#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_wait_for_their_role_get_it() {
    let (stack, loaded) = Stack::with(&two_members()).await;
    let [alpha, bravo] = waiting(&stack, &loaded).await;

    let asked = stack.invoke("role-provisioner", json!({})).await.unwrap();
    assert_eq!(asked["create"]["accounts"], json!([bravo]), "{asked}");
    assert_eq!(asked["update"]["accounts"], json!([alpha]), "{asked}");
    // The management account, which StackSets skip, has its role from a stack of its own.
    assert_eq!(asked["not_asked"], json!({"active": 1}), "{asked}");

    stack.invoke("access-verifier", json!({})).await.unwrap();
    for account_id in [&alpha, &bravo] {
        assert_eq!(stack.status(account_id).await, "active role_works");
    }
    let settled = stack.fire("provisioning-tick").await;
    assert_eq!(settled.dead_letters, 0);
    assert_eq!(
        attempts(&stack).await,
        [
            format!("{alpha} update succeeded"),
            format!("{bravo} create succeeded")
        ]
        .into_iter()
        .collect::<BTreeSet<String>>()
    );

    let shown = stack.polo(&["roles", "status"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(
        shown.contains("create succeeded") && shown.contains("2 current"),
        "{shown}"
    );
}

/// A role that is in the way fails the one account, with CloudFormation's words, and not the other.
#[tokio::test(flavor = "multi_thread")]
async fn one_account_that_fails_holds_up_no_other() {
    let (stack, loaded) = Stack::with(&two_members()).await;
    let [alpha, bravo] = waiting(&stack, &loaded).await;
    stack.aws(
        json!([{"account_id": alpha, "service": "iam", "operation": "create_role", "arguments": {
            "RoleName": stack.env["POLO_READ_ROLE_NAME"],
            "AssumeRolePolicyDocument": json!({"Version": "2012-10-17", "Statement": []}).to_string()
        }}]),
    );

    let output = stack.polo(&["roles", "deploy"]);
    assert!(output.status.success(), "{output:?}");
    stack.invoke("access-verifier", json!({})).await.unwrap();
    assert_eq!(stack.status(&bravo).await, "active role_works");
    assert_eq!(
        stack.status(&alpha).await,
        "pending_setup deployment_not_current"
    );

    stack.fire("provisioning-tick").await;
    let ended = attempts(&stack).await;
    assert!(
        ended
            .iter()
            .any(|one| one.starts_with(&format!("{alpha} update failed")) && one.contains("exists")),
        "{ended:?}"
    );
    // The pause holds for the tick, not for a person.
    let asked = stack
        .invoke("role-provisioner", json!({"account_id": alpha}))
        .await
        .unwrap();
    assert_eq!(asked["update"]["accounts"], json!([alpha]), "{asked}");
}

/// Where the hub may not change the StackSet itself, it does so through the role in the management account.
#[tokio::test(flavor = "multi_thread")]
async fn instances_are_made_through_the_role() {
    let (stack, loaded) = Stack::with(&two_members()).await;
    let [alpha, bravo] = waiting(&stack, &loaded).await;
    take_own_rights(&stack);
    make_roles(&stack, &loaded);

    let refused = stack.invoke("role-provisioner", json!({})).await;
    let refused = refused.expect_err("its own rights are gone");
    assert!(
        refused
            .message
            .contains("cloudformation:ListStackInstances failed (denied)"),
        "{refused:?}"
    );

    let provisioner = role_arn(&stack, PROVISIONER);
    stack
        .configure(
            "role-provisioner",
            &[
                ("POLO_ROLLOUT_OUS", &loaded.units["Workloads"]),
                ("POLO_PROVISIONING_ROLE_ARN", &provisioner),
            ],
        )
        .await;
    let asked = stack.invoke("role-provisioner", json!({})).await.unwrap();
    assert_eq!(asked["create"]["accounts"], json!([bravo]), "{asked}");
    assert_eq!(asked["update"]["accounts"], json!([alpha]), "{asked}");
    let settled = stack.invoke("role-provisioner", json!({})).await.unwrap();
    assert_eq!(settled["settled"], json!({"succeeded": 2}), "{settled}");
}

/// Members whose roles the StackSet has failed to make in the one, and has no instance for in the other: `[alpha, bravo]`.
async fn waiting(stack: &Stack, loaded: &Loaded) -> [String; 2] {
    let external_id = stack.env["POLO_EXTERNAL_ID"].clone();
    roll_out(stack, loaded, &external_id, &[]);
    let [alpha, bravo] = ["alpha", "bravo"].map(|name| loaded.account(name).to_owned());
    let stack_set = stack.env["POLO_STACK_SET_NAME"].as_str();
    stack.aws(
        json!([{"service": "cloudformation", "operation": "delete_stack_instances", "arguments": {
            "StackSetName": stack_set, "Regions": ["us-east-1"], "RetainStacks": false,
            "DeploymentTargets": {
                "OrganizationalUnitIds": [loaded.units["Workloads"]], "Accounts": [bravo], "AccountFilterType": "INTERSECTION"
            }
        }}]),
    );
    let failed = json!({"stack_set_name": stack_set, "account_id": alpha, "status": "OUTDATED", "detailed_status": "FAILED"});
    stack.control(Method::POST, "stack-instance", failed).await;
    stack
        .configure(
            "role-provisioner",
            &[("POLO_ROLLOUT_OUS", &loaded.units["Workloads"])],
        )
        .await;
    check(stack).await;
    assert_eq!(
        stack.status(&alpha).await,
        "pending_setup deployment_not_current"
    );
    assert_eq!(stack.status(&bravo).await, "pending_setup never_set_up");
    [alpha, bravo]
}

/// `account action outcome reason`.
async fn attempts(stack: &Stack) -> BTreeSet<String> {
    stack
        .rows(
            "SELECT trimRight(concat(account_id, ' ', action, ' ', outcome, ' ', reason)) FROM provisioning_attempts FINAL",
        )
        .await
        .into_iter()
        .collect()
}
