//! The tick: whom it asks for, in which operations, and whom it leaves alone.

use polo_testkit::accounts::exclude;
use polo_testkit::sql::row_counts;
use serde_json::json;

use crate::world::*;

#[tokio::test]
async fn missing_instances_are_made_and_failed_ones_deployed_anew_each_in_one_operation() {
    let world = World::new().await.waiting(&[ONE, TWO, THREE]).await;
    world.instance(THREE, "OUTDATED", "FAILED");
    let answer = world.tick().await.unwrap();
    assert_eq!(
        world.asked(),
        [
            format!("CreateStackInstances {ONE},{TWO}"),
            format!("UpdateStackInstances {THREE}")
        ]
    );
    let create = &world.aws.calls_of("CreateStackInstances")[0];
    for (name, value) in [
        ("StackSetName", "polo-roles"),
        ("CallAs", "SELF"),
        ("DeploymentTargets.AccountFilterType", "INTERSECTION"),
        (
            "DeploymentTargets.OrganizationalUnitIds.member.1",
            "ou-ab12-workloads",
        ),
        ("DeploymentTargets.OrganizationalUnitIds.member.2", ""),
        ("Regions.member.1", "us-east-1"),
    ] {
        assert_eq!(create.parameter(name), value, "{name}");
    }
    assert_eq!(answer["create"]["accounts"], json!([ONE, TWO]));
    assert_eq!(
        answer["create"]["operation_id"],
        create.parameter("OperationId")
    );
    assert_eq!(answer["update"]["accounts"], json!([THREE]));
    assert_eq!(
        (&answer["waiting"], &answer["busy"]),
        (&json!(3), &json!(null))
    );
    assert_eq!(
        world.attempts().await,
        [
            format!("{ONE} create running"),
            format!("{TWO} create running"),
            format!("{THREE} update running")
        ]
    );
}

#[tokio::test]
async fn nobody_waits_and_nobody_is_asked() {
    let world = World::new().await.waiting(&[ONE, TWO, THREE]).await;
    exclude(&world.store, ONE).await;
    world.fact(TWO, "true AS is_management").await;
    world
        .fact(THREE, "['r-ab12', 'ou-ab12-elsewhere'] AS parents")
        .await;
    let answer = world.tick().await.unwrap();
    assert_eq!(
        answer["not_asked"],
        json!({"excluded": 1, "management_account": 1, "outside_rollout": 1})
    );
    assert!(world.aws.calls().is_empty());
}

#[tokio::test]
async fn current_deploying_and_inoperable_instances_are_left_alone() {
    let world = World::new().await.waiting(&[ONE, TWO, THREE]).await;
    world.instance(ONE, "CURRENT", "SUCCEEDED");
    world.instance(TWO, "OUTDATED", "RUNNING");
    world.instance(THREE, "INOPERABLE", "INOPERABLE");
    let answer = world.tick().await.unwrap();
    assert_eq!(
        answer["not_asked"],
        json!({"current": 1, "under_way": 1, "inoperable": 1})
    );
    assert!(world.asked().is_empty() && world.attempts().await.is_empty());
}

#[tokio::test]
async fn a_stack_set_that_cannot_be_read_is_no_missing_instance() {
    let world = World::new().await.waiting(&[ONE]).await;
    let before = row_counts(&world.store).await;
    for (reply, error_type, part) in [
        (
            refusal(403, "AccessDenied", "no"),
            "AwsCallFailed",
            "cloudformation:ListStackInstances failed (denied)",
        ),
        (
            refusal(404, "StackSetNotFoundException", "not found"),
            "StackSetNotFound",
            "\"polo-roles\"",
        ),
        (
            refusal(400, "Throttling", "Rate exceeded"),
            "AwsCallFailed",
            "throttled",
        ),
    ] {
        world.instead("ListStackInstances", reply);
        let error = world.tick().await.unwrap_err();
        assert_eq!(error.error_type(), error_type, "{}", error.chain());
        assert!(error.chain().contains(part), "{}", error.chain());
    }
    assert!(world.asked().is_empty());
    assert_eq!(row_counts(&world.store).await, before);
}

#[tokio::test]
async fn a_new_account_is_left_to_auto_deployment_unless_a_person_asks() {
    let world = World::new().await;
    world.waits(ONE, "0 DAY").await;
    let answer = world.tick().await.unwrap();
    assert_eq!(answer["not_asked"], json!({"left_to_auto_deployment": 1}));
    assert!(world.asked().is_empty());
    world.by_hand(json!({})).await.unwrap();
    assert_eq!(world.asked(), [format!("CreateStackInstances {ONE}")]);
}
