//! Delivered twice is done once: no second AssumeRole, no second row, no second event.

use serde_json::json;

use crate::world::*;

async fn checks(world: &World) -> Vec<String> {
    world.lines("SELECT count() FROM access_checks").await
}

#[tokio::test]
async fn a_tick_that_is_delivered_again_asks_nobody() {
    let world = World::new().await.found(&[ONE, TWO]).await;
    world.role(TWO, throttled());
    let payload = tick("2026-11-21T05:15:00Z");
    world.deliver(&payload, "request 1").await.unwrap();
    world.told();
    let before = world.assumed();
    // At once, and so late that the inconclusive account is due again.
    for minutes in [0, 10] {
        world.minutes_pass(minutes);
        let answer = world.deliver(&payload, "request 2").await.unwrap();
        assert_eq!(
            answer["checks"],
            json!({"success": 0, "denied": 0, "inconclusive": 0})
        );
    }
    assert_eq!(world.assumed(), before);
    assert_eq!(checks(&world).await, ["2"]);
    assert!(world.told().is_empty());

    assert_eq!(world.tick().await["checks"]["inconclusive"], 1);
}

#[tokio::test]
async fn lambdas_retry_of_a_request_asks_nobody_and_answers_with_what_holds() {
    let world = World::new().await.found(&[ONE]).await;
    let payload = json!({"account_id": ONE});
    for _ in 0..2 {
        let answer = world.deliver(&payload, "request 1").await.unwrap();
        assert_eq!(answer["account"]["polo_status"], "active");
    }
    assert_eq!(
        (world.assumed(), checks(&world).await),
        (1, vec!["1".to_owned()])
    );
    world.deliver(&payload, "request 2").await.unwrap();
    assert_eq!(world.assumed(), 2);
}
