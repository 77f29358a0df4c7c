//! What a run comes to when AWS does not answer as it should, and that nothing is lost by it.

use polo_testkit::aws::Reply;

use crate::world::{answering, answers_by_region, denied, now_answers, owned, page, shown};

#[tokio::test]
async fn a_denied_region_is_named_and_loses_nothing_while_the_others_go_on() {
    let world = answering(Vec::new()).await;
    const REGIONS: &[&str] = &["eu-west-1", "us-east-1"];
    answers_by_region(&world, REGIONS, |region| {
        page(&[owned(&format!("i-{region}"), "ann")], None)
    });
    world.run("one").await;
    let before = shown(&world).await;
    assert_eq!(
        before,
        ["eu-west-1 i-eu-west-1 ann", "us-east-1 i-us-east-1 ann"]
    );

    answers_by_region(&world, REGIONS, |region| match region {
        "eu-west-1" => denied(),
        _ => page(&[owned("i-new", "bob")], None),
    });
    let answer = world.run("two").await;
    assert_eq!(answer["outcome"], "partial", "{answer}");
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("eu-west-1: tag:GetResources"),
        "{answer}"
    );
    assert_eq!(
        shown(&world).await,
        ["eu-west-1 i-eu-west-1 ann", "us-east-1 i-new bob"]
    );
    let mut targets = world.targets().await.split_off(2);
    targets.sort();
    assert_eq!(
        targets,
        [
            "eu-west-1 denied(denied) tag:GetResources",
            "us-east-1 complete"
        ]
    );
}

#[tokio::test]
async fn a_page_that_is_denied_after_the_first_loses_nothing() {
    let world = answering(vec![
        page(&[owned("i-1", "ann")], Some("1")),
        page(&[owned("i-2", "ann")], None),
    ])
    .await;
    world.run("one").await;
    now_answers(
        &world,
        vec![page(&[owned("i-1", "bob")], Some("1")), denied()],
    );
    let answer = world.run("two").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("denied")),
        "{answer}"
    );
    assert_eq!(
        shown(&world).await,
        ["us-east-1 i-1 bob", "us-east-1 i-2 ann"]
    );
}

#[tokio::test]
async fn throttled_once_is_asked_again() {
    let world = answering(Vec::new()).await;
    let only = page(&[owned("i-1", "ann")], None);
    world.throttles_once("tagging", "GetResources", only);
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["attempt"].as_u64()),
        (Some("complete"), Some(1))
    );
    assert_eq!(shown(&world).await, ["us-east-1 i-1 ann"]);
    assert_eq!(world.aws.calls_of("GetResources").len(), 2);
}

#[tokio::test]
async fn throttled_for_good_is_retried_by_lambda() {
    let world = answering(vec![Reply::error(
        400,
        "ThrottledException",
        "Rate exceeded",
    )])
    .await;
    let error = world.try_run("one").await.unwrap_err();
    assert_eq!(error.error_type(), "RunFailed");
    now_answers(&world, vec![page(&[owned("i-1", "ann")], None)]);
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["attempt"].as_u64()),
        (Some("complete"), Some(2))
    );
    assert_eq!(shown(&world).await, ["us-east-1 i-1 ann"]);
}

#[tokio::test]
async fn an_account_to_which_the_service_is_not_open_has_nothing_and_misses_nothing() {
    let world = answering(vec![Reply::error(
        400,
        "SubscriptionRequiredException",
        "The AWS Access Key Id needs a subscription for the service",
    )])
    .await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(answer["resources_seen"], 0);
    assert_eq!(world.targets().await, ["us-east-1 not_enabled"]);
    assert_eq!(shown(&world).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_repeated_delivery_asks_nothing_and_answers_the_same() {
    let world = answering(vec![page(&[owned("i-1", "ann")], None)]).await;
    let first = world.run("one").await;
    let calls = world.aws.calls().len();
    let mut second = world.run("one").await;
    assert_eq!(second["repeated_delivery"].take(), true);
    second["repeated_delivery"] = false.into();
    assert_eq!(second, first);
    assert_eq!(world.aws.calls().len(), calls);
}
