//! The manifest's permissions are the calls that are made, no more and no fewer.

use config_s3::ConfigS3;
use polo_testkit::iam_actions::assert_read_actions_exact;

use crate::world::*;

#[tokio::test]
async fn the_declared_actions_are_the_calls_on_the_wire() {
    let world = with_buckets(&[("told", "us-east-1"), ("untold", "")]).await;
    answers(&world, "GetBucketLocation", location(""));
    assert_eq!(world.run("one").await["outcome"], "complete");
    assert_read_actions_exact::<ConfigS3>(&world.aws.calls());
}
