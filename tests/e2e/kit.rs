//! Steps that several tests begin with.

use polo_tests::{Account, Loaded, Organization, Stack};

/// A stack whose one account `alpha` works and has an instance in each of two regions; discovered and collected.
pub(crate) async fn one_working_account() -> (Stack, Loaded) {
    let (stack, loaded) = Stack::with(
        &Organization::default().account(
            Account::working("alpha")
                .alias("alpha-alias")
                .instances("us-east-1", 1)
                .instances("eu-central-1", 1),
        ),
    )
    .await;
    stack.fire("hourly-discovery").await;
    assert_eq!(
        stack.status(loaded.account("alpha")).await,
        "active role_works"
    );
    (stack, loaded)
}
