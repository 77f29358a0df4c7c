//! What a run comes to when AWS does not answer as it should, and that nothing is lost by it.

use polo_testkit::aws::Reply;

use crate::world::*;

#[tokio::test]
async fn a_denied_region_is_named_and_loses_nothing_while_the_others_go_on() {
    const REGIONS: &[&str] = &["eu-west-1", "us-east-1"];
    let world = answering(Vec::new()).await;
    answers_by_region(&world, REGIONS, |region| {
        page(&[group(&format!("of-{region}"), 1)], None)
    });
    world.run("one").await;
    assert_eq!(world.ids().await, ["of-eu-west-1", "of-us-east-1"]);

    answers_by_region(&world, REGIONS, |region| match region {
        "eu-west-1" => denied(),
        _ => page(&[group("new", 2)], None),
    });
    let answer = world.run("two").await;
    assert_eq!(answer["outcome"], "partial", "{answer}");
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("eu-west-1: logs:DescribeLogGroups"),
        "{answer}"
    );
    assert_eq!(world.ids().await, ["new", "of-eu-west-1"]);
    assert_eq!(
        measured(&world).await,
        [
            "eu-west-1 of-eu-west-1 1",
            "us-east-1 new 2",
            "us-east-1 of-us-east-1 1"
        ]
    );
    let mut targets = world.targets().await.split_off(2);
    targets.sort();
    assert_eq!(
        targets,
        [
            "eu-west-1 denied(denied) logs:DescribeLogGroups",
            "us-east-1 complete"
        ]
    );
}

#[tokio::test]
async fn a_page_that_is_denied_after_the_first_loses_nothing() {
    let world = answering(vec![
        page(&[group("a", 1)], Some("1")),
        page(&[group("b", 1)], None),
    ])
    .await;
    world.run("one").await;
    now_answers(&world, vec![page(&[group("a", 2)], Some("1")), denied()]);
    let answer = world.run("two").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("denied")),
        "{answer}"
    );
    assert_eq!(world.ids().await, ["a", "b"]);
    assert_eq!(measured(&world).await, ["us-east-1 a 2", "us-east-1 b 1"]);
}

#[tokio::test]
async fn throttled_once_is_asked_again() {
    let world = answering(Vec::new()).await;
    world.throttles_once("logs", "DescribeLogGroups", page(&[group("a", 1)], None));
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["attempt"].as_u64()),
        (Some("complete"), Some(1))
    );
    assert_eq!(world.ids().await, ["a"]);
    assert_eq!(world.aws.calls_of("DescribeLogGroups").len(), 2);
}

#[tokio::test]
async fn throttled_for_good_is_retried_by_lambda() {
    let world = answering(vec![Reply::throttled()]).await;
    let error = world.try_run("one").await.unwrap_err();
    assert_eq!(error.error_type(), "RunFailed");
    now_answers(&world, vec![page(&[group("a", 1)], None)]);
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["attempt"].as_u64()),
        (Some("complete"), Some(2))
    );
    assert_eq!(world.ids().await, ["a"]);
}

#[tokio::test]
async fn an_account_to_which_the_service_is_not_open_has_nothing_and_misses_nothing() {
    let world = answering(vec![Reply::error(
        400,
        "OptInRequired",
        "The AWS Access Key Id needs a subscription for the service",
    )])
    .await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(answer["resources_seen"], 0);
    assert_eq!(world.targets().await, ["us-east-1 not_enabled"]);
    assert_eq!(world.ids().await, Vec::<String>::new());
    assert_eq!(measured(&world).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_account_without_log_groups_is_complete() {
    let world = answering(vec![page(&[], None)]).await;
    let answer = world.run("one").await;
    assert_eq!(
        (
            answer["outcome"].as_str(),
            answer["resources_seen"].as_u64()
        ),
        (Some("complete"), Some(0))
    );
    assert_eq!(world.targets().await, ["us-east-1 complete"]);
    assert_eq!(world.changes().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_repeated_delivery_asks_nothing_and_answers_the_same() {
    let world = answering(vec![page(&[group("a", 1)], None)]).await;
    let first = world.run("one").await;
    let calls = world.aws.calls().len();
    let mut second = world.run("one").await;
    assert_eq!(second["repeated_delivery"].take(), true);
    second["repeated_delivery"] = false.into();
    assert_eq!(second, first);
    assert_eq!(world.aws.calls().len(), calls);
}
