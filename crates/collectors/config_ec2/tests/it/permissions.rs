//! The manifest's permissions are the calls that are made, no more and no fewer.

use config_ec2::ConfigEc2;
use polo_testkit::iam_actions::assert_read_actions_exact;

use crate::world::empty;

#[tokio::test]
async fn the_declared_actions_are_the_calls_on_the_wire() {
    let world = empty().await;
    assert_eq!(world.run("one").await["outcome"], "complete");
    assert_read_actions_exact::<ConfigEc2>(&world.aws.calls());
}
