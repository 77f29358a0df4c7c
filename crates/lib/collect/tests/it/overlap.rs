//! Two runs that look at the same region at the same time: the look that began later wins, whichever ends first.

use crate::world::*;

/// An earlier look sees `early`, a later one `late`; the earlier one ends last.
async fn overlapping(before: Volumes<'_>, early: Volumes<'_>, late: Volumes<'_>) -> World {
    let world = World::new().await;
    world.now_shows(EAST, before);
    world.sweep_ends("before", "complete").await;
    world.now_shows(EAST, early);
    let held = world.aws.hold("DescribeVolumes", EAST);
    let first = world.sweep("the earlier look");
    let second = async {
        held.reached().await;
        world.now_shows(EAST, late);
        world.sweep_ends("the later look", "complete").await;
        held.release();
    };
    let (answer, ()) = tokio::join!(first, second);
    assert_eq!(answer.unwrap()["outcome"], "complete");
    world
}

#[tokio::test]
async fn a_newer_state_is_not_overwritten() {
    let world = overlapping(
        &[("vol-1", "creating")],
        &[("vol-1", "creating")],
        &[("vol-1", "in-use")],
    )
    .await;
    assert_eq!(world.resources().await, ["us-east-1 vol-1 in-use"]);
    assert_eq!(world.changes().await, ["vol-1 appeared", "vol-1 changed"]);
}

#[tokio::test]
async fn what_the_later_look_found_gone_stays_gone() {
    let both = [("vol-1", "in-use")];
    let world = overlapping(&both, &both, &[]).await;
    assert_eq!(world.resources().await, ["us-east-1 vol-1 gone"]);
    assert_eq!(world.changes().await, ["vol-1 appeared", "vol-1 gone"]);
}

#[tokio::test]
async fn what_the_later_look_found_is_not_gone() {
    let world = overlapping(&[], &[], &[("vol-1", "in-use")]).await;
    assert_eq!(world.resources().await, ["us-east-1 vol-1 in-use"]);
    assert_eq!(world.changes().await, ["vol-1 appeared"]);
}

#[tokio::test]
async fn what_the_later_look_found_again_is_not_gone() {
    let one = [("vol-1", "in-use")];
    let world = overlapping(&one, &[], &one).await;
    assert_eq!(world.resources().await, ["us-east-1 vol-1 in-use"]);
    assert_eq!(world.changes().await, ["vol-1 appeared"]);
}

/// The later look had nothing to write about it, so nothing is in the earlier one's way; the next look clears it up.
#[tokio::test]
async fn what_only_the_earlier_look_saw_is_gone_with_the_next_look() {
    let world = overlapping(&[], &[("vol-1", "in-use")], &[]).await;
    world.sweep_ends("after both", "complete").await;
    assert_eq!(world.resources().await, ["us-east-1 vol-1 gone"]);
}
