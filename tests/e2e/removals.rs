//! Accounts that vanish.

use polo_tests::{Account, Organization, Stack};
use serde_json::{Value, json};

/// A quarter of twenty accounts missing at once: nothing is marked until a person says how many have left.
#[tokio::test(flavor = "multi_thread")]
async fn crowd_leaves_only_when_a_person_says_so() {
    // The management account is the twentieth.
    let names: Vec<String> = (1..20).map(|n| format!("account-{n:02}")).collect();
    let organization = names.iter().fold(Organization::default(), |all, name| {
        all.account(Account::bare(name))
    });
    let (stack, loaded) = Stack::with(&organization).await;
    stack.fire("hourly-discovery").await;
    assert_eq!(stack.number("SELECT count() FROM v_accounts").await, 20);
    let before = registry(&stack).await;

    let removals: Vec<Value> = names[..5]
        .iter()
        .map(|name| {
            json!({"service": "organizations", "operation": "remove_account_from_organization",
                "arguments": {"AccountId": loaded.account(name)}})
        })
        .collect();
    stack.aws(removals.into());

    let status = stack.fire("hourly-discovery").await;
    assert_eq!(status.dead_letters, 1, "it fails loudly");
    assert_eq!(registry(&stack).await, before);
    for payload in [
        json!({}),
        json!({"accept_removals": 4}),
        json!({"accept_removals": 6}),
    ] {
        let failure = stack
            .invoke("account-discovery", payload)
            .await
            .expect_err("a refusal");
        assert_eq!(failure.error_type, "MassRemovalRefused");
        assert!(
            failure.message.contains("5 of 20") && failure.message.contains("--accept-removals=5"),
            "{}",
            failure.message
        );
        assert_eq!(registry(&stack).await, before);
    }

    let answer = stack
        .invoke("account-discovery", json!({"accept_removals": 5}))
        .await
        .expect("confirmed");
    assert_eq!(answer["organizations"][0]["left"], 5);
    let left = stack
        .rows("SELECT account_name FROM v_accounts WHERE polo_status = 'excluded' AND status_reason = 'left_organization' ORDER BY account_name")
        .await;
    assert_eq!(left, names[..5]);
    // It confirmed one listing, not every later one; and there is nothing more to confirm.
    stack
        .invoke("account-discovery", json!({}))
        .await
        .expect("nothing else has left");
    assert_eq!(
        stack
            .number("SELECT count() FROM v_accounts WHERE membership = 'left'")
            .await,
        5
    );
}

async fn registry(stack: &Stack) -> Vec<String> {
    stack
        .rows("SELECT account_id, membership, polo_status, status_reason FROM v_accounts ORDER BY account_id")
        .await
}
