//! Delivered twice is done once, and what a crash left is found out.

use polo_core::ids;
use polo_testkit::clickhouse::engine_url;
use polo_testkit::gate::Gate;
use serde_json::json;

use crate::world::*;

#[tokio::test]
async fn a_tick_that_is_delivered_again_asks_for_nothing_more_even_if_accounts_have_come() {
    let world = World::new().await.waiting(&[ONE]).await;
    let payload = tick("2026-11-21T12:00:00Z");
    let first = world.deliver(&payload, "request 1").await.unwrap();
    let world = world.waiting(&[TWO]).await;
    let again = world.deliver(&payload, "request 2").await.unwrap();
    assert_eq!(again["create"], json!(null));
    // Also once the operation has ended and been settled.
    let operation = first["create"]["operation_id"].as_str().unwrap();
    world.ends(operation, "SUCCEEDED", &[(ONE, "SUCCEEDED", "")]);
    world.instance(ONE, "CURRENT", "SUCCEEDED");
    for request in ["request 3", "request 4"] {
        world.deliver(&payload, request).await.unwrap();
    }
    assert_eq!(world.asked(), [format!("CreateStackInstances {ONE}")]);

    world.minutes_pass(60);
    let next = world.tick().await.unwrap();
    assert_eq!(next["create"]["accounts"], json!([TWO]));
}

#[tokio::test]
async fn a_retry_asks_for_what_its_first_attempt_had_only_noted() {
    let world = World::new().await.waiting(&[ONE]).await;
    let payload = tick("2026-11-21T12:00:00Z");
    let sweep = ids::sweep_of_schedule("dev-polo-provisioning-tick", "2026-11-21T12:00:00Z");
    let operation = ids::stack_set_operation(sweep, "create").to_string();
    world.noted(ONE, &operation).await;
    let answer = world.deliver(&payload, "request 1").await.unwrap();
    assert_eq!(answer["settled"], json!({"unknown": 1}));
    assert_eq!(answer["create"]["operation_id"], operation);
    assert_eq!(world.attempts().await, [format!("{ONE} create running")]);
}

#[tokio::test]
async fn what_another_invocation_is_about_to_ask_for_is_left_to_it_while_it_can_live() {
    let world = World::new().await.waiting(&[ONE]).await;
    world
        .noted(ONE, "0f8fad5b-d9cb-569f-a165-70867728950e")
        .await;
    let answer = world.tick().await.unwrap();
    assert_eq!(answer["not_asked"], json!({"asked_before": 1}));
    assert!(world.asked().is_empty());
    world.minutes_pass(16);
    let answer = world.tick().await.unwrap();
    assert_eq!(answer["settled"], json!({"unknown": 1}));
    assert_eq!(answer["create"]["accounts"], json!([ONE]));
}

#[tokio::test]
async fn what_began_unnoted_is_found_running() {
    let world = World::new().await.waiting(&[ONE]).await;
    let operation = "0f8fad5b-d9cb-569f-a165-70867728950e";
    world.noted(ONE, operation).await;
    world.ends(operation, "RUNNING", &[(ONE, "PENDING", "")]);
    world.tick().await.unwrap();
    assert_eq!(world.attempts().await, [format!("{ONE} create running")]);
}

#[tokio::test]
async fn without_the_database_cloudformation_is_not_asked() {
    let gate = Gate::to_engine();
    assert_ne!(gate.url(), engine_url());
    let world = World::with(&[("CLICKHOUSE_URL", &gate.url())])
        .await
        .waiting(&[ONE])
        .await;
    gate.shut();
    let error = world.tick().await.unwrap_err();
    assert_eq!(
        error.error_type(),
        "ClickHouseUnreachable",
        "{}",
        error.chain()
    );
    assert!(world.aws.calls().is_empty());

    // It goes away between the listing and the note: nothing is asked that nobody would know of.
    gate.open();
    let held = world.aws.hold("ListStackInstances", "us-east-1");
    let away = async {
        held.reached().await;
        gate.shut();
        held.release();
    };
    let (answer, ()) = tokio::join!(world.tick(), away);
    assert_eq!(answer.unwrap_err().error_type(), "ClickHouseUnreachable");
    assert!(world.asked().is_empty());
}
