//! What cannot be done: one sentence, a stable name, nothing asked and nothing written.

use std::sync::Arc;

use polo_runtime::Function;
use polo_testkit::accounts::{active, exclude};
use polo_testkit::aws::FakeAws;
use polo_testkit::clickhouse::fresh_store;
use polo_testkit::sql::row_counts;
use role_provisioner::RoleProvisioner;
use serde_json::json;

use crate::world::*;

const MANAGEMENT: &str = "444444444444";
const ACTIVE: &str = "555555555555";

#[tokio::test]
async fn an_account_that_gets_no_instance_is_one_sentence_why() {
    let world = World::new()
        .await
        .waiting(&[ONE, TWO, THREE, MANAGEMENT])
        .await;
    active(&world.store, ACTIVE).await;
    exclude(&world.store, ONE).await;
    world.fact(TWO, "['r-ab12'] AS parents").await;
    world.fact(MANAGEMENT, "true AS is_management").await;
    world.instance(THREE, "CURRENT", "SUCCEEDED");
    let before = row_counts(&world.store).await;
    for (payload, error_type, part) in [
        (
            json!({"account_id": ONE}),
            "RequestRefused",
            "excluded (excluded_by_operator)",
        ),
        (
            json!({"account_id": TWO}),
            "RequestRefused",
            "none of the StackSet's targets (ou-ab12-workloads)",
        ),
        (
            json!({"account_id": THREE}),
            "RequestRefused",
            "current stack instance",
        ),
        (
            json!({"account_id": MANAGEMENT}),
            "RequestRefused",
            "management account",
        ),
        (json!({"account_id": ACTIVE}), "RequestRefused", "is active"),
        (
            json!({"account_id": "999999999999"}),
            "AccountUnknown",
            "999999999999",
        ),
        (
            json!({"account_id": "99999999999"}),
            "PayloadInvalid",
            "99999999999",
        ),
        (json!({"account": ONE}), "PayloadInvalid", "\"account\""),
    ] {
        let error = world.by_hand(payload.clone()).await.unwrap_err();
        let sentence = error.chain();
        assert_eq!(error.error_type(), error_type, "{payload}: {sentence}");
        assert!(
            sentence.contains(part) && !sentence.contains('\n'),
            "{payload}: {sentence}"
        );
    }
    assert!(world.asked().is_empty());
    assert_eq!(row_counts(&world.store).await, before);
}

#[tokio::test]
async fn one_account_is_asked_for_by_hand_and_the_others_are_not() {
    let world = World::new().await.waiting(&[ONE, TWO]).await;
    let answer = world.by_hand(json!({"account_id": TWO})).await.unwrap();
    assert_eq!(answer["create"]["accounts"], json!([TWO]));
    assert_eq!(world.asked(), [format!("CreateStackInstances {TWO}")]);
    let error = world
        .deliver(&json!({"account_id": TWO}), "another request")
        .await
        .unwrap_err();
    assert!(error.chain().contains("has not ended"), "{}", error.chain());
}

#[tokio::test]
async fn without_a_stack_set_or_its_targets_the_function_does_not_start() {
    let store = fresh_store().await;
    let aws = FakeAws::new();
    for (environment, part) in [
        (vec![], "POLO_STACK_SET_NAME is not set"),
        (vec![SETTINGS[0]], "POLO_ROLLOUT_OUS is not set"),
        (
            vec![SETTINGS[0], SETTINGS[1]],
            "POLO_ROLE_REGION is not set",
        ),
        (
            vec![SETTINGS[0], SETTINGS[2], ("POLO_ROLLOUT_OUS", "Workloads")],
            "POLO_ROLLOUT_OUS is \"Workloads\"",
        ),
        (
            vec![
                SETTINGS[0],
                SETTINGS[1],
                SETTINGS[2],
                ("POLO_PROVISIONING_ROLE_ARN", "provisioner"),
            ],
            "POLO_PROVISIONING_ROLE_ARN is \"provisioner\"",
        ),
    ] {
        let sentence = match context(&store, &aws, &environment, Arc::default()) {
            Err(problem) => problem.to_string(),
            Ok(context) => match RoleProvisioner::new(context) {
                Ok(_) => panic!("{environment:?} is taken"),
                Err(error) => {
                    assert_eq!(error.error_type(), "ConfigInvalid");
                    error.chain()
                }
            },
        };
        assert!(
            sentence.starts_with(part) && !sentence.contains('\n'),
            "{environment:?}: {sentence}"
        );
    }
    assert!(aws.calls().is_empty());
}
