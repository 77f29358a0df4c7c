//! Resources over time: they appear, change, vanish and return, and their history says each of it once.

use serde_json::json;

use crate::world::*;

async fn first_seen(world: &World, id: &str) -> String {
    world
        .lines(&format!(
            "SELECT first_seen_at FROM resources FINAL WHERE resource_id = '{id}'"
        ))
        .await
        .join(",")
}

#[tokio::test]
async fn a_resource_appears_changes_vanishes_and_returns() {
    let world = World::new().await.shows(EAST, &[("vol-1", "creating")]);
    world.sweep_ends("1", "complete").await;
    let first = first_seen(&world, "vol-1").await;
    let mut changes = vec!["vol-1 appeared"];
    assert_eq!(world.changes().await, changes);

    world.sweep_ends("2 sees the same", "complete").await;
    assert_eq!(world.changes().await, changes);

    world.now_shows(EAST, &[("vol-1", "in-use")]);
    world.sweep_ends("3", "complete").await;
    changes.push("vol-1 changed");
    assert_eq!(world.changes().await, changes);
    assert_eq!(
        world
            .lines(
                "SELECT concat(JSONExtractString(before, 'state'), ' to ', JSONExtractString(after, 'state'))
                 FROM resource_changes FINAL WHERE change = 'changed'"
            )
            .await,
        ["creating to in-use"]
    );

    world.now_shows(EAST, &[]);
    world.sweep_ends("4", "complete").await;
    changes.push("vol-1 gone");
    assert_eq!(world.changes().await, changes);
    assert_eq!(world.resources().await, ["us-east-1 vol-1 gone"]);

    world
        .sweep_ends("5 still does not see it", "complete")
        .await;
    assert_eq!(world.changes().await, changes);

    world.now_shows(EAST, &[("vol-1", "in-use")]);
    world.sweep_ends("6", "complete").await;
    changes.push("vol-1 returned");
    assert_eq!(world.changes().await, changes);
    assert_eq!(world.resources().await, ["us-east-1 vol-1 in-use"]);
    assert_eq!(first_seen(&world, "vol-1").await, first);
}

#[tokio::test]
async fn nothing_is_gone_before_a_region_is_read_to_its_end() {
    let world = World::new().await.shows(EAST, &[("vol-1", "in-use")]);
    world.sweep_ends("1", "complete").await;
    for (name, failure) in [("denied", denied()), ("throttled", throttled())] {
        world.now_answers(EAST, vec![page(&[], Some(1)), failure]);
        world.sweep_ends(name, "partial").await;
        assert_eq!(
            world.resources().await,
            ["us-east-1 vol-1 in-use"],
            "{name}"
        );
    }
    world.now_shows(EAST, &[]);
    world.sweep_ends("last", "complete").await;
    assert_eq!(world.resources().await, ["us-east-1 vol-1 gone"]);
}

#[tokio::test]
async fn a_manual_run_over_one_region_leaves_the_others_alone() {
    let world = World::new()
        .await
        .shows(EAST, &[("vol-1", "in-use")])
        .shows(WEST, &[("vol-2", "in-use")]);
    world.sweep_ends("1", "complete").await;
    world.now_shows(EAST, &[]);
    world.now_shows(WEST, &[]);

    let payload = json!({"account_id": ACCOUNT, "regions": [EAST]});
    let answer = world.deliver(&payload, "by hand").await.unwrap();

    assert_eq!(answer["outcome"], "complete");
    assert_eq!(
        world.resources().await,
        ["us-east-1 vol-1 gone", "eu-west-1 vol-2 in-use"]
    );
}

#[tokio::test]
async fn another_collectors_resources_are_not_this_ones_to_miss() {
    let world = World::new().await.shows(EAST, &[("vol-1", "in-use")]);
    world.sweep_ends("1", "complete").await;
    world
        .execute("INSERT INTO resources SELECT * REPLACE('other' AS collector, 'lb-1' AS resource_id) FROM resources FINAL")
        .await;
    world.now_shows(EAST, &[]);
    world.sweep_ends("2", "complete").await;
    assert_eq!(
        world.resources().await,
        ["us-east-1 lb-1 in-use", "us-east-1 vol-1 gone"]
    );
}

#[tokio::test]
async fn a_redelivered_event_adds_nothing_to_the_history() {
    let world = World::new().await.shows(EAST, &[("vol-1", "in-use")]);
    world.sweep_ends("1", "complete").await;
    world.now_shows(EAST, &[]);
    world.deliver(&event("1"), "another request").await.unwrap();
    assert_eq!(world.changes().await, ["vol-1 appeared"]);
    assert_eq!(world.resources().await, ["us-east-1 vol-1 in-use"]);
}

/// As an attempt leaves things that died after it wrote the history and before it wrote the state.
async fn forget_state_and_finish(world: &World) {
    world.execute("TRUNCATE TABLE resources").await;
    world.execute("TRUNCATE TABLE run_targets").await;
    world
        .execute(
            "INSERT INTO collector_runs SELECT * REPLACE(NULL AS finished_at, '' AS outcome, _version + 1 AS _version)
             FROM collector_runs FINAL",
        )
        .await;
}

#[tokio::test]
async fn an_attempt_that_died_between_history_and_state_is_told_once() {
    let world = World::new().await.shows(EAST, &[("vol-1", "in-use")]);
    world.sweep_ends("1", "complete").await;
    forget_state_and_finish(&world).await;

    world.sweep_ends("1", "complete").await;

    assert_eq!(world.runs().await, ["1 running", "2 complete"]);
    assert_eq!(world.changes().await, ["vol-1 appeared"]);
    assert_eq!(world.resources().await, ["us-east-1 vol-1 in-use"]);
}

#[tokio::test]
async fn more_resources_than_a_batch_holds_are_all_stored_and_all_gone() {
    let ids: Vec<String> = (0..2_501).map(|n| format!("vol-{n:05}")).collect();
    let volumes: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "in-use")).collect();
    let world = World::new().await;
    world.now_answers(
        EAST,
        vec![
            page(&volumes[..1_000], Some(1)),
            page(&volumes[1_000..], None),
        ],
    );
    let count = "SELECT concat(toString(countIf(gone_at IS NULL)), ' ', toString(countIf(gone_at IS NOT NULL))) FROM resources FINAL";
    let answer = world.sweep_ends("1", "complete").await;
    assert_eq!(world.lines(count).await, ["2501 0"]);
    assert_eq!(answer["rows_written"], 2 * 2_501);

    world.now_shows(EAST, &[]);
    world.sweep_ends("2", "complete").await;
    assert_eq!(world.lines(count).await, ["0 2501"]);
}
