//! What is deleted between the listing and the questions about it is no failure, and no row.

use polo_testkit::aws::{Call, Reply};

use crate::world::*;

fn not_there(code: &str) -> Reply {
    Reply::error(400, code, "One or more of them do not exist")
}

#[tokio::test]
async fn a_target_group_that_goes_before_its_health_is_read() {
    let world = World::empty().await;
    let groups = [group("stays", &["lb"]), group("goes", &["lb"])];
    world.lists(V2, "DescribeTargetGroups", &groups);
    world.lists(V2, "DescribeLoadBalancers", &[balancer("lb")]);
    world.answers(V2, "DescribeTargetHealth", targets(&["healthy"]));
    world.run("one").await;
    assert_eq!(world.attributes("app/lb/1").await["targets"], 2);

    world.on(V2, "DescribeTargetHealth", |call| {
        if call.parameter("TargetGroupArn") == group_arn("goes") {
            not_there("TargetGroupNotFound")
        } else {
            targets(&["healthy"])
        }
    });
    let answer = world.run("two").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(world.ids().await, ["app/lb/1", "stays/1"]);
    let left = world.attributes("app/lb/1").await;
    assert_eq!(
        (&left["target_groups"], &left["targets"]),
        (&1.into(), &1.into())
    );
}

#[tokio::test]
async fn a_classic_load_balancer_that_goes_before_its_health_is_read() {
    let world = World::empty().await;
    let balancers = ["stays", "goes"].map(|name| classic(name, &["i-1"]));
    world.lists(CLASSIC, "DescribeLoadBalancers", &balancers);
    world.on(CLASSIC, "DescribeInstanceHealth", |call| {
        if call.parameter("LoadBalancerName") == "goes" {
            not_there("LoadBalancerNotFound")
        } else {
            instances(&["InService"])
        }
    });
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(world.ids().await, ["stays"]);
}

/// One that is not there spoils the answer for the twenty that are asked for together.
#[tokio::test]
async fn what_goes_before_its_tags_are_read_costs_nobody_else_theirs() {
    for (version, operation, _) in LISTINGS {
        let world = World::empty().await;
        let names: Vec<String> = (0..25).map(|n| format!("n-{n:02}")).collect();
        let items: Vec<String> = names
            .iter()
            .map(|name| item(version, operation, name))
            .collect();
        world.lists(version, operation, &items);
        let code = match operation {
            "DescribeTargetGroups" => "TargetGroupNotFound",
            _ => "LoadBalancerNotFound",
        };
        world.on(version, "DescribeTags", move |call: &Call| {
            if asked_about(call).iter().any(|asked| asked.contains("n-07")) {
                not_there(code)
            } else {
                named(call)
            }
        });
        let answer = world.run("one").await;
        assert_eq!(answer["outcome"], "complete", "{operation}: {answer}");
        let there: Vec<String> = names
            .iter()
            .filter(|name| *name != "n-07")
            .map(|name| id(version, operation, name))
            .collect();
        assert_eq!(world.ids().await, there, "{version} {operation}");
        for row in world.resources().await {
            assert!(row["tags"]["named"].is_string(), "{row}");
        }
        // Two for all, then one for each of the twenty.
        assert_eq!(world.calls(version, "DescribeTags").len(), 22);
    }
}
