//! What a run comes to: in an account that is empty, where EC2 is throttled or not open, and from one look to the next.

use polo_testkit::aws::{Reply, ec2_page};

use crate::world::{LISTINGS, World, answers, empty};

fn volumes(items: &[(&str, &str)]) -> Reply {
    let items: String = items
        .iter()
        .map(|(id, state)| {
            format!("<item><volumeId>{id}</volumeId><status>{state}</status></item>")
        })
        .collect();
    ec2_page("DescribeVolumes", "volumeSet", &items, None)
}

async fn check_nothing_is_there(world: &World, target: &str) {
    let answer = world.run("one").await;
    assert_eq!(
        (
            answer["outcome"].as_str(),
            answer["resources_seen"].as_u64()
        ),
        (Some("complete"), Some(0)),
        "{answer}"
    );
    assert_eq!(world.targets().await, [target]);
    assert!(world.ids().await.is_empty());
    assert!(world.changes().await.is_empty());
}

#[tokio::test]
async fn an_empty_account_is_complete() {
    check_nothing_is_there(&empty().await, "us-east-1 complete").await;
}

#[tokio::test]
async fn an_account_to_which_ec2_is_not_open_has_nothing_and_misses_nothing() {
    let world = empty().await;
    let message = "You are not subscribed to this service.";
    for (operation, _) in LISTINGS {
        answers(
            &world,
            operation,
            Reply::error(401, "OptInRequired", message),
        );
    }
    check_nothing_is_there(&world, "us-east-1 not_enabled").await;
}

#[tokio::test]
async fn what_changed_and_what_is_gone_is_seen_and_told_in_the_history() {
    let world = empty().await;
    answers(
        &world,
        "DescribeVolumes",
        volumes(&[("vol-1", "in-use"), ("vol-2", "in-use")]),
    );
    world.run("one").await;
    answers(
        &world,
        "DescribeVolumes",
        volumes(&[("vol-1", "available")]),
    );
    world.run("two").await;
    let there = world.resources().await;
    assert_eq!(there.len(), 1);
    assert_eq!(
        (&there[0]["resource_id"], &there[0]["state"]),
        (&"vol-1".into(), &"available".into())
    );
    assert_eq!(
        world.changes().await,
        [
            "appeared vol-1",
            "appeared vol-2",
            "changed vol-1",
            "gone vol-2"
        ]
    );
}

#[tokio::test]
async fn throttled_for_good_is_retried_by_lambda() {
    let world = empty().await;
    let throttled = Reply::error(503, "RequestLimitExceeded", "Request limit exceeded.");
    answers(&world, "DescribeNatGateways", throttled);
    let error = world.try_run("one").await.unwrap_err();
    assert_eq!(error.error_type(), "RunFailed");
    answers(
        &world,
        "DescribeNatGateways",
        ec2_page("DescribeNatGateways", "natGatewaySet", "", None),
    );
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["attempt"].as_u64()),
        (Some("complete"), Some(2))
    );
}

#[tokio::test]
async fn a_repeated_delivery_asks_nothing_and_answers_the_same() {
    let world = empty().await;
    answers(&world, "DescribeVolumes", volumes(&[("vol-1", "in-use")]));
    let first = world.run("one").await;
    let calls = world.aws.calls().len();
    let mut second = world.run("one").await;
    assert_eq!(second["repeated_delivery"].take(), true);
    second["repeated_delivery"] = false.into();
    assert_eq!(second, first);
    assert_eq!(world.aws.calls().len(), calls);
}
