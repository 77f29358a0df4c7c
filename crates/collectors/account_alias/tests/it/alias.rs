//! The one row of an account, whatever IAM answers.

use account_alias::AccountAlias;
use polo_testkit::aws::Reply;
use polo_testkit::iam_actions::assert_read_actions_exact;
use polo_testkit::sql;
use serde_json::json;

use crate::world::*;

fn denied() -> Reply {
    Reply::error(
        403,
        "AccessDenied",
        "User: arn:aws:sts::123456789012:assumed-role/dev-PoloReadRole/polo is not authorized to perform: \
         iam:ListAccountAliases on resource: * because no identity-based policy allows the iam:ListAccountAliases action",
    )
}

async fn check(pages: Vec<Reply>, alias: &str) {
    let world = answering(pages).await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(stored(&world).await, [format!("{ACCOUNT} global {alias}")]);
    assert_eq!(world.targets().await, ["global complete"]);
}

#[tokio::test]
async fn an_account_with_an_alias() {
    check(
        vec![page(&["example-corporation"], None)],
        "example-corporation",
    )
    .await;
}

#[tokio::test]
async fn an_account_without_one() {
    check(vec![page(&[], None)], "").await;
}

#[tokio::test]
async fn an_alias_behind_an_empty_page() {
    check(
        vec![page(&[], Some("1")), page(&["example-corporation"], None)],
        "example-corporation",
    )
    .await;
}

#[tokio::test]
async fn an_alias_before_an_empty_page() {
    check(
        vec![page(&["example-corporation"], Some("1")), page(&[], None)],
        "example-corporation",
    )
    .await;
}

#[tokio::test]
async fn an_alias_that_is_taken_away_is_empty_and_another_replaces_it() {
    let world = answering(vec![page(&["first"], None)]).await;
    world.run("one").await;
    now_answers(&world, vec![page(&[], None)]);
    world.run("two").await;
    assert_eq!(stored(&world).await, [format!("{ACCOUNT} global ")]);
    now_answers(&world, vec![page(&["second"], None)]);
    world.run("three").await;
    assert_eq!(stored(&world).await, [format!("{ACCOUNT} global second")]);
}

#[tokio::test]
async fn a_denial_leaves_the_alias_as_it_was() {
    let world = answering(vec![page(&["example-corporation"], None)]).await;
    world.run("one").await;
    now_answers(&world, vec![denied()]);
    let answer = world.run("two").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("denied"))
    );
    assert_eq!(
        stored(&world).await,
        [format!("{ACCOUNT} global example-corporation")]
    );
    assert_eq!(
        world.targets().await,
        [
            "global complete",
            "global denied(denied) iam:ListAccountAliases"
        ]
    );
}

#[tokio::test]
async fn a_listing_that_turns_in_a_circle_is_no_answer() {
    let world = answering(vec![page(&[], Some("1")), page(&[], Some("1"))]).await;
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("bug")),
        "{answer}"
    );
    assert_eq!(stored(&world).await, Vec::<String>::new());
}

#[tokio::test]
async fn throttled_for_good_is_retried_by_lambda() {
    let world = answering(vec![Reply::error(400, "Throttling", "Rate exceeded")]).await;
    let error = world.try_run("one").await.unwrap_err();
    assert_eq!(error.error_type(), "RunFailed");
    now_answers(&world, vec![page(&["example-corporation"], None)]);
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["attempt"].as_u64()),
        (Some("complete"), Some(2))
    );
}

#[tokio::test]
async fn throttled_once_is_asked_again() {
    let world = answering(Vec::new()).await;
    world.throttles_once("iam", "ListAccountAliases", page(&["first"], None));
    assert_eq!(world.run("one").await["outcome"], "complete");
    assert_eq!(stored(&world).await, [format!("{ACCOUNT} global first")]);
    assert_eq!(world.aws.calls_of("ListAccountAliases").len(), 2);
}

#[tokio::test]
async fn a_repeated_delivery_asks_nothing_and_answers_the_same() {
    let world = answering(vec![page(&["first"], None)]).await;
    let first = world.run("one").await;
    let calls = world.aws.calls().len();
    let mut second = world.run("one").await;
    assert_eq!(second["repeated_delivery"].take(), true);
    second["repeated_delivery"] = false.into();
    assert_eq!(second, first);
    assert_eq!(world.aws.calls().len(), calls);
}

/// A global API has no regions to choose from: who names some has something else in mind.
#[tokio::test]
async fn regions_are_refused() {
    let world = answering(vec![page(&[], None)]).await;
    let before = sql::row_counts(&world.store).await;
    let payload = json!({"account_id": ACCOUNT, "regions": ["us-east-1"]});
    let error = world.invoke(&payload, "one").await.unwrap_err();
    assert_eq!(error.error_type(), "RequestRefused");
    assert!(error.chain().contains("regions"), "{}", error.chain());
    assert_eq!(sql::row_counts(&world.store).await, before);
    assert!(world.aws.calls().is_empty());
}

#[tokio::test]
async fn the_declared_actions_are_the_calls_on_the_wire() {
    let world = answering(vec![page(&[], None)]).await;
    world.run("one").await;
    assert_read_actions_exact::<AccountAlias>(&world.aws.calls());
}
