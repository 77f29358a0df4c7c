//! Health is read for several resources at the same time, and not for too many of them.

use crate::world::*;

/// What the collector promises, per region.
const AT_ONCE: usize = 8;

async fn check(world: &World, operation: &'static str) {
    let held: Vec<_> = (0..=AT_ONCE)
        .map(|_| world.aws.hold(operation, "us-east-1"))
        .collect();
    let watch = async {
        for call in &held[..AT_ONCE] {
            call.reached().await;
        }
        let under_way = world.aws.calls_of(operation).len();
        for call in &held {
            call.release();
        }
        under_way
    };
    let (answer, under_way) = tokio::join!(world.run("one"), watch);
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(under_way, AT_ONCE);
    assert_eq!(world.aws.most_at_once(), AT_ONCE);
    assert_eq!(world.ids().await.len(), 3 * AT_ONCE);
}

#[tokio::test]
async fn eight_target_groups_are_under_way_at_once_and_never_more() {
    let world = World::empty().await;
    let groups: Vec<String> = (0..3 * AT_ONCE)
        .map(|n| group(&format!("g-{n}"), &[]))
        .collect();
    world.lists(V2, "DescribeTargetGroups", &groups);
    check(&world, "DescribeTargetHealth").await;
}

#[tokio::test]
async fn eight_classic_load_balancers_are_under_way_at_once_and_never_more() {
    let world = World::empty().await;
    let balancers: Vec<String> = (0..3 * AT_ONCE)
        .map(|n| classic(&format!("c-{n}"), &["i-1"]))
        .collect();
    world.lists(CLASSIC, "DescribeLoadBalancers", &balancers);
    check(&world, "DescribeInstanceHealth").await;
}
