//! The manifest's permissions are the calls that are made, no more and no fewer.

use config_sagemaker::ConfigSagemaker;
use polo_testkit::iam_actions::assert_read_actions_exact;

use crate::world::*;

/// DescribeModel and DescribeNotebookInstance are not among them: they tell environment variables and scripts.
#[tokio::test]
async fn the_declared_actions_are_the_calls_on_the_wire() {
    let world = empty().await;
    for (operation, _, kind) in LISTINGS {
        lists(&world, operation, &[kind]);
    }
    assert_eq!(world.run("one").await["outcome"], "complete");
    let calls = world.aws.calls();
    assert_read_actions_exact::<ConfigSagemaker>(&calls);
    for call in calls.iter().filter(|call| call.service == "sagemaker") {
        assert_eq!(
            (call.account_id(), call.region.as_str()),
            (Some("123456789012"), "us-east-1"),
            "{}",
            call.operation
        );
    }
}
