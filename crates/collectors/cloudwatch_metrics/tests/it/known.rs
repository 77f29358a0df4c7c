//! Nothing is asked twice for the same hours, and what is known grows into an unbroken whole.

use polo_testkit::sql;

use crate::world::*;

/// An earlier run of this hour has asked: again would be billed again, and tell nothing new.
#[tokio::test]
async fn what_an_earlier_run_of_the_same_hour_has_asked_is_not_asked_again() {
    let world = with(vec![nat_gateway("nat-1")]).await;
    world.run("one").await;
    sql::execute(
        &world.store,
        "INSERT INTO cloudwatch_metrics_asked
         SELECT * REPLACE (asked_to + INTERVAL 1 HOUR AS asked_to, _version + 1 AS _version) FROM cloudwatch_metrics_asked FINAL",
    )
    .await;
    there(
        &world,
        REGION,
        vec![nat_gateway("nat-1"), nat_gateway("nat-2")],
    )
    .await;
    let answer = world.run("two").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    let calls = requests(&world);
    assert_eq!(calls.len(), 2);
    assert!(
        asked(&calls[1])
            .iter()
            .all(|asked| asked.resource_id == "nat-2"),
        "{:?}",
        asked(&calls[1])
    );
    assert_eq!(billed(&world).await, "4 0.00004");
}

#[tokio::test]
async fn questions_that_reach_back_to_the_last_make_one_unbroken_chain() {
    let world = with(vec![load_balancer("application", "app/a/1")]).await;
    world.run("one").await;
    assert_eq!(known(&world).await, ["app/a/1 RequestCount Sum 168 168 0"]);
    hours_pass(&world).await;
    world.run("two").await;
    let rows = known(&world).await;
    // Twenty hours more, or one more yet where a full hour went by.
    assert!(
        [
            "app/a/1 RequestCount Sum 188 24 0",
            "app/a/1 RequestCount Sum 189 24 0"
        ]
        .contains(&rows[0].as_str()),
        "{rows:?}"
    );
}

/// The last time it was asked about is so long ago that the hours between are lost.
#[tokio::test]
async fn a_gap_begins_another_chain() {
    let world = with(vec![load_balancer("application", "app/a/1")]).await;
    world.run("one").await;
    for _ in 0..12 {
        hours_pass(&world).await;
    }
    world.run("two").await;
    assert_eq!(requests(&world).len(), 2);
    assert_eq!(known(&world).await, ["app/a/1 RequestCount Sum 168 168 0"]);
}

#[tokio::test]
async fn the_last_use_is_remembered_after_it_has_left_the_hours_that_are_asked_for() {
    let world = with(vec![load_balancer("application", "app/a/1")]).await;
    measures(&world, |_, ago| (ago == 100).then_some(3.0));
    world.run("one").await;
    hours_pass(&world).await;
    measures(&world, |_, _| None);
    world.run("two").await;
    let used = sql::number(
        &world.store,
        "SELECT dateDiff('hour', assumeNotNull(used_at), asked_to) FROM cloudwatch_metrics_asked FINAL",
    )
    .await;
    assert!((120..=121).contains(&used), "{used}");
}
