//! What cannot be checked: one sentence, a stable name, nothing written and nobody asked.

use polo_testkit::accounts;
use polo_testkit::sql::row_counts;
use serde_json::json;

use crate::world::*;

#[tokio::test]
async fn what_cannot_be_checked_is_one_sentence_and_nothing_is_written() {
    let world = World::new().await.found(&[ONE, TWO]).await;
    accounts::exclude(&world.store, TWO).await;
    let before = row_counts(&world.store).await;
    for (payload, error_type, names) in [
        (
            json!({"account_id": TWO}),
            "RequestRefused",
            "excluded_by_operator",
        ),
        (
            json!({"account_id": "999999999999"}),
            "AccountUnknown",
            "999999999999",
        ),
        (
            json!({"account_id": "99999999999"}),
            "PayloadInvalid",
            "99999999999",
        ),
        (json!({"account": ONE}), "PayloadInvalid", "\"account\""),
        (json!("all"), "PayloadInvalid", "JSON object"),
    ] {
        let error = world.deliver(&payload, "by hand").await.unwrap_err();
        let sentence = error.chain();
        assert_eq!(error.error_type(), error_type, "{payload}: {sentence}");
        assert!(
            sentence.contains(names) && !sentence.contains('\n'),
            "{payload}: {sentence}"
        );
    }
    assert_eq!(row_counts(&world.store).await, before);
    assert!(world.aws.calls().is_empty());
}

#[tokio::test]
async fn a_role_that_cannot_be_read_fails_loudly() {
    let world = World::new().await.found(&[ONE]).await;
    polo_testkit::sql::execute(
        &world.store,
        "INSERT INTO account_facts SELECT * REPLACE ('not an ARN' AS read_role_arn, 2 AS _version) FROM account_facts",
    )
    .await;
    let error = world.deliver(&tick("now"), "request 1").await.unwrap_err();
    assert_eq!(error.error_type(), "ClickHouseUnreadable");
    assert!(error.chain().contains("not an ARN"), "{}", error.chain());
}
