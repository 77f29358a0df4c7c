//! What discovery tells: each fact once, with the fields that its readers were promised.

use std::collections::BTreeSet;

use serde_json::json;

use crate::world::*;

#[tokio::test]
async fn a_new_account_is_told_once_with_all_its_fields() {
    let world = World::of(&[ONE]).await;
    world.discover().await;
    let events = world.bus.take();
    assert!(
        events
            .iter()
            .all(|event| event.source == "polo.account-discovery" && event.bus == "dev-polo")
    );
    let sweeps: BTreeSet<String> = events
        .iter()
        .map(|event| event.text("found_by_sweep"))
        .collect();
    assert_eq!(sweeps.len(), 1);
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let mut detail = event.detail.clone();
            detail.as_object_mut().unwrap().remove("found_by_sweep");
            (event.detail_type.as_str(), detail)
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "Account Discovered",
                json!({
                    "account_id": ONE, "account_name": "account 111111111111", "organization_id": ORGANIZATION,
                    "org_unit": "Root/Workloads", "org_state": "ACTIVE", "membership": "member", "in_scope": true
                })
            ),
            (
                "Account Access Changed",
                json!({
                    "account_id": ONE, "account_name": "account 111111111111", "organization_id": ORGANIZATION,
                    "previous_polo_status": "", "polo_status": "active", "status_reason": "role_works"
                })
            )
        ]
    );
    world.an_hour_later().await;
    assert!(world.told().is_empty());
}

#[tokio::test]
async fn events_that_the_bus_refuses_fail_nothing() {
    let world = World::of(&[ONE, TWO]).await;
    world.bus.refuse(&[ONE]);
    let answer = world.discover().await;
    assert_eq!(answer["told"]["account_events"], 2);
    assert_eq!(answer["told"]["account_events_accepted"], 1);
    assert_eq!(answer["told"]["statuses"]["events_rejected"], 1);
    assert_eq!(world.registry().await.len(), 2);
}

#[tokio::test]
async fn the_management_account_is_recognised() {
    let world = World::of(&[ONE, "111122223333"]).await;
    world.discover().await;
    assert_eq!(
        world
            .lines("SELECT account_id FROM v_accounts WHERE is_management")
            .await,
        ["111122223333"]
    );
}
