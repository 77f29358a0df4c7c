//! From look to look: bytes are a series, retention is history, and `v_log_groups` shows what is there now.

use polo_testkit::sql;

use crate::world::*;

/// What the view shows, as `name retention bytes, a day before, growth over seven days`.
async fn shown(world: &World) -> Vec<String> {
    sql::lines(
        &world.store,
        "SELECT concat(log_group_name, ' ', ifNull(toString(retention_days), 'never'), ' ',
                    ifNull(toString(stored_bytes), '?'), ', ', ifNull(toString(stored_bytes_day_before), '?'), ', ',
                    ifNull(toString(growth_7_days_bytes), '?'))
         FROM v_log_groups ORDER BY log_group_name",
    )
    .await
}

/// What a group held some days before the last measurement of it.
async fn held(world: &World, name: &str, days_before: u32, bytes: u64) {
    sql::execute(
        &world.store,
        &format!(
            "INSERT INTO log_groups_bytes (account_id, region, log_group_name, day, stored_bytes, _version)
             SELECT account_id, region, log_group_name, max(day) - {days_before}, {bytes}, 1
             FROM log_groups_bytes FINAL WHERE log_group_name = '{name}'
             GROUP BY account_id, region, log_group_name"
        ),
    )
    .await;
}

/// Bytes that change all the time would make a row of history a day for each group.
#[tokio::test]
async fn other_bytes_are_no_change_and_another_retention_is_one() {
    let world = answering(vec![page(
        &[group("a", 1), group("b", 1), group("c", 1)],
        None,
    )])
    .await;
    world.run("one").await;
    now_answers(
        &world,
        vec![page(
            &[group("a", 2), with(group("b", 1), "retentionInDays", 7)],
            None,
        )],
    );
    world.run("two").await;
    assert_eq!(
        world.changes().await,
        [
            "appeared a",
            "appeared b",
            "appeared c",
            "changed b",
            "gone c"
        ]
    );
    assert_eq!(shown(&world).await, ["a never 2, ?, ?", "b 7 1, ?, ?"]);
    // What a group held remains known when it is gone.
    assert_eq!(
        measured(&world).await,
        ["us-east-1 a 2", "us-east-1 b 1", "us-east-1 c 1"]
    );
}

#[tokio::test]
async fn the_view_compares_with_the_day_before_and_seven_days_before_where_they_are_known() {
    let world = answering(vec![page(
        &[
            group("grows", 100),
            group("shrinks", 100),
            group("day-before-only", 100),
            group("six-days-only", 100),
            group("was-empty", 100),
        ],
        None,
    )])
    .await;
    world.run("one").await;
    for (name, days_before, bytes) in [
        ("grows", 7, 30),
        ("grows", 1, 90),
        ("grows", 8, 1),
        ("shrinks", 1, 120),
        ("shrinks", 7, 250),
        ("day-before-only", 1, 99),
        ("six-days-only", 6, 40),
        ("was-empty", 1, 0),
        ("was-empty", 7, 0),
    ] {
        held(&world, name, days_before, bytes).await;
    }
    assert_eq!(
        shown(&world).await,
        [
            "day-before-only never 100, 99, ?",
            "grows never 100, 90, 70",
            "shrinks never 100, 120, -150",
            "six-days-only never 100, ?, ?",
            "was-empty never 100, 0, 100"
        ]
    );
}

#[tokio::test]
async fn a_group_whose_bytes_are_not_known_or_long_past_is_shown_without() {
    let mut unknown = group("unknown", 0);
    unknown.as_object_mut().unwrap().remove("storedBytes");
    let world = answering(vec![page(&[unknown], None)]).await;
    world.run("one").await;
    assert_eq!(shown(&world).await, ["unknown never ?, ?, ?"]);
    sql::execute(
        &world.store,
        "INSERT INTO log_groups_bytes (account_id, region, log_group_name, day, stored_bytes, _version)
         VALUES ('123456789012', 'us-east-1', 'unknown', toDate(now('UTC')) - 40, 5, 1)",
    )
    .await;
    assert_eq!(shown(&world).await, ["unknown never ?, ?, ?"]);
}

/// The day is part of the key, in its own words: two looks on one day are one row, that of the later look.
#[tokio::test]
async fn two_looks_on_one_day_are_one_measurement() {
    let world = answering(vec![page(&[group("a", 1)], None)]).await;
    world.run("one").await;
    now_answers(&world, vec![page(&[group("a", 2)], None)]);
    world.run("two").await;
    let rows = sql::number(&world.store, "SELECT count() FROM log_groups_bytes FINAL").await;
    // Midnight may pass between the two.
    let days = "SELECT uniqExact(toDate(started_at)) FROM run_targets FINAL";
    assert_eq!(rows, sql::number(&world.store, days).await);
    assert_eq!(shown(&world).await[0].split(',').next(), Some("a never 2"));
}
