//! The stack's own commands can be repeated.

use reqwest::Method;
use serde_json::Value;

use crate::kit::one_working_account;

/// A second `up` keeps the stack as it is; `down` can be said twice; the next `up` starts empty.
#[tokio::test(flavor = "multi_thread")]
async fn up_and_down_can_be_repeated_and_up_starts_empty() {
    let (mut stack, loaded) = one_working_account().await;

    let (code, words) = stack.command(&["up"]);
    assert_eq!(
        (code, words.contains("already up")),
        (Some(0), true),
        "{words}"
    );
    assert_eq!(stack.env_now().as_ref(), Some(&stack.env));
    assert_eq!(
        stack.status(loaded.account("alpha")).await,
        "active role_works"
    );
    let (code, words) = stack.command(&["status"]);
    assert_eq!(code, Some(0), "{words}");

    for _ in 0..2 {
        let (code, words) = stack.command(&["down"]);
        assert_eq!(code, Some(0), "{words}");
        assert_eq!(stack.env_now(), None);
    }
    let (code, words) = stack.command(&["fire", "daily-sweep"]);
    assert_eq!(
        (code, words.contains("make up")),
        (Some(1), true),
        "{words}"
    );

    let (code, words) = stack.command(&["up"]);
    assert_eq!(code, Some(0), "{words}");
    stack.follow_env();
    let aws = stack.control(Method::GET, "ping", Value::Null).await;
    assert_eq!(aws["organization_id"], Value::Null);
    assert_eq!(stack.number("SELECT count() FROM v_accounts").await, 0);
    assert_eq!(stack.events().await, Vec::<Value>::new());
}
