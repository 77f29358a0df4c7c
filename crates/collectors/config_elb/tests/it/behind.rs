//! What is behind a load balancer is the sum over its target groups.

use serde_json::json;

use crate::world::*;

#[tokio::test]
async fn targets_are_summed_over_pages_of_target_groups() {
    let world = World::empty().await;
    let of = |items: &[String], marker: Option<&str>| {
        page(
            "DescribeTargetGroups",
            "TargetGroups",
            &items.concat(),
            marker,
        )
    };
    world.answers_pages(
        V2,
        "DescribeTargetGroups",
        vec![
            of(
                &[group("blue", &["shop"]), group("both", &["shop", "api"])],
                Some("1"),
            ),
            of(&[group("green", &["shop"]), group("alone", &[])], None),
        ],
    );
    world.on(V2, "DescribeTargetHealth", |call| {
        match call.parameter("TargetGroupArn").split('/').nth(1) {
            Some("blue") => targets(&["healthy", "healthy", "unhealthy"]),
            Some("both") => targets(&["initial"]),
            Some("green") => targets(&["unhealthy", "draining"]),
            _ => targets(&["unused"]),
        }
    });
    let balancers = ["shop", "api", "bare"].map(balancer);
    world.lists(V2, "DescribeLoadBalancers", &balancers);
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");

    let shop = world.attributes("app/shop/1").await;
    assert_eq!(shop["target_groups"], 3);
    assert_eq!(
        (&shop["targets"], &shop["healthy_targets"]),
        (&json!(6), &json!(2))
    );
    assert_eq!(
        shop["targets_by_state"],
        json!({"draining": 1, "healthy": 2, "initial": 1, "unhealthy": 2})
    );
    let api = world.attributes("app/api/1").await;
    assert_eq!(
        (
            &api["target_groups"],
            &api["targets"],
            &api["healthy_targets"]
        ),
        (&json!(1), &json!(1), &json!(0))
    );
    let bare = world.attributes("app/bare/1").await;
    assert_eq!(
        (
            &bare["target_groups"],
            &bare["targets"],
            &bare["healthy_targets"]
        ),
        (&json!(0), &json!(0), &json!(0))
    );
}

#[tokio::test]
async fn a_target_that_falls_ill_is_history() {
    let world = World::empty().await;
    world.lists(V2, "DescribeTargetGroups", &[group("g", &["lb"])]);
    world.lists(V2, "DescribeLoadBalancers", &[balancer("lb")]);
    world.answers(V2, "DescribeTargetHealth", targets(&["healthy"]));
    world.run("one").await;
    world.run("two").await;
    world.answers(V2, "DescribeTargetHealth", targets(&["unhealthy"]));
    world.run("three").await;
    assert_eq!(
        world.changes().await,
        [
            "appeared app/lb/1",
            "appeared g/1",
            "changed app/lb/1",
            "changed g/1"
        ]
    );
}

/// AWS gives lists in any order: another order is no change.
#[tokio::test]
async fn another_order_is_no_change() {
    let world = World::empty().await;
    for (run, order) in [("one", ["x", "y"]), ("two", ["y", "x"])] {
        world.lists(V2, "DescribeTargetGroups", &[group("g", &order)]);
        let zones: String = order
            .iter()
            .map(|zone| format!("<member>{zone}</member>"))
            .collect();
        let balancer = format!(
            "<member><LoadBalancerName>c</LoadBalancerName><AvailabilityZones>{zones}</AvailabilityZones></member>"
        );
        world.lists(CLASSIC, "DescribeLoadBalancers", &[balancer]);
        world.run(run).await;
    }
    assert_eq!(world.changes().await, ["appeared c", "appeared g/1"]);
}
