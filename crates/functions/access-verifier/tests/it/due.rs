//! Who is checked: on a schedule those that are due, by hand all; excluded accounts never.

use polo_testkit::accounts;
use serde_json::json;

use crate::world::*;

#[tokio::test]
async fn a_tick_checks_what_is_due_and_a_person_checks_what_he_likes() {
    let world = World::new().await.found(&[ONE, TWO]).await;
    world.role(TWO, Answer::Denied);
    assert_eq!(world.tick().await["accounts"], 2);
    for (minutes, due) in [(4, 0), (1, 1), (4, 0), (1, 1)] {
        world.minutes_pass(minutes);
        let before = world.assumed();
        assert_eq!(world.tick().await["accounts"], due);
        assert_eq!(world.assumed() - before, due);
    }
    // A role that was never there is asked for ever more rarely.
    let next = "SELECT max(dateDiff('minute', checked_at, next_check_at)) FROM access_checks";
    assert_eq!(world.lines(next).await, ["1440"]);
    let of_two = "SELECT dateDiff('minute', checked_at, next_check_at) FROM access_checks
        WHERE account_id = '222222222222' ORDER BY checked_at";
    assert_eq!(world.lines(of_two).await, ["5", "5", "15"]);

    let before = world.assumed();
    assert_eq!(world.by_hand(json!({})).await["accounts"], 2);
    assert_eq!(
        world.by_hand(json!({"account_id": ONE})).await["accounts"],
        1
    );
    assert_eq!(world.assumed() - before, 3);
}

#[tokio::test]
async fn a_working_role_is_checked_daily() {
    let world = World::new().await.found(&[ONE]).await;
    world.tick().await;
    world.minutes_pass(24 * 60 - 1);
    assert_eq!(world.tick().await["accounts"], 0);
    world.minutes_pass(1);
    assert_eq!(world.tick().await["accounts"], 1);
    assert_eq!(world.assumed(), 2);
}

#[tokio::test]
async fn an_excluded_account_is_never_touched() {
    let world = World::new().await.found(&[ONE, TWO]).await;
    accounts::exclude(&world.store, TWO).await;
    world.tick().await;
    world.by_hand(json!({})).await;
    let event = json!({
        "id": "event 1", "time": "2026-11-21T05:15:00Z", "source": "polo.account-discovery", "detail-type": "Account Discovered",
        "detail": {"account_id": TWO}
    });
    let answer = world.deliver(&event, "request 1").await.unwrap();
    assert_eq!(answer["accounts"], 0);
    assert!(
        world
            .aws
            .calls_of("AssumeRole")
            .iter()
            .all(|call| call.parameter("RoleArn").contains(ONE))
    );
    assert_eq!(world.status(TWO).await, "excluded excluded_by_operator");
}

#[tokio::test]
async fn an_account_whose_exclusion_is_lifted_is_due_at_once() {
    let world = World::new().await.found(&[ONE]).await;
    world.tick().await;
    accounts::exclude(&world.store, ONE).await;
    world.minutes_pass(1);
    assert_eq!(world.tick().await["accounts"], 0);
    polo_testkit::sql::execute(
        &world.store,
        &format!("INSERT INTO account_settings (account_id, setting, value) VALUES ('{ONE}', 'excluded', 'false')"),
    )
    .await;
    assert_eq!(world.status(ONE).await, "pending_setup not_checked");
    // Past the server's clock, by which the lift was noted.
    world.minutes_pass(20);
    assert_eq!(world.tick().await["accounts"], 1);
    assert_eq!(world.status(ONE).await, "active role_works");
}

#[tokio::test]
async fn a_denial_found_by_hand_is_confirmed_soon_though_the_last_success_was_to_last_a_day() {
    let world = World::new().await.found(&[ONE]).await;
    world.tick().await;
    world.role(ONE, Answer::Denied);
    world.minutes_pass(60);
    world.by_hand(json!({"account_id": ONE})).await;
    world.minutes_pass(5);
    assert_eq!(world.tick().await["accounts"], 1);
    assert_eq!(world.status(ONE).await, "no_access denied_after_success");
}
