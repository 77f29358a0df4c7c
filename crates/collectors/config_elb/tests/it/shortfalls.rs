//! A detail that cannot be read: the resource stays, what is missing is named, and the target is not complete.

use polo_testkit::aws::Reply;
use serde_json::{Value, json};

use crate::world::*;

const NUMBERS: [&str; 3] = ["targets", "healthy_targets", "targets_by_state"];

fn has_no_numbers(attributes: &Value) -> bool {
    NUMBERS.iter().all(|name| attributes.get(*name).is_none())
}

/// Two target groups of one load balancer, one more of another.
async fn three_groups() -> World {
    let world = World::empty().await;
    let groups = [
        group("open", &["half"]),
        group("closed", &["half"]),
        group("other", &["whole"]),
    ];
    world.lists(V2, "DescribeTargetGroups", &groups);
    world.lists(
        V2,
        "DescribeLoadBalancers",
        &["half", "whole"].map(balancer),
    );
    world.answers(V2, "DescribeTargetHealth", targets(&["healthy"]));
    world
}

#[tokio::test]
async fn a_health_that_is_denied_is_no_number_and_no_part_of_a_sum() {
    let world = three_groups().await;
    world.on(V2, "DescribeTargetHealth", |call| {
        if call.parameter("TargetGroupArn") == group_arn("closed") {
            denied("DescribeTargetHealth")
        } else {
            targets(&["healthy"])
        }
    });
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("denied")),
        "{answer}"
    );
    assert_eq!(
        world.targets().await,
        ["us-east-1 denied(denied) elasticloadbalancing:DescribeTargetHealth"]
    );
    let unreadable = json!(["elasticloadbalancing:DescribeTargetHealth"]);
    for id in ["closed/1", "app/half/1"] {
        let attributes = world.attributes(id).await;
        assert!(has_no_numbers(&attributes), "{id}: {attributes}");
        assert_eq!(attributes["unreadable"], unreadable, "{id}");
    }
    assert_eq!(world.attributes("app/half/1").await["target_groups"], 2);
    for id in ["open/1", "other/1", "app/whole/1"] {
        let attributes = world.attributes(id).await;
        assert_eq!(attributes["healthy_targets"], 1, "{id}");
        assert!(attributes.get("unreadable").is_none(), "{id}");
    }
}

#[tokio::test]
async fn a_health_of_instances_that_is_denied_is_no_number() {
    let world = World::empty().await;
    let balancers = [classic("closed", &["i-1"]), classic("empty", &[])];
    world.lists(CLASSIC, "DescribeLoadBalancers", &balancers);
    let refusal = denied("DescribeInstanceHealth");
    world.answers(CLASSIC, "DescribeInstanceHealth", refusal);
    world.run("one").await;
    assert_eq!(
        world.targets().await,
        ["us-east-1 denied(denied) elasticloadbalancing:DescribeInstanceHealth"]
    );
    let closed = world.attributes("closed").await;
    assert!(has_no_numbers(&closed), "{closed}");
    assert_eq!(
        closed["unreadable"],
        json!(["elasticloadbalancing:DescribeInstanceHealth"])
    );
    assert_eq!(world.attributes("empty").await["targets"], 0);
}

#[tokio::test]
async fn tags_that_are_denied_are_missed_and_the_rest_is_stored() {
    for (version, operation, _) in LISTINGS {
        let world = World::empty().await;
        let items = ["stays", "vanishes"].map(|name| item(version, operation, name));
        world.lists(version, operation, &items);
        world.run("one").await;
        world.lists(version, operation, &items[..1]);
        world.answers(version, "DescribeTags", denied("DescribeTags"));
        world.run("two").await;
        assert_eq!(
            world.targets().await[1],
            "us-east-1 denied(denied) elasticloadbalancing:DescribeTags"
        );
        // The listing was whole: what it does not show is gone.
        let stays = id(version, operation, "stays");
        assert_eq!(world.ids().await, [stays.as_str()]);
        let attributes = world.attributes(&stays).await;
        assert_eq!(
            attributes["unreadable"],
            json!(["elasticloadbalancing:DescribeTags"])
        );
        assert_eq!(attributes["targets"], 0);
    }
}

#[tokio::test]
async fn a_health_at_which_aws_fails_for_good_holds_up_nothing_else() {
    let world = three_groups().await;
    world.on(V2, "DescribeTargetHealth", |call| {
        if call.parameter("TargetGroupArn") == group_arn("closed") {
            Reply::error(
                500,
                "HealthUnavailable",
                "The health could not be retrieved",
            )
        } else {
            targets(&["healthy"])
        }
    });
    world.try_run("one").await.unwrap_err();
    assert_eq!(
        world.targets().await,
        ["us-east-1 failed(service) elasticloadbalancing:DescribeTargetHealth"]
    );
    assert_eq!(world.ids().await.len(), 5);
}

#[tokio::test]
async fn a_detail_that_is_throttled_once_is_asked_for_again() {
    let world = three_groups().await;
    let health = targets(&["healthy"]);
    world.throttles_once(V2, "DescribeTargetHealth", health);
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(world.calls(V2, "DescribeTargetHealth").len(), 4);
    assert_eq!(world.attributes("app/half/1").await["targets"], 2);
}

#[tokio::test]
async fn a_detail_that_stays_throttled_is_retried_by_lambda_and_nothing_is_gone() {
    for (version, operation) in [
        (V2, "DescribeTargetHealth"),
        (V2, "DescribeTags"),
        (CLASSIC, "DescribeInstanceHealth"),
        (CLASSIC, "DescribeTags"),
    ] {
        let world = three_groups().await;
        world.answers(CLASSIC, "DescribeInstanceHealth", instances(&["InService"]));
        let balancers = ["stays", "vanishes"].map(|name| classic(name, &["i-1"]));
        world.lists(CLASSIC, "DescribeLoadBalancers", &balancers);
        world.run("one").await;
        let before = world.resources().await;

        world.lists(CLASSIC, "DescribeLoadBalancers", &balancers[..1]);
        world.answers(version, operation, throttling());
        let error = world.try_run("two").await.unwrap_err();
        assert_eq!(error.error_type(), "RunFailed", "{version} {operation}");
        assert_eq!(world.resources().await, before, "{version} {operation}");

        match operation {
            "DescribeTargetHealth" => world.answers(version, operation, targets(&["healthy"])),
            "DescribeTags" => world.on(version, operation, named),
            _ => world.answers(version, operation, instances(&["InService"])),
        }
        let answer = world.run("two").await;
        assert_eq!(
            (answer["outcome"].as_str(), answer["attempt"].as_u64()),
            (Some("complete"), Some(2)),
            "{version} {operation}"
        );
        assert_eq!(world.ids().await.len(), before.len() - 1);
    }
}
