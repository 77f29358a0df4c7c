//! By hand: one account, one collector, both, or all.

use serde_json::json;

use crate::world::*;

#[tokio::test]
async fn what_is_asked_for_by_hand_is_what_is_sent() {
    let world = World::new().await;
    for (payload, expected) in [
        (json!({}), every_one_at_once(&[ONE, TWO])),
        (json!({"schedule": "daily"}), every_one_at_once(&[ONE, TWO])),
        (json!({"account_id": TWO}), every_one_at_once(&[TWO])),
        (
            json!({"collector": "config_ec2"}),
            vec![format!("{ONE} config_ec2"), format!("{TWO} config_ec2")],
        ),
        (
            json!({"account_id": ONE, "collector": "account_alias"}),
            vec![format!("{ONE} account_alias")],
        ),
    ] {
        // Not held back by what was sent a moment ago: a person wants it now.
        assert_eq!(
            world.sends(&payload, &payload.to_string()).await,
            expected,
            "{payload}"
        );
    }
}

#[tokio::test]
async fn lambdas_retry_of_a_request_sends_nothing_again() {
    let world = World::new().await;
    let payload = json!({"account_id": ONE});
    world.sends(&payload, "request 1").await;
    assert!(world.sends(&payload, "request 1").await.is_empty());
    assert_eq!(
        world.sends(&payload, "request 2").await,
        every_one_at_once(&[ONE])
    );
}

#[tokio::test]
async fn the_mode_counts_for_one_account_too() {
    let world = World::new().await;
    world.sends(&sweep(21), "request 1").await;
    let payload = json!({"account_id": ONE, "mode": "reconcile"});
    assert!(world.sends(&payload, "request 2").await.is_empty());
}
