//! How operations end, what is in their way, and when an account is asked for again.

use serde_json::json;

use crate::world::*;

/// The operation that the tick has begun for these accounts.
async fn begun(world: &World) -> String {
    let answer = world.tick().await.unwrap();
    answer["create"]["operation_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn each_account_ends_as_cloudformation_says() {
    let world = World::new().await.waiting(&[ONE, TWO, THREE]).await;
    let operation = begun(&world).await;
    world.minutes_pass(5);
    let answer = world.tick().await.unwrap();
    assert_eq!(answer["settled"], json!({"running": 3}));
    assert_eq!(answer["not_asked"], json!({"asked_before": 3}));

    world.ends(
        &operation,
        "SUCCEEDED",
        &[
            (ONE, "SUCCEEDED", ""),
            (TWO, "FAILED", "Role already exists &amp; more"),
        ],
    );
    world.instance(ONE, "CURRENT", "SUCCEEDED");
    world.instance(TWO, "OUTDATED", "FAILED");
    world.minutes_pass(5);
    let answer = world.tick().await.unwrap();
    assert_eq!(answer["settled"], json!({"succeeded": 1, "failed": 2}));
    let attempts = world.attempts().await;
    assert_eq!(
        attempts[..2],
        [
            format!("{ONE} create succeeded"),
            format!("{TWO} create failed Role already exists & more")
        ]
    );
    assert!(
        attempts[2].starts_with(&format!(
            "{THREE} create failed the operation ended (SUCCEEDED) without"
        )),
        "{attempts:?}"
    );
    // Both failures are minutes old: they wait.
    assert_eq!(answer["not_asked"], json!({"current": 1, "pausing": 2}));
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test]
async fn an_account_that_fails_is_asked_for_after_an_hour_then_six_then_daily() {
    let world = World::new().await.waiting(&[ONE]).await;
    // What the hourly ticks in between would do is what the tick before each of these does.
    let mut now = 0;
    for (minute, is_asked) in [
        (0, true),
        (54, false),
        (60, true),
        (6 * 60, false),
        (7 * 60, true),
        (30 * 60, false),
        (31 * 60, true),
        (54 * 60, false),
        (55 * 60, true),
    ] {
        world.minutes_pass(minute - now);
        now = minute;
        let before = world.asked().len();
        let answer = world.tick().await.unwrap();
        assert_eq!(world.asked().len() > before, is_asked, "minute {minute}");
        if is_asked {
            let operation = ["create", "update"]
                .into_iter()
                .find_map(|action| answer[action]["operation_id"].as_str())
                .unwrap();
            world.instance(ONE, "OUTDATED", "FAILED");
            world.ends(operation, "SUCCEEDED", &[(ONE, "FAILED", "quota")]);
        }
    }
}

#[tokio::test]
async fn a_stopped_operation_is_cancelled_for_those_it_did_not_come_to() {
    let world = World::new().await.waiting(&[ONE, TWO]).await;
    let operation = begun(&world).await;
    world.ends(
        &operation,
        "STOPPED",
        &[(ONE, "CANCELLED", "stopped by ada"), (TWO, "PENDING", "")],
    );
    world.minutes_pass(5);
    world.tick().await.unwrap();
    assert_eq!(
        world.attempts().await,
        [
            format!("{ONE} create cancelled stopped by ada"),
            format!("{TWO} create cancelled")
        ]
    );
}

#[tokio::test]
async fn an_operation_in_the_way_is_told_and_the_next_tick_asks_again() {
    let world = World::new().await.waiting(&[ONE, TWO]).await;
    world.instance(TWO, "OUTDATED", "FAILED");
    world.instead(
        "CreateStackInstances",
        refusal(
            409,
            "OperationInProgressException",
            "Another Operation on StackSet is in progress",
        ),
    );
    let answer = world.tick().await.unwrap();
    assert_eq!(
        answer["busy"],
        "Another Operation on StackSet is in progress"
    );
    assert_eq!(world.asked(), [format!("CreateStackInstances {ONE}")]);
    assert_eq!(
        world.attempts().await,
        [format!(
            "{ONE} create busy Another Operation on StackSet is in progress"
        )]
    );

    world.instead("CreateStackInstances", None);
    world.minutes_pass(60);
    let answer = world.tick().await.unwrap();
    assert_eq!(answer["create"]["accounts"], json!([ONE]));
    assert_eq!(answer["update"]["accounts"], json!([TWO]));
}

#[tokio::test]
async fn a_refused_operation_is_an_error_that_names_the_action_and_costs_the_accounts_no_pause() {
    let world = World::new().await.waiting(&[ONE, TWO]).await;
    world.instance(TWO, "OUTDATED", "FAILED");
    world.instead(
        "CreateStackInstances",
        refusal(403, "AccessDenied", "User: x is not authorized"),
    );
    let error = world.tick().await.unwrap_err();
    assert_eq!(
        error.chain(),
        "cloudformation:CreateStackInstances failed (denied): AccessDenied: User: x is not authorized"
    );
    // The other action is asked for all the same.
    assert_eq!(world.asked().len(), 2);
    assert_eq!(
        world.attempts().await,
        [
            format!(
                "{ONE} create refused cloudformation:CreateStackInstances failed (denied): AccessDenied: User: x is not \
                 authorized"
            ),
            format!("{TWO} update running")
        ]
    );

    world.instead("CreateStackInstances", None);
    world.minutes_pass(1);
    let answer = world.tick().await.unwrap();
    assert_eq!(answer["create"]["accounts"], json!([ONE]));
}
