//! The manifest's permissions are the calls that are made, no more and no fewer.

use config_elb::ConfigElb;
use polo_testkit::iam_actions::assert_read_actions_exact;

use crate::world::*;

#[tokio::test]
async fn the_declared_actions_are_the_calls_on_the_wire() {
    let world = World::empty().await;
    world.lists(V2, "DescribeTargetGroups", &[group("g", &["a"])]);
    world.lists(V2, "DescribeLoadBalancers", &[balancer("a")]);
    world.lists(CLASSIC, "DescribeLoadBalancers", &[classic("c", &["i-1"])]);
    assert_eq!(world.run("one").await["outcome"], "complete");
    assert_read_actions_exact::<ConfigElb>(&world.aws.calls());
}
