//! The manifest's permissions are the calls that are made, no more and no fewer.

use cost::Cost;
use polo_testkit::iam_actions::assert_read_actions_exact;

use crate::world::{ACCOUNT, Bill, OPERATION, payer};

#[tokio::test]
async fn the_declared_actions_are_the_calls_on_the_wire() {
    let world = payer(Bill::example()).await;
    assert_eq!(world.run("one").await["outcome"], "complete");
    assert_read_actions_exact::<Cost>(&world.aws.calls());
}

#[tokio::test]
async fn calls_are_made_with_the_payers_credentials_where_cost_explorer_is() {
    let world = payer(Bill::example()).await;
    world.run("one").await;
    let call = &world.aws.calls_of(OPERATION)[0];
    assert_eq!(
        (call.account_id(), call.region.as_str()),
        (Some(ACCOUNT), "us-east-1")
    );
    assert!(call.uri.contains("ce.us-east-1."), "{}", call.uri);
}
