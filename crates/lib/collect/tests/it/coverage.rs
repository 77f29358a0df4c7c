//! What the registry says of an account's runs: its last successful scan, and what is wrong with the last one.

use serde_json::json;

use crate::world::*;

const NEVER: &str = "\\N";

#[tokio::test]
async fn the_last_scan_moves_when_every_expected_collector_has_completed() {
    let world = World::new().await;
    world.expects(&["shelf", "other"]).await;
    world.sweep_ends("1", "complete").await;
    assert_eq!(world.last_scan().await, NEVER);

    // The other collector's run, some time ago: the older of the two counts.
    world
        .execute(
            "INSERT INTO collector_runs SELECT * REPLACE('other' AS collector, generateUUIDv4() AS run_id,
                 finished_at - INTERVAL 1 HOUR AS finished_at) FROM collector_runs FINAL",
        )
        .await;
    let scan = world.last_scan().await;
    assert_eq!(
        scan,
        world
            .lines("SELECT min(finished_at) FROM collector_runs FINAL")
            .await
            .join(",")
    );

    world.expects(&["shelf"]).await;
    assert!(world.last_scan().await > scan);
}

#[tokio::test]
async fn only_a_complete_run_over_everything_is_a_scan() {
    let world = World::new().await;
    world.expects(&["shelf"]).await;
    world.now_answers(EAST, vec![denied()]);
    world.sweep_ends("1", "partial").await;
    assert_eq!(world.last_scan().await, NEVER);

    world.now_shows(EAST, &[]);
    let regions = json!({"account_id": ACCOUNT, "regions": [EAST, WEST]});
    world.deliver(&regions, "by hand").await.unwrap();
    assert_eq!(world.last_scan().await, NEVER);

    world.sweep_ends("2", "complete").await;
    let scan = world.last_scan().await;
    assert_ne!(scan, NEVER);

    world.now_answers(EAST, vec![denied()]);
    world.sweep_ends("3", "partial").await;
    world.deliver(&regions, "by hand again").await.unwrap();
    assert_eq!(world.last_scan().await, scan);
}

#[tokio::test]
async fn a_manual_run_shows_in_the_copy_at_once() {
    let world = World::new().await;
    world.expects(&["shelf"]).await;
    world.deliver(&manual(), "by hand").await.unwrap();
    assert_eq!(
        world
            .lines("SELECT toString(last_successful_scan) FROM aws_accounts FINAL")
            .await,
        [world.last_scan().await]
    );
}

#[tokio::test]
async fn a_manual_run_over_a_region_closes_its_gap() {
    let world = World::new().await;
    world.now_answers(EAST, vec![denied()]);
    world.sweep_ends("1", "partial").await;
    assert!(
        world
            .scan_error()
            .await
            .starts_with("shelf/us-east-1: denied")
    );

    world.now_shows(EAST, &[]);
    let payload = json!({"account_id": ACCOUNT, "regions": [EAST]});
    world.deliver(&payload, "by hand").await.unwrap();
    assert_eq!(world.scan_error().await, "");
}

/// A function's clock and the engine's are never the same.
#[tokio::test]
async fn a_gap_shows_however_the_functions_clock_is_off() {
    for seconds in [-120, 120] {
        let world = World::of(Plan {
            clock: clock_off_by(seconds),
            ..Plan::default()
        })
        .await;
        world.now_answers(EAST, vec![denied()]);
        world.sweep_ends("1", "partial").await;
        let error = world.scan_error().await;
        assert!(
            error.starts_with("shelf/us-east-1: denied"),
            "clock off by {seconds} s: {error:?}"
        );

        world.now_shows(EAST, &[]);
        world.sweep_ends("2", "complete").await;
        assert_eq!(world.scan_error().await, "", "clock off by {seconds} s");
    }
}

/// Ages the run that has no finish: it began an hour ago, and its time was up so many minutes ago.
async fn age(world: &World, minutes_over: i64) {
    world
        .execute(&format!(
            "INSERT INTO collector_runs SELECT * REPLACE(now64(3) - INTERVAL {minutes_over} MINUTE AS deadline_at,
                 _version + 1 AS _version)
             FROM collector_runs FINAL WHERE finished_at IS NULL"
        ))
        .await;
}

#[tokio::test]
async fn a_run_that_was_killed_shows_as_crashed_and_the_next_sweep_heals_it() {
    let world = World::new().await.shows(EAST, &[("vol-1", "in-use")]);
    world.expects(&["shelf"]).await;
    let held = world.aws.hold("DescribeVolumes", EAST);
    tokio::select! {
        answer = world.sweep("1") => panic!("not held back: {answer:?}"),
        () = held.reached() => {} // and the run is dropped in the middle
    }
    assert_eq!(world.runs().await, ["1 running"]);
    assert_eq!(world.scan_error().await, "");

    age(&world, 4).await;
    assert_eq!(world.scan_error().await, "", "it may be late in saying so");
    age(&world, 6).await;
    assert_eq!(
        world.scan_error().await,
        "shelf: crashed: the run has no finish"
    );

    world.sweep_ends("2", "complete").await;
    assert_eq!(world.scan_error().await, "");
    assert_ne!(world.last_scan().await, NEVER);
    assert_eq!(world.resources().await, ["us-east-1 vol-1 in-use"]);
    assert_eq!(world.runs().await, ["1 running", "1 complete"]);
}

#[tokio::test]
async fn a_delivery_takes_over_from_an_attempt_whose_time_is_up() {
    let world = World::new().await;
    let held = world.aws.hold("DescribeVolumes", EAST);
    tokio::select! {
        answer = world.sweep("1") => panic!("not held back: {answer:?}"),
        () = held.reached() => {}
    }
    age(&world, 1).await;
    let answer = world.deliver(&event("1"), "another request").await.unwrap();
    assert_eq!(
        (answer["outcome"].as_str(), answer["attempt"].as_u64()),
        (Some("complete"), Some(2))
    );
}
