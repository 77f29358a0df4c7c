//! Resources that are many and large at once: what is known of them may be larger than what is seen.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use polo_core::AccountId;
use polo_store::Store;
use polo_store::resources::{Look, SeenResource};
use polo_testkit::clickhouse::fresh_store;
use polo_testkit::relay::Relay;
use polo_testkit::sql;
use uuid::Uuid;

const COUNT: usize = 600;

/// Resources with a tag of so many characters.
fn seen(tag_length: usize) -> Vec<SeenResource> {
    (0..COUNT)
        .map(|number| SeenResource {
            resource_type: "ec2_volume",
            resource_id: format!("vol-{number:04}"),
            arn: String::new(),
            name: String::new(),
            state: String::new(),
            tags: vec![("key".to_owned(), "v".repeat(tag_length))],
            attributes: serde_json::json!({}),
        })
        .collect()
}

async fn look(store: &Store) -> Look {
    let account: AccountId = "123456789012".parse().unwrap();
    let run = Uuid::new_v4();
    let look = store.begin_look(&account, "eu-west-1", "config_ec2", run);
    look.await.unwrap()
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_asked_for_in_halves() {
    let relay = Relay::to_engine().await;
    let store = relay.store(&fresh_store().await);
    let reads = || {
        let statements = relay.statements();
        let reads = statements
            .iter()
            .filter(|one| one.contains("FROM resources FINAL"));
        reads.count()
    };
    let both = 2 * u64::try_from(COUNT).unwrap();
    // 12 MB, which are three answers at least.
    let large = look(&store).await;
    assert_eq!(
        store.write_resources(&large, &seen(20_000)).await.unwrap(),
        both
    );

    // Seen, they are small: one batch, and more reads than that.
    let before = reads();
    let small = look(&store).await;
    assert_eq!(store.write_resources(&small, &seen(1)).await.unwrap(), both);
    assert!(reads() - before > 3, "{} reads", reads() - before);

    let large = look(&store).await;
    assert_eq!(
        store.write_resources(&large, &seen(20_000)).await.unwrap(),
        both
    );
    let before = reads();
    let nothing = look(&store).await;
    assert_eq!(store.mark_gone(&nothing).await.unwrap(), both);
    assert!(reads() - before > 3, "{} reads", reads() - before);
    assert_eq!(
        sql::number(&store, "SELECT count() FROM v_resources").await,
        0
    );
    let changes = "SELECT arrayStringConcat(groupArray(concat(change, ' ', toString(times))), ', ') FROM
        (SELECT change, count() AS times FROM resource_changes FINAL GROUP BY change ORDER BY change)";
    assert_eq!(
        sql::text(&store, changes).await,
        "appeared 600, changed 1200, gone 600"
    );
}
