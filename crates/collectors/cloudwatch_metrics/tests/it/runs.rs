//! How runs end: denied, throttled, out of budget, in an empty account, delivered twice.

use cloudwatch_metrics::CloudwatchMetrics;
use polo_collect::Collector;
use polo_core::CollectorManifest;
use polo_testkit::aws::{Reply, regions_page};
use polo_testkit::iam_actions::assert_read_actions_exact;
use polo_testkit::sql;
use serde_json::json;

use crate::world::*;

fn denied() -> Reply {
    Reply::error(
        403,
        "AccessDenied",
        "User: arn:aws:sts::123456789012:assumed-role/dev-PoloReadRole/polo is not authorized to perform: \
         cloudwatch:GetMetricData because no identity-based policy allows the cloudwatch:GetMetricData action",
    )
}

#[tokio::test]
async fn a_denied_region_is_a_gap_and_the_others_go_on() {
    let world = with(vec![instance("i-1")]).await;
    there(&world, "eu-west-1", vec![instance("i-2")]).await;
    world.aws.on("ec2", "DescribeRegions", |_| {
        regions_page(&[
            ("us-east-1", "opt-in-not-required"),
            ("eu-west-1", "opt-in-not-required"),
        ])
    });
    answers(&world, |call| {
        if call.region == "us-east-1" {
            return denied();
        }
        let results = asked(call)
            .iter()
            .map(|series| result(call, series, |ago| (ago == 1).then_some(7.0)))
            .collect();
        page(results, None)
    });
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "partial", "{answer}");
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("cloudwatch:GetMetricData"),
        "{answer}"
    );
    let mut targets = world.targets().await;
    targets.sort();
    assert_eq!(
        targets,
        [
            "eu-west-1 complete",
            "us-east-1 denied(denied) cloudwatch:GetMetricData"
        ]
    );
    let points = points(&world).await;
    assert_eq!(points.len(), 4);
    assert!(
        points.iter().all(|point| point.starts_with("i-2 ")),
        "{points:?}"
    );
    for call in requests(&world) {
        assert_eq!(call.account_id(), Some(ACCOUNT));
        assert!(
            call.uri
                .contains(&format!("monitoring.{}.amazonaws.com", call.region)),
            "{}",
            call.uri
        );
    }
}

#[tokio::test]
async fn a_denial_leaves_what_was_known() {
    let world = with(vec![nat_gateway("nat-1")]).await;
    measures(&world, |_, ago| (ago == 1).then_some(1.0));
    world.run("one").await;
    hours_pass(&world).await;
    let before = (points(&world).await, known(&world).await);
    answers(&world, |_| denied());
    let answer = world.run("two").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("denied")),
        "{answer}"
    );
    assert_eq!((points(&world).await, known(&world).await), before);
    assert_eq!(world.ids().await, ["nat-1"]);
}

#[tokio::test]
async fn throttled_once_is_asked_again_and_billed_once() {
    let world = with(vec![nat_gateway("nat-1")]).await;
    let mut throttled = false;
    answers(&world, move |call| {
        if !std::mem::replace(&mut throttled, true) {
            return Reply::throttled();
        }
        let results = asked(call)
            .iter()
            .map(|series| result(call, series, |_| None))
            .collect();
        page(results, None)
    });
    assert_eq!(world.run("one").await["outcome"], "complete");
    assert_eq!(known(&world).await.len(), 2);
    assert_eq!(billed(&world).await, "2 0.00002");
}

#[tokio::test]
async fn throttled_for_good_is_retried_by_lambda() {
    let world = with(vec![nat_gateway("nat-1")]).await;
    answers(&world, |_| Reply::throttled());
    let error = world.try_run("one").await.unwrap_err();
    assert_eq!(error.error_type(), "RunFailed");
    assert_eq!(known(&world).await, Vec::<String>::new());
    measures(&world, |_, _| None);
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["attempt"].as_u64()),
        (Some("complete"), Some(2))
    );
    assert_eq!(known(&world).await.len(), 2);
}

#[tokio::test]
async fn where_nothing_is_nothing_is_asked_and_nothing_billed() {
    let world = with(vec![resource(
        "ec2_instance",
        "i-stopped",
        "stopped",
        json!({}),
    )])
    .await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(answer["rows_written"], 0);
    assert_eq!(world.targets().await, ["us-east-1 complete"]);
    assert!(requests(&world).is_empty());
    assert_eq!(billed(&world).await, "0 0");
    assert_eq!(world.ids().await, ["i-stopped"]);
}

#[tokio::test]
async fn a_service_that_the_account_never_subscribed_to_is_no_failure() {
    let world = with(vec![instance("i-1")]).await;
    answers(&world, |_| {
        Reply::error(
            403,
            "OptInRequired",
            "You are not subscribed to this service.",
        )
    });
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(answer["rows_written"], 0);
    assert_eq!(
        sql::lines(&world.store, "SELECT outcome FROM run_targets FINAL").await,
        ["not_enabled"]
    );
}

#[tokio::test]
async fn what_is_delivered_twice_is_asked_once() {
    let world = with(vec![instance("i-1")]).await;
    let mut first = world.run("one").await;
    let calls = world.aws.calls().len();
    let second = world.run("one").await;
    assert_eq!(world.aws.calls().len(), calls);
    assert_eq!(
        (&first["repeated_delivery"], &second["repeated_delivery"]),
        (&json!(false), &json!(true))
    );
    first["repeated_delivery"] = true.into();
    assert_eq!(first, second);
}

#[tokio::test]
async fn the_day_has_a_cap_and_what_it_does_not_allow_is_not_asked() {
    // 0.00001 USD a metric: the first request of 500 passes, the second does not.
    let world = World::with_settings(&[("POLO_DAY_USD_AT_MOST", "0.007")]).await;
    let resources = (0..200).map(|n| instance(&format!("i-{n:03}"))).collect();
    there(&world, REGION, resources).await;
    measures(&world, |_, ago| (ago == 1).then_some(1.0));
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "partial", "{answer}");
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("may cost 0.007 USD a day"),
        "{answer}"
    );
    assert_eq!(
        world.targets().await,
        ["us-east-1 failed(budget) cloudwatch:GetMetricData"]
    );
    assert_eq!(requests(&world).len(), 1);
    assert_eq!(
        (points(&world).await.len(), known(&world).await.len()),
        (500, 500)
    );
    assert_eq!(billed(&world).await, "500 0.005");
}

#[test]
fn a_run_asks_for_half_a_dollar_at_most() {
    let manifest = CollectorManifest::parse(CloudwatchMetrics::ID, CloudwatchMetrics::MANIFEST);
    let billing = manifest.unwrap().billing.unwrap();
    assert_eq!(billing.run_usd_at_most().normalize().to_string(), "0.5");
    assert_eq!(billing.day_usd_at_most.normalize().to_string(), "1");
}

#[tokio::test]
async fn the_declared_actions_are_the_calls_on_the_wire() {
    let world = with(vec![instance("i-1")]).await;
    assert_eq!(world.run("one").await["outcome"], "complete");
    assert_read_actions_exact::<CloudwatchMetrics>(&world.aws.calls());
}
