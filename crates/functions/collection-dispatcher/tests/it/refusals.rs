//! What cannot be asked for: one sentence, a stable name, nothing written and nothing sent.

use polo_testkit::clickhouse::engine_url;
use polo_testkit::sql::row_counts;
use serde_json::{Value, json};

use crate::world::*;

async fn refuses(world: &World, payload: &Value, error_type: &str, names: &str) {
    let before = row_counts(&world.store).await;
    let error = world.deliver(payload, "by hand").await.unwrap_err();
    let sentence = error.chain();
    assert_eq!(error.error_type(), error_type, "{payload}: {sentence}");
    assert!(
        sentence.contains(names) && !sentence.contains('\n'),
        "{payload}: {sentence}"
    );
    assert_eq!(row_counts(&world.store).await, before, "{payload}");
    assert!(world.aws.calls().is_empty(), "{payload}");
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_one_sentence_and_nothing_is_written() {
    let world = World::new().await;
    for (payload, error_type, names) in [
        (
            json!({"account_id": PENDING}),
            "RequestRefused",
            "pending_setup",
        ),
        (
            json!({"account_id": EXCLUDED}),
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
        (
            json!({"account_id": 111_111_111_111_u64}),
            "PayloadInvalid",
            "account_id",
        ),
        (json!({"acount_id": ONE}), "PayloadInvalid", "acount_id"),
        (
            json!({"collector": "config_s4"}),
            "RequestRefused",
            "config_ec2",
        ),
        (
            json!({"account_id": ONE, "collector": "config_s4"}),
            "RequestRefused",
            "config_s4",
        ),
        (
            json!({"mode": "swep"}),
            "PayloadInvalid",
            "\"sweep\" or \"reconcile\"",
        ),
        (
            json!({"account_id": ONE, "mode": "swep"}),
            "PayloadInvalid",
            "\"sweep\" or \"reconcile\"",
        ),
        (json!({"schedule": "dayly"}), "RequestRefused", "daily"),
        (
            json!({"account_id": ONE, "collector": "config_ec2", "schedule": "dayly"}),
            "RequestRefused",
            "daily",
        ),
        (
            json!({"regions": ["us-east-1"]}),
            "PayloadInvalid",
            "regions",
        ),
        (json!([]), "PayloadInvalid", "JSON object"),
    ] {
        refuses(&world, &payload, error_type, names).await;
    }
}

#[tokio::test]
async fn an_empty_registry_is_not_a_sweep_of_nothing() {
    let world = World::empty(engine_url()).await;
    for payload in [json!({}), sweep(21)] {
        refuses(&world, &payload, "RequestRefused", "account-discovery").await;
    }
}

#[tokio::test]
async fn before_the_first_discovery_a_tick_has_nothing_to_do() {
    let world = World::empty(engine_url()).await;
    assert!(world.sends(&tick(1), "tick").await.is_empty());
    assert!(world.dispatches().await.is_empty());
}
