//! An account that has just become active is asked at once, and not twice within half a period.

use serde_json::json;

use crate::world::*;

#[tokio::test]
async fn a_newly_active_account_is_asked_at_once_and_not_twice_within_half_a_period() {
    let world = World::new().await;
    let first = activated(ONE, "event 1");
    assert_eq!(
        world.sends(&first, "request 1").await,
        every_collector(&[ONE])
    );
    // The same event again, and a status that flaps.
    assert!(world.sends(&first, "request 2").await.is_empty());
    assert!(
        world
            .sends(&activated(ONE, "event 2"), "request 3")
            .await
            .is_empty()
    );
    world.minutes_pass(12 * 60 - 1);
    assert!(
        world
            .sends(&activated(ONE, "event 3"), "request 4")
            .await
            .is_empty()
    );
    world.minutes_pass(1);
    assert_eq!(
        world.sends(&activated(ONE, "event 4"), "request 5").await,
        every_collector(&[ONE])
    );
}

#[tokio::test]
async fn only_what_was_not_asked_for_lately_is_asked() {
    let world = World::new().await;
    world
        .sends(
            &json!({"account_id": ONE, "collector": "config_ec2"}),
            "by hand",
        )
        .await;
    let mut expected = every_collector(&[ONE]);
    expected.retain(|line| !line.ends_with(" config_ec2"));
    assert_eq!(
        world.sends(&activated(ONE, "event 1"), "request 1").await,
        expected
    );
}

#[tokio::test]
async fn an_account_that_is_active_no_longer_is_not_asked_and_that_is_no_error() {
    let world = World::new().await;
    for account in [PENDING, EXCLUDED] {
        assert!(
            world
                .sends(&activated(account, account), account)
                .await
                .is_empty()
        );
    }
    assert!(world.dispatches().await.is_empty());
    assert!(world.aws.calls().is_empty());
}
