//! What the view `cloudwatch_metrics_idle` calls idle, and everything that comes close and is not.

use polo_collect::SeenResource;
use polo_testkit::sql;
use serde_json::{Value, json};

use crate::world::*;

/// The ids that are called idle.
async fn idle(world: &World) -> Vec<String> {
    sql::lines(
        &world.store,
        "SELECT resource_id FROM cloudwatch_metrics_idle ORDER BY resource_type, resource_id",
    )
    .await
}

/// How many hours before its last question each began to be idle, as `id hours`.
async fn since(world: &World) -> Vec<String> {
    sql::lines(
        &world.store,
        "SELECT DISTINCT concat(i.resource_id, ' ', toString(dateDiff('hour', assumeNotNull(i.since), a.asked_to)))
         FROM cloudwatch_metrics_idle AS i
         INNER JOIN (SELECT * FROM cloudwatch_metrics_asked FINAL) AS a ON a.resource_id = i.resource_id
         ORDER BY i.resource_id",
    )
    .await
}

/// A time so many hours before the hour that runs.
async fn hours_ago(world: &World, hours: u32) -> String {
    let query = format!(
        "SELECT formatDateTime(toStartOfHour(now('UTC')) - INTERVAL {hours} HOUR, '%Y-%m-%dT%H:%i:%SZ')"
    );
    sql::text(&world.store, &query).await
}

fn began(mut resource: SeenResource, attribute: &str, at: Value) -> SeenResource {
    resource.attributes[attribute] = at;
    resource
}

/// What CloudWatch holds of a series, by its resource's id; every hour has a point, unless the name says otherwise.
fn usage(series: &Asked, ago: i64) -> Option<f64> {
    let maximum = series.statistic == "Maximum";
    let share = |at_most: f64| Some(if maximum { at_most } else { at_most / 4.0 });
    match series.resource_id.as_str() {
        "i-idle" => share(if ago == 70 { 4.99 } else { 1.5 }),
        "i-busy" => share(80.0),
        "i-once" => share(if ago == 160 { 6.0 } else { 1.0 }),
        "i-at-the-bound" => share(if ago == 20 { 5.0 } else { 1.0 }),
        "i-71-points" => (ago <= 71).then_some(1.0),
        "i-72-points" => (ago <= 72).then_some(1.0),
        // Three whole days and a little more, whether or not a full hour goes by in this test.
        "i-old-enough" => (ago <= 75).then_some(1.0),
        "i-silent" => None,
        id if id.starts_with("i-") => share(1.0),
        id if id.contains("zero") => Some(0.0),
        id if id.contains("once") => (ago == 160 && !series.metric.contains("Read")).then_some(1.0),
        _ => None,
    }
}

#[tokio::test]
async fn idle_is_what_was_not_used_in_a_week_and_is_known_for_three_whole_days() {
    let world = with(vec![]).await;
    let (young, old_enough) = (hours_ago(&world, 71).await, hours_ago(&world, 80).await);
    let classic = json!({"generation": "classic", "created_at": LONG_AGO});
    there(
        &world,
        REGION,
        vec![
            instance("i-idle"),
            instance("i-busy"),
            instance("i-once"),
            instance("i-at-the-bound"),
            instance("i-71-points"),
            instance("i-72-points"),
            instance("i-silent"),
            began(instance("i-young"), "launched_at", json!(young)),
            began(instance("i-old-enough"), "launched_at", json!(old_enough)),
            // Nobody says since when: it is as old as Polo's knowledge of it.
            began(instance("i-of-unknown-age"), "launched_at", Value::Null),
            volume("vol-never"),
            volume("vol-zero"),
            volume("vol-once"),
            began(volume("vol-young"), "created_at", json!(young)),
            nat_gateway("nat-never"),
            nat_gateway("nat-zero"),
            nat_gateway("nat-once"),
            load_balancer("application", "app/never/1"),
            load_balancer("application", "app/once/1"),
            load_balancer("network", "net/never/1"),
            load_balancer("gateway", "gwy/zero/1"),
            resource("elb_load_balancer", "classic-never", "", classic),
            load_balancer("of-tomorrow", "new/never/1"),
        ],
    )
    .await;
    measures(&world, usage);
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    let rows = world
        .rows(
            "SELECT * EXCEPT (since), since IS NOT NULL AS since_is_known FROM v_idle_resources ORDER BY resource_type, resource_id",
        )
        .await;
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_json_snapshot!("idle", rows);
    });
}

#[tokio::test]
async fn the_columns_are_those_of_every_idle_view() {
    let world = with(vec![]).await;
    let columns = |view: &str| {
        format!(
            "SELECT concat(name, ' ', type) FROM system.columns WHERE database = '{{database}}' AND table = '{view}' ORDER BY position"
        )
    };
    assert_eq!(
        sql::lines(&world.store, &columns("cloudwatch_metrics_idle")).await,
        sql::lines(&world.store, &columns("base_idle")).await
    );
}

#[tokio::test]
async fn since_is_the_end_of_the_last_use_that_is_known() {
    let world = with(vec![
        instance("i-1"),
        nat_gateway("nat-1"),
        nat_gateway("nat-2"),
    ])
    .await;
    let used = |hour: i64| {
        move |series: &Asked, ago: i64| match series.resource_id.as_str() {
            "i-1" => Some(if ago == hour { 50.0 } else { 1.0 }),
            "nat-1" => (ago == hour).then_some(1.0),
            _ => None,
        }
    };
    measures(&world, used(160));
    world.run("one").await;
    // Used in this week.
    assert_eq!(idle(&world).await, ["nat-2"]);
    assert_eq!(since(&world).await, ["nat-2 168"]);

    hours_pass(&world).await;
    sql::execute(
        &world.store,
        "INSERT INTO cloudwatch_metrics_points SELECT * REPLACE (at - INTERVAL 20 HOUR AS at) FROM cloudwatch_metrics_points FINAL WHERE value = 50",
    )
    .await;
    sql::execute(
        &world.store,
        "DELETE FROM cloudwatch_metrics_points WHERE value = 50 AND at > now() - INTERVAL 170 HOUR",
    )
    .await;
    measures(&world, used(0));
    world.run("two").await;
    assert_eq!(idle(&world).await, ["i-1", "nat-1", "nat-2"]);
    let since = since(&world).await;
    let expected = |more: i64| {
        [
            format!("i-1 {}", 179 + more),
            format!("nat-1 {}", 179 + more),
            format!("nat-2 {}", 188 + more),
        ]
    };
    // One hour more where a full hour went by.
    assert!(since == expected(0) || since == expected(1), "{since:?}");
}

/// CloudWatch did not answer for one of its two metrics: no operations are not known.
#[tokio::test]
async fn what_was_not_answered_in_full_says_nothing() {
    let world = with(vec![volume("vol-1")]).await;
    answers(&world, |call| {
        let results = asked(call)
            .iter()
            .map(|series| {
                let mut result = result(call, series, |_| None);
                if series.metric == "VolumeWriteOps" {
                    result["StatusCode"] = "Forbidden".into();
                }
                result
            })
            .collect();
        page(results, None)
    });
    world.run("one").await;
    assert_eq!(known(&world).await.len(), 1);
    assert_eq!(idle(&world).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_gone_or_in_another_state_or_long_not_asked_about_is_not_idle() {
    let world = with(vec![instance("i-1"), nat_gateway("nat-1"), volume("vol-1")]).await;
    measures(&world, usage);
    world.run("one").await;
    assert_eq!(idle(&world).await, ["i-1", "nat-1", "vol-1"]);

    let stopped = resource(
        "ec2_instance",
        "i-1",
        "stopped",
        json!({"launched_at": LONG_AGO}),
    );
    there(&world, REGION, vec![stopped, nat_gateway("nat-1")]).await;
    assert_eq!(idle(&world).await, ["nat-1"]);
    // The history of usage stays.
    assert_eq!(
        sql::lines(
            &world.store,
            "SELECT DISTINCT resource_id FROM v_metrics_daily"
        )
        .await,
        ["i-1"]
    );

    for _ in 0..4 {
        hours_pass(&world).await;
    }
    assert_eq!(idle(&world).await, Vec::<String>::new());
}

/// A chain of questions that began two days ago, whatever is known of the days before it.
#[tokio::test]
async fn a_gap_in_what_was_asked_is_not_taken_for_idleness() {
    let world = with(vec![nat_gateway("nat-1")]).await;
    world.run("one").await;
    for (hours, idles) in [(72, true), (71, false)] {
        sql::execute(
            &world.store,
            &format!(
                "INSERT INTO cloudwatch_metrics_asked
                 SELECT * REPLACE (asked_to - INTERVAL {hours} HOUR AS known_from, asked_to - INTERVAL 24 HOUR AS asked_from, _version + 1 AS _version)
                 FROM cloudwatch_metrics_asked FINAL WHERE metric = 'BytesInFromDestination'"
            ),
        )
        .await;
        assert_eq!(!idle(&world).await.is_empty(), idles, "{hours} hours");
    }
}
