//! Answers that get lost and operations that cannot be read: nothing that may have begun is told as refused, and no account
//! as part of an operation that is not for it.

use polo_core::ids;
use polo_testkit::aws::Reply;
use serde_json::{Value, json};

use crate::world::*;

const AT: &str = "2026-11-21T12:00:00Z";

fn payload() -> Value {
    tick(AT)
}

/// The operation of that payload.
fn operation() -> String {
    let sweep = ids::sweep_of_schedule("dev-polo-provisioning-tick", AT);
    ids::stack_set_operation(sweep, "create").to_string()
}

fn busy() -> Reply {
    Reply::error(409, "OperationInProgressException", "it is in progress")
}

#[tokio::test]
async fn what_may_have_begun_stays_open_and_the_retry_finds_it_and_does_not_widen_it() {
    let fault = || Reply::error(500, "InternalFailure", "fault");
    for replies in [
        vec![Reply::no_answer(), Reply::no_answer()],
        vec![fault(), fault()],
        vec![Reply::ok("<html>")],
        // The last answer says nothing of the call before it.
        vec![Reply::no_answer(), Reply::throttled()],
        vec![fault(), Reply::error(403, "AccessDenied", "no")],
    ] {
        let case = format!("{replies:?}");
        let world = World::new().await.waiting(&[ONE]).await;
        world.lost("CreateStackInstances", replies);
        let error = world.deliver(&payload(), "request").await.unwrap_err();
        let sentence = error.chain();
        assert!(
            sentence.contains("cloudformation:CreateStackInstances failed"),
            "{case}: {sentence}"
        );
        assert_eq!(world.attempts().await, [format!("{ONE} create asked")]);

        let world = world.waiting(&[TWO]).await;
        let again = world.deliver(&payload(), "request").await.unwrap();
        assert_eq!(again["settled"], json!({"running": 1}), "{case}");
        assert_eq!(again["create"], json!(null), "{case}");
        assert_eq!(world.attempts().await, [format!("{ONE} create running")]);
        let asked = world.asked();
        assert!(asked.iter().all(|call| !call.contains(TWO)), "{asked:?}");
    }
}

#[tokio::test]
async fn what_did_not_begin_is_asked_for_by_the_retry_with_the_accounts_found_since() {
    let world = World::new().await.waiting(&[ONE]).await;
    world.instead("CreateStackInstances", refusal(500, "InternalFailure", "x"));
    world.deliver(&payload(), "request").await.unwrap_err();
    world.instead("CreateStackInstances", None);
    let world = world.waiting(&[TWO]).await;
    let again = world.deliver(&payload(), "request").await.unwrap();
    assert_eq!(again["settled"], json!({"unknown": 1}));
    assert_eq!(again["create"]["accounts"], json!([ONE, TWO]));
    assert_eq!(again["create"]["operation_id"], operation());
}

#[tokio::test]
async fn its_own_operation_is_in_nobodys_way() {
    // The repeated call meets what the first one began: by its id, or as an operation that is in progress.
    for replies in [vec![Reply::no_answer()], vec![Reply::no_answer(), busy()]] {
        let world = World::new().await.waiting(&[ONE]).await;
        world.lost("CreateStackInstances", replies);
        let answer = world.tick().await.unwrap();
        assert_eq!(answer["create"]["accounts"], json!([ONE]));
        assert_eq!(answer["busy"], json!(null));
        assert_eq!(world.attempts().await, [format!("{ONE} create running")]);
    }
}

/// The first delivery's call begins only after the retry has looked for it.
#[tokio::test]
async fn accounts_that_the_operation_is_not_for_are_not_noted_as_running() {
    for reply in [None, Some(busy())] {
        let world = World::new().await.waiting(&[ONE, TWO]).await;
        let operation = operation();
        world.noted(ONE, &operation).await;
        world.ends(&operation, "RUNNING", &[(ONE, "PENDING", "")]);
        let unknown = Reply::error(404, "OperationNotFoundException", "no such operation");
        world.lost("DescribeStackSetOperation", [unknown]);
        world.instead("CreateStackInstances", reply);

        let answer = world.deliver(&payload(), "request").await.unwrap();
        assert_eq!(
            (&answer["create"]["accounts"], &answer["create"]["left"]),
            (&json!([ONE]), &json!(1)),
            "{answer}"
        );
        assert_eq!(
            world.attempts().await,
            [
                format!("{ONE} create running"),
                format!("{TWO} create asked")
            ]
        );

        // While it runs, an account may not be listed yet.
        world.minutes_pass(60);
        let answer = world.tick().await.unwrap();
        assert_eq!(answer["settled"], json!({"running": 1}));
        assert_eq!(answer["not_asked"], json!({"asked_before": 2}));

        world.instead("CreateStackInstances", None);
        world.ends(&operation, "SUCCEEDED", &[(ONE, "SUCCEEDED", "")]);
        world.instance(ONE, "CURRENT", "SUCCEEDED");
        world.minutes_pass(60);
        let answer = world.tick().await.unwrap();
        assert_eq!(answer["settled"], json!({"busy": 1, "succeeded": 1}));
        // It failed in nothing, so it waits for nothing.
        assert_eq!(answer["create"]["accounts"], json!([TWO]));
    }
}

#[tokio::test]
async fn where_nobody_can_tell_whose_operation_is_in_the_way_the_attempt_stays_open() {
    let world = World::new().await.waiting(&[ONE]).await;
    world.instead("CreateStackInstances", Some(busy()));
    world.instead(
        "DescribeStackSetOperation",
        refusal(403, "AccessDenied", "no"),
    );
    let error = world.tick().await.unwrap_err();
    assert_eq!(
        error.chain(),
        "cloudformation:DescribeStackSetOperation failed (denied): AccessDenied: no"
    );
    assert_eq!(world.attempts().await, [format!("{ONE} create asked")]);
}

#[tokio::test]
async fn an_operation_that_cannot_be_read_holds_up_no_other_and_is_named() {
    let [first, second] = [
        "00000000-0000-5000-8000-000000000001",
        "00000000-0000-5000-8000-000000000002",
    ];
    for call in ["DescribeStackSetOperation", "ListStackSetOperationResults"] {
        let world = World::new().await.waiting(&[ONE, TWO, THREE]).await;
        for (account, operation) in [(ONE, first), (TWO, second)] {
            world.noted(account, operation).await;
            world.ends(operation, "SUCCEEDED", &[(account, "SUCCEEDED", "")]);
        }
        world.instance(TWO, "CURRENT", "SUCCEEDED");
        // The first call is that of the first operation: they are read in the order of their ids.
        world.lost(call, [Reply::error(403, "AccessDenied", "no")]);
        let error = world.tick().await.unwrap_err();
        assert_eq!(error.error_type(), "AwsCallFailed");
        assert_eq!(
            error.chain(),
            format!(
                "the StackSet's operation {first} could not be read: cloudformation:{call} failed (denied): AccessDenied: no"
            )
        );
        let mut attempts = world.attempts().await;
        attempts.sort();
        assert_eq!(
            attempts,
            [
                format!("{ONE} create asked"),
                format!("{TWO} create succeeded"),
                format!("{THREE} create running")
            ]
        );
        assert_eq!(world.asked(), [format!("CreateStackInstances {THREE}")]);
    }
}

#[tokio::test]
async fn results_that_name_no_account_are_counted_and_stop_nothing() {
    let world = World::new().await.waiting(&[ONE]).await;
    let operation = operation();
    world.noted(ONE, &operation).await;
    world.ends(
        &operation,
        "SUCCEEDED",
        &[("", "FAILED", "nobody"), (ONE, "SUCCEEDED", "")],
    );
    world.instance(ONE, "CURRENT", "SUCCEEDED");
    let answer = world.tick().await.unwrap();
    assert_eq!(
        answer["settled"],
        json!({"succeeded": 1, "results_without_account": 1})
    );
    assert_eq!(world.attempts().await, [format!("{ONE} create succeeded")]);
}
