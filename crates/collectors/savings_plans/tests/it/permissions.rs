//! The manifest's permissions are the calls that are made, no more and no fewer.

use polo_testkit::iam_actions::assert_read_actions_exact;
use savings_plans::SavingsPlans;

use crate::world::*;

#[tokio::test]
async fn the_declared_actions_are_the_calls_on_the_wire() {
    let world = with_a_plan().await;
    assert_eq!(world.run("one").await["outcome"], "complete");
    assert_read_actions_exact::<SavingsPlans>(&world.aws.calls());
}

#[tokio::test]
async fn calls_are_made_with_the_accounts_credentials() {
    let world = with_a_plan().await;
    world.run("one").await;
    for operation in [PLANS, UTILIZATION, COVERAGE, DETAILS] {
        let call = &world.aws.calls_of(operation)[0];
        assert_eq!(
            (call.account_id(), call.region.as_str()),
            (Some(ACCOUNT), "us-east-1"),
            "{operation}"
        );
    }
}

#[tokio::test]
async fn a_repeated_delivery_asks_nothing() {
    let world = with_a_plan().await;
    let first = world.run("one").await;
    let before = world.aws.calls().len();
    let second = world.run("one").await;
    assert_eq!(world.aws.calls().len(), before);
    assert_eq!(second["repeated_delivery"], true);
    assert_eq!(
        (&second["run_id"], &second["outcome"]),
        (&first["run_id"], &first["outcome"])
    );
}
