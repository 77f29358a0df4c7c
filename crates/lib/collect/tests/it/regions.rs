//! Which regions a run asks: the account's own, the ones that were named, or the last known.

use polo_runtime::FunctionError;
use polo_testkit::aws::Reply;
use serde_json::json;

use crate::world::*;

fn asked(world: &World) -> Vec<String> {
    let calls = world.aws.calls_of("DescribeVolumes");
    let mut regions: Vec<String> = calls.into_iter().map(|call| call.region).collect();
    regions.sort();
    regions
}

#[tokio::test]
async fn enabled_regions_are_asked_and_all_are_kept_for_later() {
    let world = World::new().await;
    world.sweep_ends("one", "complete").await;
    assert_eq!(asked(&world), [WEST, EAST]);
    assert_eq!(
        world
            .lines("SELECT concat(region, ' ', toString(enabled)) FROM account_regions FINAL ORDER BY region")
            .await,
        ["af-south-1 false", "eu-west-1 true", "us-east-1 true"]
    );
}

#[tokio::test]
async fn regions_that_cannot_be_listed_and_were_never_known_fail_the_run_for_the_record() {
    let world = World::new().await;
    world.regions_fail(denied_action("ec2:DescribeRegions"));
    let answer = world.sweep_ends("one", "failed").await;
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .starts_with("ec2:DescribeRegions: UnauthorizedOperation: "),
        "{answer}"
    );
    assert_eq!(world.runs().await, ["1 failed(denied)"]);
    assert_eq!(asked(&world), Vec::<String>::new());
    assert!(
        world
            .scan_error()
            .await
            .starts_with("shelf: denied: ec2:DescribeRegions"),
        "{}",
        world.scan_error().await
    );
}

#[tokio::test]
async fn the_last_known_regions_are_asked_instead_and_the_run_says_so() {
    let world = World::new().await;
    world.sweep_ends("before", "complete").await;
    world.regions_fail(denied_action("ec2:DescribeRegions"));
    world.now_shows(EAST, &[("vol-1", "in-use")]);
    let answer = world.sweep_ends("now", "complete").await;
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .starts_with("regions as last known: ec2:DescribeRegions: UnauthorizedOperation: "),
        "{answer}"
    );
    assert_eq!(world.resources().await, ["us-east-1 vol-1 in-use"]);
}

#[tokio::test]
async fn a_problem_does_not_hide_that_the_regions_were_the_last_known() {
    let world = World::new().await;
    world.sweep_ends("before", "complete").await;
    world.regions_fail(denied_action("ec2:DescribeRegions"));
    world.now_answers(EAST, vec![denied()]);
    let answer = world.sweep_ends("now", "partial").await;
    let reason = answer["reason"].as_str().unwrap();
    assert!(
        reason.contains("us-east-1: ec2:DescribeVolumes: UnauthorizedOperation"),
        "{reason}"
    );
    assert!(reason.contains("regions as last known: "), "{reason}");
}

#[tokio::test]
async fn configured_regions_serve_an_account_whose_regions_were_never_known() {
    let world = World::of(Plan {
        fallback_regions: "us-east-1",
        ..Plan::default()
    })
    .await;
    world.regions_fail(denied_action("ec2:DescribeRegions"));
    world.sweep_ends("one", "complete").await;
    assert_eq!(asked(&world), [EAST]);
}

#[tokio::test]
async fn throttled_region_lists_are_asked_for_again_and_then_retried_by_lambda() {
    let world = World::new().await;
    world.regions_fail(throttled());
    let error = world.sweep("one").await.unwrap_err();
    assert_eq!(error.error_type(), "RunFailed");
    assert_eq!(world.aws.calls_of("DescribeRegions").len(), 2);
    assert_eq!(world.runs().await, ["1 failed(throttled)"]);

    world.regions_are(&[(EAST, "opt-in-not-required")]);
    world.sweep_ends("one", "complete").await;
    assert_eq!(world.runs().await, ["1 failed(throttled)", "2 complete"]);
}

#[tokio::test]
async fn an_account_without_a_single_enabled_region_is_not_believed() {
    let world = World::new().await;
    world.regions_are(&[("af-south-1", "not-opted-in")]);
    world.sweep_ends("one", "failed").await;
    assert_eq!(world.runs().await, ["1 failed(bug)"]);
}

#[tokio::test]
async fn a_region_that_has_been_disabled_is_an_answer() {
    let world = World::new().await;
    world.regions_are(&[(EAST, "opt-in-not-required"), ("af-south-1", "opted-in")]);
    world.now_answers(
        "af-south-1",
        vec![Reply::error(
            401,
            "AuthFailure",
            "AWS was not able to validate the provided access credentials",
        )],
    );
    world.sweep_ends("one", "complete").await;
    assert_eq!(
        world.targets().await,
        ["us-east-1 complete", "af-south-1 region_disabled"]
    );
    assert_eq!(world.scan_error().await, "");
}

#[tokio::test]
async fn named_regions_are_asked_without_a_look_at_the_others() {
    let world = World::new().await;
    world.sweep_ends("one", "complete").await;
    let payload = json!({"account_id": ACCOUNT, "regions": [EAST]});
    world.deliver(&payload, "by hand").await.unwrap();
    assert_eq!(asked(&world), [WEST, EAST, EAST]);
    assert_eq!(world.aws.calls_of("DescribeRegions").len(), 1);
}

#[tokio::test]
async fn more_regions_than_are_read_at_once_are_all_read() {
    const MANY: [(&str, &str); 9] = [
        ("ap-northeast-1", "opt-in-not-required"),
        ("ap-northeast-2", "opt-in-not-required"),
        ("ap-south-1", "opt-in-not-required"),
        ("ca-central-1", "opt-in-not-required"),
        ("eu-central-1", "opt-in-not-required"),
        (WEST, "opt-in-not-required"),
        ("sa-east-1", "opt-in-not-required"),
        (EAST, "opt-in-not-required"),
        ("us-west-2", "opt-in-not-required"),
    ];
    let world = World::new().await;
    world.regions_are(&MANY);
    for (region, _) in MANY {
        world.now_shows(region, &[(&format!("vol-{region}"), "in-use")]);
    }
    let answer: Result<_, FunctionError> = world.sweep("one").await;
    assert_eq!(answer.unwrap()["resources_seen"], 9);
    assert!(
        world.aws.most_at_once() <= 4,
        "{} at once",
        world.aws.most_at_once()
    );
    assert_eq!(
        world.aws.calls_of("AssumeRole").len(),
        1,
        "credentials are shared by the regions"
    );
}
