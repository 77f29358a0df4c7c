//! What CloudWatch is asked, about what, and for which hours.

use polo_testkit::sql;
use serde_json::json;

use crate::world::*;

/// The series of all requests, as people read them.
fn series(world: &World) -> Vec<String> {
    let mut series: Vec<String> = requests(world)
        .iter()
        .flat_map(asked)
        .map(|asked| {
            format!(
                "{} {} {} {}={} {}",
                asked.namespace,
                asked.metric,
                asked.statistic,
                asked.dimension,
                asked.resource_id,
                asked.period
            )
        })
        .collect();
    series.sort();
    series
}

#[tokio::test]
async fn each_kind_is_asked_about_as_it_is_now() {
    let world = with(vec![
        instance("i-running"),
        resource("ec2_instance", "i-stopped", "stopped", json!({})),
        volume("vol-attached"),
        resource("ec2_volume", "vol-free", "available", json!({})),
        nat_gateway("nat-ready"),
        resource("ec2_nat_gateway", "nat-deleted", "deleted", json!({})),
        load_balancer("application", "app/web/50dc6c495c0c9188"),
        load_balancer("network", "net/tcp/50dc6c495c0c9189"),
        load_balancer("gateway", "gwy/firewall/50dc6c495c0c9190"),
        load_balancer("of-tomorrow", "new/thing/50dc6c495c0c9191"),
        resource(
            "elb_load_balancer",
            "my-classic",
            "",
            json!({"generation": "classic"}),
        ),
        resource("elb_load_balancer", "barely-described", "", json!({})),
        resource("ec2_address", "eipalloc-1", "idle", json!({})),
    ])
    .await;
    there(&world, "eu-west-1", vec![instance("i-elsewhere")]).await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_json_snapshot!("series", series(&world));
    });
}

#[tokio::test]
async fn what_has_gone_is_not_asked_about() {
    let world = with(vec![instance("i-1"), instance("i-2")]).await;
    there(&world, REGION, vec![instance("i-2")]).await;
    world.run("one").await;
    assert!(
        series(&world).iter().all(|series| series.contains("=i-2 ")),
        "{:?}",
        series(&world)
    );
    assert_eq!(series(&world).len(), 4);
}

/// 126 instances are 504 series, and they stand on two pages of what the database is asked for beside other kinds.
#[tokio::test]
async fn no_request_has_more_than_500_series_and_none_is_lost() {
    let mut resources: Vec<_> = (0..126).map(|n| instance(&format!("i-{n:03}"))).collect();
    resources.extend((0..501).map(|n| load_balancer("application", &format!("app/{n:03}/1"))));
    let world = with(resources).await;
    measures(&world, |_, ago| (ago == 1).then_some(1.0));
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    let sizes: Vec<usize> = requests(&world)
        .iter()
        .map(|call| asked(call).len())
        .collect();
    assert_eq!(sizes, [500, 500, 5]);
    for call in requests(&world) {
        let mut ids: Vec<String> = asked(&call).into_iter().map(|asked| asked.id).collect();
        assert!(
            ids.iter()
                .all(|id| id.starts_with(|c: char| c.is_ascii_lowercase())),
            "{ids:?}"
        );
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), asked(&call).len());
    }
    let stored = "SELECT concat(toString(count()), ' ', toString(uniqExact(resource_id))) FROM cloudwatch_metrics_";
    for table in ["points", "asked"] {
        assert_eq!(
            sql::text(&world.store, &format!("{stored}{table} FINAL")).await,
            "1005 627",
            "{table}"
        );
    }
    assert_eq!(billed(&world).await, "1005 0.01005");
}

/// What costs most for doing nothing comes first, in case that the budget ends before the resources do.
#[tokio::test]
async fn gateways_and_load_balancers_come_before_instances_and_volumes() {
    let world = with(vec![
        volume("vol-1"),
        instance("i-1"),
        nat_gateway("nat-1"),
        load_balancer("network", "net/a/1"),
    ])
    .await;
    world.run("one").await;
    let mut order: Vec<String> = asked(&requests(&world)[0])
        .into_iter()
        .map(|asked| asked.namespace)
        .collect();
    order.dedup();
    assert_eq!(
        order,
        ["AWS/NATGateway", "AWS/NetworkELB", "AWS/EC2", "AWS/EBS"]
    );
}

/// The hour in which the look of a run began, in seconds.
async fn hour_of_run(world: &World) -> i64 {
    sql::number(
        &world.store,
        "SELECT toUnixTimestamp(toStartOfHour(max(started_at))) FROM run_targets FINAL",
    )
    .await
}

#[tokio::test]
async fn the_first_run_asks_for_seven_days_up_to_the_last_full_hour() {
    let world = with(vec![instance("i-1")]).await;
    world.run("one").await;
    let end = hour_of_run(&world).await;
    assert_eq!(hours(&requests(&world)[0]), (end - 7 * 86_400, end));
}

/// The last complete look was so many hours ago, and its answers reach up to it.
async fn looked(hours_ago: u32) -> (World, i64) {
    let world = with(vec![instance("i-1")]).await;
    let looked_at = format!("toStartOfHour(now('UTC')) - INTERVAL {hours_ago} HOUR");
    sql::execute(
        &world.store,
        &format!(
            "INSERT INTO last_complete_looks
             SELECT 'cloudwatch_metrics', '{ACCOUNT}', '{REGION}', toDateTime64({looked_at}, 3, 'UTC') + 1234.5"
        ),
    )
    .await;
    sql::execute(
        &world.store,
        &format!(
            "INSERT INTO cloudwatch_metrics_asked
             SELECT '{ACCOUNT}', '{REGION}', 'ec2_instance', 'i-1', m.1, m.2, {looked_at} - INTERVAL 7 DAY,
                 {looked_at} - INTERVAL 7 DAY, {looked_at}, 0, NULL, generateUUIDv4(), now64(3), 1
             FROM (SELECT arrayJoin([('CPUUtilization', 'Average'), ('CPUUtilization', 'Maximum'), ('NetworkIn', 'Sum'),
                 ('NetworkOut', 'Sum')]) AS m)"
        ),
    )
    .await;
    let hour = sql::number(
        &world.store,
        "SELECT toUnixTimestamp(looked_at) - 1234 FROM last_complete_looks",
    )
    .await;
    (world, hour)
}

#[tokio::test]
async fn later_runs_begin_three_hours_before_the_last_complete_look() {
    let (world, looked_at) = looked(47).await;
    world.run("one").await;
    let end = hour_of_run(&world).await;
    assert_eq!(requests(&world).len(), 1);
    assert_eq!(hours(&requests(&world)[0]), (looked_at - 3 * 3_600, end));
}

#[tokio::test]
async fn they_ask_for_a_day_at_least_and_for_seven_at_most() {
    for (hours_ago, days) in [(2, 1), (30 * 24, 7)] {
        let (world, _) = looked(hours_ago).await;
        world.run("one").await;
        let end = hour_of_run(&world).await;
        assert_eq!(
            hours(&requests(&world)[0]),
            (end - days * 86_400, end),
            "{hours_ago} hours ago"
        );
    }
}

/// What CloudWatch remembers of it costs no more than its last day.
#[tokio::test]
async fn a_resource_that_is_new_to_polo_is_asked_about_for_seven_days_all_the_same() {
    let (world, looked_at) = looked(30).await;
    there(&world, REGION, vec![instance("i-1"), volume("vol-new")]).await;
    world.run("one").await;
    let end = hour_of_run(&world).await;
    let calls = requests(&world);
    let mut spans: Vec<_> = calls
        .iter()
        .map(|call| (asked(call)[0].resource_id.clone(), hours(call)))
        .collect();
    spans.sort();
    assert_eq!(
        spans,
        [
            ("i-1".to_owned(), (looked_at - 3 * 3_600, end)),
            ("vol-new".to_owned(), (end - 7 * 86_400, end))
        ]
    );
}
