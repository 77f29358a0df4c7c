//! As whom the StackSet is asked: the function itself, a delegated administrator, or the provisioning role.

use polo_testkit::aws::{HUB_ACCESS_KEY, assume_role_denied};

use crate::world::*;

const ROLE: &str = "arn:aws:iam::999999999999:role/dev-polo-provisioner";

#[tokio::test]
async fn without_a_role_the_functions_own_credentials_are_used() {
    let world = World::with(&[("POLO_STACK_SET_CALL_AS", "DELEGATED_ADMIN")])
        .await
        .waiting(&[ONE])
        .await;
    world.tick().await.unwrap();
    let calls = world.aws.calls();
    assert_eq!(calls.len(), 2);
    for call in calls {
        assert_eq!(call.access_key, HUB_ACCESS_KEY);
        assert_eq!(call.parameter("CallAs"), "DELEGATED_ADMIN");
    }
}

#[tokio::test]
async fn with_a_role_every_call_is_the_roles_and_the_external_id_is_shown() {
    let world = World::with(&[
        ("POLO_PROVISIONING_ROLE_ARN", ROLE),
        ("POLO_EXTERNAL_ID", "our-secret-word"),
    ])
    .await
    .waiting(&[ONE])
    .await;
    world.tick().await.unwrap();
    world.minutes_pass(60);
    world.tick().await.unwrap();
    let assumed = world.aws.calls_of("AssumeRole");
    assert_eq!(assumed.len(), 1, "one session serves both ticks");
    assert_eq!(
        (
            assumed[0].parameter("RoleArn").as_str(),
            assumed[0].parameter("ExternalId").as_str()
        ),
        (ROLE, "our-secret-word")
    );
    let session = assumed[0].parameter("RoleSessionName");
    assert!(session.starts_with("polo-role-provisioner-"), "{session}");
    let mut operations: Vec<String> = Vec::new();
    for call in world.aws.calls() {
        if call.service == "cloudformation" {
            assert_eq!(
                call.account_id(),
                Some("999999999999"),
                "{}",
                call.operation
            );
            operations.push(call.operation);
        }
    }
    operations.sort();
    operations.dedup();
    assert_eq!(
        operations,
        [
            "CreateStackInstances",
            "DescribeStackSetOperation",
            "ListStackInstances"
        ]
    );
}

#[tokio::test]
async fn a_role_that_refuses_is_named() {
    let world = World::with(&[("POLO_PROVISIONING_ROLE_ARN", ROLE)])
        .await
        .waiting(&[ONE])
        .await;
    world.aws.on("sts", "AssumeRole", assume_role_denied);
    let error = world.tick().await.unwrap_err();
    let sentence = error.chain();
    assert_eq!(error.error_type(), "AwsCallFailed");
    assert!(
        sentence.contains("sts:AssumeRole") && sentence.contains(ROLE),
        "{sentence}"
    );
    assert!(world.asked().is_empty());
}
