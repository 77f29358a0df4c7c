//! What a person must not ask for: one sentence, a stable name, nothing written and nothing asked.

use polo_testkit::accounts;
use serde_json::{Value, json};

use crate::world::*;

async fn check(payload: Value, error_type: &str, names: &str) {
    let world = World::new().await;
    accounts::pending(&world.store, "111122223333").await;
    accounts::active(&world.store, "444455556666").await;
    accounts::exclude(&world.store, "444455556666").await;
    let before = world.row_counts().await;

    let error = world.deliver(&payload, "by hand").await.unwrap_err();

    let sentence = error.chain();
    assert_eq!(error.error_type(), error_type, "{payload}: {sentence}");
    assert!(
        sentence.contains(names) && !sentence.contains('\n'),
        "{payload}: {sentence}"
    );
    assert_eq!(world.row_counts().await, before, "{payload}");
    assert_eq!(world.calls(), 0, "{payload}");
}

#[tokio::test]
async fn an_excluded_account() {
    check(
        json!({"account_id": "444455556666"}),
        "RequestRefused",
        "excluded_by_operator",
    )
    .await;
}

#[tokio::test]
async fn an_account_that_was_never_set_up() {
    check(
        json!({"account_id": "111122223333"}),
        "RequestRefused",
        "pending_setup",
    )
    .await;
}

#[tokio::test]
async fn an_account_that_is_not_in_the_registry() {
    check(
        json!({"account_id": "999999999999"}),
        "AccountUnknown",
        "999999999999",
    )
    .await;
}

#[tokio::test]
async fn no_account() {
    check(json!({}), "RequestRefused", "account_id").await;
}

#[tokio::test]
async fn an_event_without_an_account() {
    check(
        json!({"id": "an event", "detail": {"collector": "shelf"}}),
        "RequestRefused",
        "account_id",
    )
    .await;
}

#[tokio::test]
async fn another_collector() {
    check(
        json!({"account_id": ACCOUNT, "collector": "config_s3"}),
        "RequestRefused",
        "config_s3",
    )
    .await;
}

#[tokio::test]
async fn an_account_id_of_eleven_digits() {
    check(
        json!({"account_id": "12345678901"}),
        "PayloadInvalid",
        "12345678901",
    )
    .await;
}

#[tokio::test]
async fn regions_of_the_wrong_type() {
    check(
        json!({"account_id": ACCOUNT, "regions": "us-east-1"}),
        "PayloadInvalid",
        "us-east-1",
    )
    .await;
}

#[tokio::test]
async fn a_region_that_the_account_does_not_have() {
    let world = World::new().await;
    world.sweep_ends("one", "complete").await;
    let rows = world.row_counts().await;
    let calls = world.calls();
    for other in ["us-east-11", "af-south-1"] {
        let payload = json!({"account_id": ACCOUNT, "regions": [EAST, other]});
        let error = world.deliver(&payload, other).await.unwrap_err();
        assert_eq!(error.error_type(), "RequestRefused");
        let sentence = error.chain();
        assert!(
            sentence.contains(&format!("region {other} is not enabled"))
                && sentence.contains("it has eu-west-1, us-east-1;"),
            "{sentence}"
        );
    }
    assert_eq!(world.row_counts().await, rows);
    assert_eq!(world.calls(), calls);
    assert_eq!(world.scan_error().await, "");
}

#[tokio::test]
async fn regions_of_an_account_whose_regions_are_not_known() {
    check(
        json!({"account_id": ACCOUNT, "regions": ["us-east-1"]}),
        "RequestRefused",
        "are not known yet",
    )
    .await;
}

/// Rows of another account must never be stored under this one's name, nor this one's run read another account.
#[tokio::test]
async fn a_read_role_of_another_account_is_not_used() {
    let world = World::new().await.shows(EAST, &[("vol-1", "in-use")]);
    // The table refuses such a row; a database that was made without that check may hold one.
    polo_testkit::sql::execute(
        &world.store,
        "ALTER TABLE account_settings DROP CONSTRAINT role_arn_is_of_this_account",
    )
    .await;
    accounts::set_read_role(
        &world.store,
        ACCOUNT,
        "arn:aws:iam::999999999999:role/dev-PoloReadRole",
    )
    .await;
    let answer = world.sweep_ends("one", "failed").await;
    assert_eq!(answer["error_class"], "config");
    assert!(
        answer["reason"].as_str().unwrap().contains("999999999999"),
        "{answer}"
    );
    assert_eq!(world.resources().await, Vec::<String>::new());
    assert_eq!(world.calls(), 0);
}
