//! What operators decide holds against discovery, sweeps and time.

use polo_tests::{Account, Organization, Stack};

/// An excluded account is touched by nothing; when the exclusion expires it comes back by itself, and `include` brings
/// it back at once.
#[tokio::test(flavor = "multi_thread")]
async fn exclusion_holds_until_it_expires_or_is_lifted() {
    let (stack, loaded) = Stack::with(
        &Organization::default()
            .account(Account::working("alpha").instances("us-east-1", 1))
            .account(Account::working("bravo")),
    )
    .await;
    let alpha = loaded.account("alpha");
    stack.fire("hourly-discovery").await;
    assert_eq!(stack.status(alpha).await, "active role_works");

    stack.decide(&[
        "accounts", "exclude", alpha, "--reason", "audit", "--until", "7d",
    ]);
    let before = stack.next_call().await;
    for schedule in [
        "daily-sweep",
        "hourly-discovery",
        "access-check-tick",
        "dispatch-tick",
    ] {
        stack.fire(schedule).await;
        assert_eq!(
            stack.status(alpha).await,
            "excluded excluded_by_operator",
            "{schedule}"
        );
    }
    let calls = stack.calls_since(before).await;
    let touched: Vec<_> = calls.iter().filter(|call| call.concerns(alpha)).collect();
    assert!(touched.is_empty(), "{touched:#?}");
    assert!(
        calls
            .iter()
            .any(|call| call.concerns(loaded.account("bravo"))),
        "the sweep went nowhere at all"
    );
    assert_eq!(copied(&stack, alpha).await, "excluded excluded_by_operator");

    // Time passes: the same exclusion, expired.
    stack
        .sql(&format!(
            "INSERT INTO account_settings (account_id, setting, value, reason, author, expires_at)
            SELECT account_id, setting, value, reason, author, now64(3) FROM account_settings FINAL
            WHERE account_id = '{alpha}' AND setting = 'excluded'"
        ))
        .await;
    assert_eq!(stack.status(alpha).await, "pending_setup not_checked");
    stack.fire("access-check-tick").await;
    assert_eq!(stack.status(alpha).await, "active role_works");
    assert_eq!(copied(&stack, alpha).await, "active role_works");
    let before = stack.next_call().await;
    stack.fire("daily-sweep").await;
    assert!(
        stack
            .calls_since(before)
            .await
            .iter()
            .any(|call| call.concerns(alpha))
    );

    // For good, and lifted by a person.
    stack.decide(&["accounts", "exclude", alpha, "--reason", "sold"]);
    assert_eq!(copied(&stack, alpha).await, "excluded excluded_by_operator");
    stack.decide(&[
        "accounts",
        "include",
        alpha,
        "--reason",
        "not sold after all",
    ]);
    assert_eq!(stack.status(alpha).await, "active role_works");
    assert_eq!(copied(&stack, alpha).await, "active role_works");
}

async fn copied(stack: &Stack, account_id: &str) -> String {
    stack
        .sql(&format!(
            "SELECT concat(polo_status, ' ', status_reason) FROM aws_accounts FINAL WHERE account_id = '{account_id}'"
        ))
        .await
}
