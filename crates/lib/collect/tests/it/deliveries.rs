//! The same event delivered again: no second run, no call to AWS, no row.

use polo_testkit::accounts;

use crate::world::*;

#[tokio::test]
async fn a_run_that_has_ended_is_not_run_again() {
    let world = World::new().await.shows(EAST, &[("vol-1", "in-use")]);
    world.sweep_ends("one", "complete").await;
    let (rows, calls) = (world.row_counts().await, world.calls());

    for request in ["one", "another request"] {
        let again = world.deliver(&event("one"), request).await.unwrap();
        assert_eq!(again["outcome"], "complete");
        assert_eq!(again["repeated_delivery"], true);
        assert_eq!(again["resources_seen"], 1);
    }
    assert_eq!((world.row_counts().await, world.calls()), (rows, calls));
}

#[tokio::test]
async fn a_failure_that_has_been_recorded_is_told_not_repeated() {
    let world = World::new().await;
    world.now_answers(EAST, vec![throttled()]);
    world.now_answers(WEST, vec![throttled()]);
    world.sweep("one").await.unwrap_err();
    let (rows, calls) = (world.row_counts().await, world.calls());

    let again = world
        .deliver(&event("one"), "another request")
        .await
        .unwrap();
    assert_eq!(
        (again["outcome"].as_str(), again["error_class"].as_str()),
        (Some("failed"), Some("throttled"))
    );
    assert_eq!((world.row_counts().await, world.calls()), (rows, calls));
}

#[tokio::test]
async fn a_denial_is_not_asked_for_again_by_lambdas_retry() {
    let world = World::new().await;
    world.now_answers(EAST, vec![denied()]);
    world.now_answers(WEST, vec![denied()]);
    world.sweep_ends("one", "failed").await;
    let calls = world.calls();
    world.sweep_ends("one", "failed").await;
    assert_eq!(world.calls(), calls);
}

#[tokio::test]
async fn while_an_attempt_is_under_way_another_delivery_does_nothing() {
    let world = World::new().await;
    let held = world.aws.hold("DescribeVolumes", EAST);
    let first = world.sweep("one");
    let second = async {
        held.reached().await;
        let (rows, calls) = (world.row_counts().await, world.calls());
        let answer = world
            .deliver(&event("one"), "another request")
            .await
            .unwrap();
        assert_eq!(
            (
                answer["outcome"].as_str(),
                answer["repeated_delivery"].as_bool()
            ),
            (Some("running"), Some(true))
        );
        assert_eq!(world.row_counts().await, rows);
        // The other region of the first delivery may have gone on meanwhile.
        assert!(world.calls() <= calls + 1);
        held.release();
    };
    let (answer, ()) = tokio::join!(first, second);
    assert_eq!(answer.unwrap()["outcome"], "complete");
    assert_eq!(world.runs().await, ["1 complete"]);
}

#[tokio::test]
async fn an_account_that_is_no_longer_active_is_skipped_without_a_call() {
    let world = World::new().await;
    accounts::exclude(&world.store, ACCOUNT).await;
    let answer = world.sweep_ends("one", "skipped").await;
    assert_eq!(answer["reason"], "excluded");
    world.sweep_ends("one", "skipped").await;
    assert_eq!(world.runs().await, ["1 skipped"]);
    assert_eq!(world.calls(), 0);
    assert_eq!(world.scan_error().await, "");
}

#[tokio::test]
async fn an_account_that_was_never_set_up_is_skipped_without_a_call() {
    let world = World::new().await;
    accounts::pending(&world.store, "111122223333").await;
    let event = event_for("111122223333", "one");
    let answer = world.deliver(&event, "one").await.unwrap();
    assert_eq!(
        (answer["outcome"].as_str(), answer["reason"].as_str()),
        (Some("skipped"), Some("pending_setup"))
    );
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn an_event_for_an_account_that_nobody_knows_is_skipped() {
    let world = World::new().await;
    let event = event_for("999999999999", "one");
    let answer = world.deliver(&event, "one").await.unwrap();
    assert_eq!(
        (answer["outcome"].as_str(), answer["reason"].as_str()),
        (Some("skipped"), Some("unknown_account"))
    );
    assert_eq!(world.calls(), 0);
}
