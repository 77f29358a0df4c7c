//! What `config_elb_idle` calls waste, and what it does not.

use serde_json::{Value, json};

use crate::world::*;

async fn idle(world: &World) -> Vec<Value> {
    world
        .rows("SELECT * FROM v_idle_resources ORDER BY resource_id")
        .await
}

/// Why an application load balancer with one target group of targets in these states is idle; empty where it is not.
async fn reason(states: &[&str]) -> String {
    let world = World::empty().await;
    world.lists(V2, "DescribeTargetGroups", &[group("g", &["lb"])]);
    world.lists(V2, "DescribeLoadBalancers", &[balancer("lb")]);
    world.answers(V2, "DescribeTargetHealth", targets(states));
    world.run("one").await;
    reason_of(&idle(&world).await)
}

/// The same for a classic one with instances in these states.
async fn classic_reason(states: &[&str]) -> String {
    let world = World::empty().await;
    world.lists(CLASSIC, "DescribeLoadBalancers", &[classic("lb", states)]);
    world.answers(CLASSIC, "DescribeInstanceHealth", instances(states));
    world.run("one").await;
    reason_of(&idle(&world).await)
}

fn reason_of(idle: &[Value]) -> String {
    assert!(idle.len() < 2, "{idle:?}");
    idle.first()
        .map(|row| row["reason"].as_str().unwrap().to_owned())
        .unwrap_or_default()
}

#[tokio::test]
async fn load_balancers_behind_which_nothing_can_answer() {
    assert_eq!(reason(&[]).await, "load_balancer_without_targets");
    let unhealthy = "load_balancer_without_healthy_targets";
    assert_eq!(
        reason(&["unhealthy", "unused", "draining"]).await,
        unhealthy
    );
    assert_eq!(reason(&["unhealthy.draining"]).await, unhealthy);
    assert_eq!(classic_reason(&[]).await, "load_balancer_without_targets");
    assert_eq!(classic_reason(&["OutOfService"]).await, unhealthy);
}

#[tokio::test]
async fn load_balancers_that_serve_somebody_or_may_do() {
    assert_eq!(reason(&["healthy", "unhealthy"]).await, "");
    // Being checked for the first time, never checked, and a state that nobody has read.
    for state in ["initial", "unavailable", "dreaming", ""] {
        assert_eq!(reason(&["unhealthy", state]).await, "", "{state}");
    }
    assert_eq!(classic_reason(&["InService", "OutOfService"]).await, "");
    assert_eq!(classic_reason(&["Unknown"]).await, "");
}

#[tokio::test]
async fn what_could_not_be_read_is_not_called_waste() {
    let world = World::empty().await;
    world.lists(V2, "DescribeTargetGroups", &[group("g", &["lb"])]);
    world.lists(V2, "DescribeLoadBalancers", &[balancer("lb")]);
    world.answers(V2, "DescribeTargetHealth", denied("DescribeTargetHealth"));
    let untold = "<member><LoadBalancerName>untold</LoadBalancerName></member>";
    world.lists(CLASSIC, "DescribeLoadBalancers", &[untold.to_owned()]);
    world.run("one").await;
    assert_eq!(world.ids().await, ["app/lb/1", "untold", "g/1"]);
    assert_eq!(idle(&world).await, Vec::<Value>::new());
}

#[tokio::test]
async fn one_that_is_still_being_made_is_none() {
    let world = World::empty().await;
    let made = balancer("lb").replace("active", "provisioning");
    world.lists(V2, "DescribeLoadBalancers", &[made]);
    world.run("one").await;
    assert_eq!(idle(&world).await, Vec::<Value>::new());
}

#[tokio::test]
async fn idle_load_balancers_say_why_and_are_no_more_idle_when_they_are_gone() {
    let world = World::empty().await;
    let groups = [group("empty", &["b"]), group("ill", &["c"])];
    world.lists(V2, "DescribeTargetGroups", &groups);
    world.lists(V2, "DescribeLoadBalancers", &["a", "b", "c"].map(balancer));
    world.on(V2, "DescribeTargetHealth", |call| {
        if call.parameter("TargetGroupArn") == group_arn("ill") {
            targets(&["unused", "unhealthy", "unhealthy"])
        } else {
            targets(&[])
        }
    });
    world.on(V2, "DescribeTags", named);
    world.lists(CLASSIC, "DescribeLoadBalancers", &[classic("d", &[])]);
    world.run("one").await;
    let row = |name: &str, reason: &str, why: &str| {
        json!({
            "account_id": "123456789012",
            "region": "us-east-1",
            "resource_type": "elb_load_balancer",
            "resource_id": format!("app/{name}/1"),
            "arn": balancer_arn(name),
            "name": name,
            "reason": reason,
            "why": why,
            "since": null,
            "tags": {"named": balancer_arn(name)}
        })
    };
    let mut classic = row(
        "d",
        "load_balancer_without_targets",
        "This classic load balancer has no instance: it is paid for by the hour and reaches nothing",
    );
    classic["resource_id"] = "d".into();
    classic["arn"] = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/d".into();
    classic["tags"] = json!({});
    assert_eq!(
        idle(&world).await,
        [
            row(
                "a",
                "load_balancer_without_target_groups",
                "This application load balancer, created on 2016-03-25, has no target group: it is paid for by the \
                 hour and can only redirect or answer by itself"
            ),
            row(
                "b",
                "load_balancer_without_targets",
                "This application load balancer, created on 2016-03-25, has no target in its 1 target groups: it is \
                 paid for by the hour and reaches nothing"
            ),
            row(
                "c",
                "load_balancer_without_healthy_targets",
                "This application load balancer, created on 2016-03-25, has 3 targets and none that is healthy \
                 (2 unhealthy, 1 unused): it is paid for by the hour and serves nobody"
            ),
            classic,
        ]
    );
    for (version, operation, _) in LISTINGS {
        world.lists(version, operation, &[]);
    }
    world.run("two").await;
    assert_eq!(idle(&world).await, Vec::<Value>::new());
}
