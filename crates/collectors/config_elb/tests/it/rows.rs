//! Rows of every kind, from answers of the shape that the API references publish.
//!
//! Each listing also holds a resource of which AWS says next to nothing, and one without an id, which is none.

use polo_testkit::aws::Reply;
use polo_testkit::{readme, sql};

use crate::world::*;

macro_rules! snapshot {
    ($name:literal, $value:expr) => {
        insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
            insta::assert_json_snapshot!($name, $value);
        });
    };
}

macro_rules! fixture {
    ($name:literal) => {
        Reply::ok(include_str!(concat!("../fixtures/", $name)))
    };
}

#[tokio::test]
async fn load_balancers_and_target_groups() {
    let world = World::empty().await;
    let groups = fixture!("v2_target_groups.xml");
    world.answers(V2, "DescribeTargetGroups", groups);
    let balancers = fixture!("v2_load_balancers.xml");
    world.answers(V2, "DescribeLoadBalancers", balancers);
    world.answers(V2, "DescribeTags", fixture!("v2_tags.xml"));
    world.on(V2, "DescribeTargetHealth", |call| {
        let arn = call.parameter("TargetGroupArn");
        match arn.split('/').nth(1) {
            Some("my-targets") => fixture!("v2_target_health.xml"),
            Some("my-function") => fixture!("v2_function_health.xml"),
            _ => targets(&[]),
        }
    });
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(answer["resources_seen"], 6, "{answer}");
    let rows = world.resources().await;
    snapshot!("v2", rows);
}

#[tokio::test]
async fn classic_load_balancers() {
    let world = World::empty().await;
    let balancers = fixture!("classic_load_balancers.xml");
    world.answers(CLASSIC, "DescribeLoadBalancers", balancers);
    let health = fixture!("classic_instance_health.xml");
    world.answers(CLASSIC, "DescribeInstanceHealth", health);
    world.answers(CLASSIC, "DescribeTags", fixture!("classic_tags.xml"));
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(answer["resources_seen"], 3, "{answer}");
    // Only what has instances is asked for their health.
    let asked = world.calls(CLASSIC, "DescribeInstanceHealth");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].parameter("LoadBalancerName"), "my-load-balancer");
    let rows = world.resources().await;
    snapshot!("classic", rows);
}

#[tokio::test]
async fn generations_with_the_same_name_are_two_load_balancers() {
    let world = World::empty().await;
    world.lists(V2, "DescribeLoadBalancers", &[balancer("same")]);
    world.lists(CLASSIC, "DescribeLoadBalancers", &[classic("same", &[])]);
    world.run("one").await;
    assert_eq!(world.ids().await, ["app/same/1", "same"]);
}

/// The README's queries are what people copy.
#[tokio::test]
async fn the_queries_of_the_readme_run() {
    let world = World::empty().await;
    world.lists(V2, "DescribeLoadBalancers", &[balancer("a")]);
    world.lists(V2, "DescribeTargetGroups", &[group("g", &[])]);
    world.run("one").await;
    let queries = readme::queries(include_str!("../../README.md"));
    assert_eq!(queries.len(), 2);
    for query in queries {
        let rows = sql::lines(&world.store, &query).await;
        assert_eq!(rows.len(), 1, "{query}");
    }
}
