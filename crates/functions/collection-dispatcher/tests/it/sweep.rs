//! A sweep: active accounts only, each collector once, and once only however often the firing is delivered.

use polo_core::Timestamp;
use polo_testkit::{accounts, sql};
use serde_json::json;
use uuid::Uuid;

use crate::world::*;

#[tokio::test]
async fn every_active_account_is_asked_for_every_collector_with_all_that_the_rules_hand_on() {
    let world = World::new().await;
    let answer = world.deliver(&sweep(21), "request 1").await.unwrap();
    let events = world.bus.take();
    assert_eq!(asked(&events), every_collector(&[ONE, TWO]));
    let sweep_id = answer["sweep_id"].as_str().unwrap();
    for event in &events {
        assert_eq!(event.source, "polo.collection-dispatcher");
        assert_eq!(event.detail_type, "Collect Account");
        assert_eq!(event.bus, "dev-polo");
        assert_eq!(event.text("sweep_id"), sweep_id);
        event.text("sweep_id").parse::<Uuid>().unwrap();
        event.text("requested_at").parse::<Timestamp>().unwrap();
        assert_eq!(event.detail.as_object().unwrap().len(), 4);
    }
    assert_eq!(
        world.dispatches().await,
        with_outcome(&[ONE, TWO], "accepted")
    );
    assert_eq!(answer["asked"], events.len());
    assert_eq!(
        (&answer["accounts"], &answer["sent_before"]),
        (&json!(2), &json!(0))
    );
}

#[tokio::test]
async fn a_repeated_delivery_sends_nothing_and_the_next_day_sends_again() {
    let world = World::new().await;
    world.sends(&sweep(21), "request 1").await;
    // Lambda's retry, and EventBridge's own second delivery.
    for request in ["request 1", "request 2"] {
        let answer = world.deliver(&sweep(21), request).await.unwrap();
        assert_eq!(
            (&answer["accepted"], &answer["sent_before"]),
            (&json!(0), &answer["asked"])
        );
        assert!(world.bus.take().is_empty());
    }
    assert_eq!(
        world.dispatches().await,
        with_outcome(&[ONE, TWO], "accepted")
    );
    assert_eq!(
        world.sends(&sweep(22), "request 3").await,
        every_collector(&[ONE, TWO])
    );
}

#[tokio::test]
async fn a_repeated_delivery_asks_for_what_has_become_active_since() {
    let world = World::new().await;
    world.sends(&sweep(21), "request 1").await;
    accounts::active(&world.store, PENDING).await;
    assert_eq!(
        world.sends(&sweep(21), "request 1").await,
        every_collector(&[PENDING])
    );
}

#[tokio::test]
async fn scheduled_sweep_deletes_resources_gone_for_long() {
    let world = World::new().await;
    for (id, days) in [("long", 401), ("lately", 399)] {
        let insert = format!(
            "INSERT INTO resources (account_id, region, resource_type, resource_id, gone_at, _version)
             SELECT '{ONE}', 'eu-west-1', 'ec2_volume', '{id}', now64(3) - INTERVAL {days} DAY, 1"
        );
        sql::execute(&world.store, &insert).await;
    }
    let left = "SELECT resource_id FROM resources FINAL ORDER BY resource_id";
    world
        .deliver(&json!({"mode": "sweep"}), "request 1")
        .await
        .unwrap();
    assert_eq!(sql::lines(&world.store, left).await, ["lately", "long"]);
    world.deliver(&sweep(21), "request 2").await.unwrap();
    assert_eq!(sql::lines(&world.store, left).await, ["lately"]);
}
