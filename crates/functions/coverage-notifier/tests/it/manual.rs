//! By hand, for one account, and without Slack.

use polo_testkit::clickhouse::engine_url;
use polo_testkit::{accounts, sql};
use serde_json::json;

use crate::world::*;

#[tokio::test]
async fn one_account_is_told_and_noted_alone() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    world.forgotten(TWO).await;
    let answer = world.deliver(&json!({"account_id": TWO})).await.unwrap();
    assert_eq!(
        (&answer["concerns"], &answer["slack"]),
        (&json!(1), &json!("posted"))
    );
    assert_eq!(
        world.notices().await,
        [format!("{TWO} access not_checked 1 open")]
    );
    let answer = world.tick().await;
    assert_eq!(
        (&answer["concerns"], &answer["new"]),
        (&json!(2), &json!(1))
    );
}

#[tokio::test]
async fn an_account_that_nobody_is_told_of_is_one_sentence_and_nothing_happens() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    world.tick().await;
    accounts::exclude(&world.store, ONE).await;
    world.slack.asked();
    let before = sql::row_counts(&world.store).await;
    for (payload, said) in [
        (
            json!({"account_id": ONE}),
            "account 111111111111 is excluded (excluded_by_operator)",
        ),
        (json!({"account_id": TWO}), TWO),
        (json!({"account_id": "12"}), "12"),
        (json!({"acount_id": ONE}), "acount_id"),
    ] {
        let error = world.deliver(&payload).await.unwrap_err().chain();
        assert!(error.contains(said) && !error.contains('\n'), "{error}");
    }
    assert_eq!(sql::row_counts(&world.store).await, before);
    assert_eq!(
        world.notices().await,
        [format!("{ONE} access not_checked 1 open")]
    );
    assert!(world.slack.asked().is_empty());
}

#[tokio::test]
async fn without_slack_concerns_are_counted_and_nothing_is_noted() {
    let world = World::with(engine_url(), &[]).await;
    world.forgotten(ONE).await;
    world.forgotten(TWO).await;
    world.set_up(TWO).await;
    assert_eq!(
        world.tick().await,
        json!({"concerns": 1, "slack": "not configured"})
    );
    assert!(world.notices().await.is_empty());
    assert_eq!(world.secret_reads(), 0);
}

#[tokio::test]
async fn the_message_names_the_environment_and_links_the_page() {
    let world = World::with(
        engine_url(),
        &[
            ("POLO_SLACK_WEBHOOK_SECRET_ID", SECRET),
            ("POLO_ENV", "prod"),
            ("POLO_STATUS_PAGE_URL", "https://polo.example.com/"),
        ],
    )
    .await;
    world.forgotten(ONE).await;
    world.tick().await;
    let message = &world.slack.asked()[0].1;
    assert_eq!(message["text"], "Polo prod: 1 account needs attention");
    let context = message["blocks"][2]["elements"][0]["text"]
        .as_str()
        .unwrap();
    assert!(
        context.ends_with(" · <https://polo.example.com/|status page>"),
        "{context}"
    );
}
