//! The manifest's permissions are the calls that are made, no more and no fewer.

use log_groups::LogGroups;
use polo_testkit::iam_actions::assert_read_actions_exact;

use crate::world::{answering, group, page};

#[tokio::test]
async fn the_declared_actions_are_the_calls_on_the_wire() {
    let world = answering(vec![page(&[group("a", 1)], None)]).await;
    assert_eq!(world.run("one").await["outcome"], "complete");
    assert_read_actions_exact::<LogGroups>(&world.aws.calls());
}
