//! How targets end and what a run makes of them: a failure is its target's own, and nothing is gone on the word of
//! an answer that is not whole.

use chrono::{DateTime, TimeDelta};
use polo_aws::Clock;
use polo_core::ErrorClass;
use polo_runtime::FunctionError;
use polo_testkit::aws::{Reply, assume_role_denied};
use polo_testkit::relay::Relay;

use crate::world::*;

#[tokio::test]
async fn every_page_of_every_region_is_stored_once() {
    let world = World::new().await;
    world.now_answers(
        EAST,
        vec![
            page(&[("vol-1", "in-use"), ("vol-2", "in-use")], Some(1)),
            page(&[], Some(2)),
            page(&[("vol-3", "available")], None),
        ],
    );
    world.now_shows(WEST, &[("vol-4", "in-use")]);

    let answer = world.sweep_ends("one", "complete").await;

    assert_eq!(
        world.resources().await,
        [
            "us-east-1 vol-1 in-use",
            "us-east-1 vol-2 in-use",
            "us-east-1 vol-3 available",
            "eu-west-1 vol-4 in-use"
        ]
    );
    assert_eq!(
        (
            answer["targets"].as_u64(),
            answer["resources_seen"].as_u64()
        ),
        (Some(2), Some(4))
    );
    assert_eq!(
        world.targets().await,
        ["us-east-1 complete", "eu-west-1 complete"]
    );
}

/// One region shows two volumes, then fails; the other goes on. What does the ledger say, and what is still there?
async fn check(failure: Reply, target: &str, run: &str) {
    let world = World::new().await;
    let both = [("vol-1", "in-use"), ("vol-2", "in-use")];
    world.now_shows(EAST, &both);
    world.now_shows(WEST, &[("vol-3", "in-use")]);
    world.sweep_ends("before", "complete").await;

    world.now_answers(EAST, vec![failure]);
    world.now_shows(WEST, &[]);
    let outcome = run.split(' ').nth(1).unwrap();
    let answer = world.sweep_ends("now", outcome).await;

    assert_eq!(world.targets().await, [target, "eu-west-1 complete"]);
    assert_eq!(world.runs().await, ["1 complete", run], "{answer}");
    assert_eq!(
        world.resources().await,
        [
            "us-east-1 vol-1 in-use",
            "us-east-1 vol-2 in-use",
            "eu-west-1 vol-3 gone"
        ]
    );
}

#[tokio::test]
async fn a_denied_region_is_denied_and_loses_nothing() {
    check(
        denied(),
        "us-east-1 denied(denied) ec2:DescribeVolumes",
        "1 partial",
    )
    .await;
}

#[tokio::test]
async fn a_policy_of_the_organization_is_named_as_such() {
    check(
        polo_testkit::aws::ec2_denied(
            "ec2:DescribeVolumes",
            "a service control policy explicitly denies the action",
        ),
        "us-east-1 denied(denied_by_scp) ec2:DescribeVolumes",
        "1 partial",
    )
    .await;
}

#[tokio::test]
async fn a_throttled_region_fails_alone() {
    check(
        throttled(),
        "us-east-1 failed(throttled) ec2:DescribeVolumes",
        "1 partial",
    )
    .await;
}

#[tokio::test]
async fn an_answer_that_nobody_understands_loses_nothing() {
    check(
        Reply::error(400, "SomethingNew", "what AWS invents tomorrow"),
        "us-east-1 failed(bug) ec2:DescribeVolumes",
        "1 partial",
    )
    .await;
}

#[tokio::test]
async fn a_service_that_the_account_does_not_use_is_an_answer() {
    check(
        Reply::error(
            401,
            "OptInRequired",
            "You are not subscribed to this service.",
        ),
        "us-east-1 not_enabled",
        "1 complete",
    )
    .await;
}

#[tokio::test]
async fn a_partial_run_says_which_call_failed_where() {
    let world = World::new().await;
    world.now_answers(EAST, vec![denied()]);
    let answer = world.sweep_ends("one", "partial").await;
    let reason = answer["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("us-east-1: ec2:DescribeVolumes: UnauthorizedOperation: "),
        "{reason}"
    );
    assert!(
        world
            .scan_error()
            .await
            .starts_with("shelf/us-east-1: denied: ec2:DescribeVolumes: UnauthorizedOperation"),
        "{}",
        world.scan_error().await
    );
}

#[tokio::test]
async fn a_failing_second_page_keeps_what_was_seen_and_what_was_not() {
    let world = World::new().await;
    world.now_shows(EAST, &[("vol-1", "in-use"), ("vol-2", "in-use")]);
    world.sweep_ends("before", "complete").await;

    world.now_answers(
        EAST,
        vec![
            page(&[("vol-1", "available"), ("vol-9", "creating")], Some(1)),
            Reply::error(500, "InternalError", "An internal error has occurred"),
        ],
    );
    world.sweep_ends("now", "partial").await;

    assert_eq!(
        world.resources().await,
        [
            "us-east-1 vol-1 available",
            "us-east-1 vol-2 in-use",
            "us-east-1 vol-9 creating"
        ]
    );
    assert_eq!(
        world.targets().await,
        [
            "us-east-1 failed(service) ec2:DescribeVolumes",
            "eu-west-1 complete"
        ]
    );
}

#[tokio::test]
async fn a_call_that_is_throttled_once_is_made_again() {
    let world = World::new().await;
    let mut first = true;
    world.aws.on("ec2", "DescribeVolumes", move |_| {
        if std::mem::take(&mut first) {
            throttled()
        } else {
            page(&[("vol-1", "in-use")], None)
        }
    });
    world.sweep_ends("one", "complete").await;
    assert_eq!(world.aws.calls_of("DescribeVolumes").len(), 3);
}

#[tokio::test]
async fn denied_everywhere_is_recorded_and_not_worth_a_retry() {
    let world = World::new().await;
    world.now_answers(EAST, vec![denied()]);
    world.now_answers(WEST, vec![denied()]);
    world.sweep_ends("one", "failed").await;
    assert_eq!(world.runs().await, ["1 failed(denied)"]);
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_is_recorded_and_nothing_else_is_asked() {
    let world = World::new().await;
    world.aws.on("sts", "AssumeRole", assume_role_denied);
    let answer = world.sweep_ends("one", "failed").await;
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .starts_with("sts:AssumeRole: AccessDenied: "),
        "{answer}"
    );
    assert_eq!(world.runs().await, ["1 failed(denied)"]);
    assert_eq!(world.calls(), 1);
    assert!(
        world
            .scan_error()
            .await
            .starts_with("shelf: denied: sts:AssumeRole: AccessDenied"),
        "{}",
        world.scan_error().await
    );
}

#[tokio::test]
async fn throttled_for_good_is_an_error_that_lambda_retries_and_its_retry_completes() {
    let world = World::new().await;
    world.now_answers(EAST, vec![throttled()]);
    world.now_answers(WEST, vec![throttled()]);
    let error = world.sweep("one").await.unwrap_err();
    assert_eq!(error.error_type(), "RunFailed");
    assert!(
        matches!(
            error,
            FunctionError::RunFailed {
                class: ErrorClass::Throttled,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(world.runs().await, ["1 failed(throttled)"]);

    world.now_shows(EAST, &[("vol-1", "in-use")]);
    world.now_shows(WEST, &[]);
    world.sweep_ends("one", "complete").await;
    assert_eq!(
        world.runs().await,
        ["1 failed(throttled)", "2 complete"],
        "attempts of one run"
    );
    assert_eq!(world.scan_error().await, "");
}

#[tokio::test]
async fn a_region_for_which_no_time_is_left_is_not_asked() {
    let now = DateTime::from_timestamp(1_900_000_000, 0).unwrap();
    let world = World::of(Plan {
        clock: stopped_clock(now),
        ..Plan::default()
    })
    .await;
    let error = world
        .deliver_until(&event("one"), "one", Some(now))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            FunctionError::RunFailed {
                class: ErrorClass::Timeout,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(world.aws.calls_of("DescribeVolumes").len(), 0);
    assert_eq!(world.runs().await, ["1 failed(timeout)"]);
}

/// What is kept for closing, and a moment for the calls.
const A_MOMENT: TimeDelta = TimeDelta::seconds(13);

#[tokio::test]
async fn time_out_keeps_what_was_seen_and_nothing_is_gone() {
    let world = World::new().await;
    world.now_shows(EAST, &[("vol-1", "in-use")]);
    world.now_shows(WEST, &[("vol-2", "in-use")]);
    world.sweep_ends("before", "complete").await;

    world.now_shows(EAST, &[("vol-3", "in-use")]);
    world.now_shows(WEST, &[]);
    let _never = world.aws.hold("DescribeVolumes", WEST);
    let deadline = Some(Clock::system().now() + A_MOMENT);
    let answer = world.deliver_until(&event("one"), "one", deadline).await;
    assert_eq!(answer.unwrap()["outcome"], "partial");
    assert_eq!(
        world.targets().await,
        ["us-east-1 complete", "eu-west-1 failed(timeout) shelf"]
    );
    assert_eq!(
        world.resources().await,
        [
            "us-east-1 vol-1 gone",
            "us-east-1 vol-3 in-use",
            "eu-west-1 vol-2 in-use"
        ]
    );
}

/// The place is cut off while it stores a full batch, with the other places waiting for it.
#[tokio::test]
async fn time_out_in_the_middle_of_a_batch_loses_no_row() {
    let relay = Relay::to_engine().await;
    let world = World::of(Plan {
        url: &relay.url(),
        ..Plan::default()
    })
    .await;
    let ids: Vec<String> = (0..2_100)
        .map(|number| format!("vol-{number:04}"))
        .collect();
    let many: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "in-use")).collect();
    world.now_shows(EAST, &many);
    let held = relay.hold_answer("INSERT INTO `resources`");
    let deadline = Some(Clock::system().now() + A_MOMENT);
    let event = event("one");
    let run = world.deliver_until(&event, "one", deadline);
    tokio::pin!(run);
    tokio::select! {
        answer = &mut run => panic!("it ended before it stored a batch: {answer:?}"),
        () = held.reached() => {}
    }
    // The answer never comes: the place is cut off, and another statement stores the batch.
    let answer = run.await.unwrap();
    assert_eq!(answer["outcome"], "partial", "{answer}");
    let targets = world.targets().await;
    assert_eq!(targets[0], "us-east-1 failed(timeout) shelf", "{targets:?}");
    // The whole batch; the rest of the page was not taken any more.
    assert_eq!(world.resources().await.len(), 2_000);
    assert_eq!(world.changes().await.len(), 2_000);
}
