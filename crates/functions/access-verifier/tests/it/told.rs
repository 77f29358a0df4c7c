//! "Account Access Changed": once per change, by whatever cause, and the copy for dashboards with it.

use polo_testkit::accounts;
use serde_json::json;

use crate::world::*;

#[tokio::test]
async fn a_change_is_told_once_with_all_its_fields() {
    let world = World::new().await.found(&[ONE]).await;
    world.tick().await;
    let events = world.bus.take();
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!(
        (
            event.source.as_str(),
            event.detail_type.as_str(),
            event.bus.as_str()
        ),
        ("polo.access-verifier", "Account Access Changed", "dev-polo")
    );
    assert!(!event.text("found_by_sweep").is_empty());
    let mut detail = event.detail.clone();
    detail.as_object_mut().unwrap().remove("found_by_sweep");
    assert_eq!(
        detail,
        json!({
            "account_id": ONE, "account_name": "account 111111111111", "organization_id": "o-exampleorgid",
            "previous_polo_status": "", "polo_status": "active", "status_reason": "role_works"
        })
    );

    world.by_hand(json!({})).await;
    world.minutes_pass(24 * 60);
    world.tick().await;
    assert!(world.told().is_empty(), "nothing has changed");
}

#[tokio::test]
async fn a_change_by_an_operator_is_told_by_the_next_tick_and_shown_by_the_copy() {
    let world = World::new().await.found(&[ONE]).await;
    world.tick().await;
    world.told();
    accounts::exclude(&world.store, ONE).await;
    world.minutes_pass(5);
    world.tick().await;
    assert_eq!(world.told(), [format!("{ONE} active -> excluded")]);
    assert_eq!(
        world
            .lines("SELECT polo_status, status_reason FROM aws_accounts FINAL")
            .await,
        ["excluded\texcluded_by_operator"]
    );
}

#[tokio::test]
async fn events_that_the_bus_refuses_are_counted_and_fail_nothing() {
    let world = World::new().await.found(&[ONE, TWO]).await;
    world.bus.refuse(&[ONE]);
    let answer = world.tick().await;
    assert_eq!(
        answer["told"],
        json!({"status_changes": 2, "events_accepted": 1, "events_rejected": 1})
    );
    assert_eq!(world.told(), [format!("{TWO}  -> active")]);
}
