//! The manifest's permissions are the calls that are made, no more and no fewer.

use polo_testkit::iam_actions::assert_read_actions_exact;
use tags::Tags;

use crate::world::{answering, owned, page};

#[tokio::test]
async fn the_declared_actions_are_the_calls_on_the_wire() {
    let world = answering(vec![page(&[owned("i-1", "ann")], None)]).await;
    assert_eq!(world.run("one").await["outcome"], "complete");
    assert_read_actions_exact::<Tags>(&world.aws.calls());
}
