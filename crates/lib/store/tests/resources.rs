//! Resources that are many and large at once: what is known of them may be larger than what is seen.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::sync::Arc;

use polo_store::Store;
use polo_store::resources::{Look, Origin, SeenResource};
use polo_testkit::clickhouse::fresh_store;
use polo_testkit::relay::Relay;
use polo_testkit::resources::{look, origin, seen_by};
use polo_testkit::sql;

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

/// Writes what a new run saw; returns how many rows were written.
async fn write(store: &Store, found: Vec<SeenResource>) -> u64 {
    let look = look(store, "eu-west-1").await;
    let written = store.write_seen(&run(), &seen_by(&look, found)).await;
    written.unwrap().values().sum()
}

fn run() -> Origin {
    origin("123456789012", "config_ec2")
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
    assert_eq!(write(&store, seen(20_000)).await, both);

    // Seen, they are small: one batch, and more reads than that.
    let before = reads();
    assert_eq!(write(&store, seen(1)).await, both);
    assert!(reads() - before > 3, "{} reads", reads() - before);

    assert_eq!(write(&store, seen(20_000)).await, both);
    let before = reads();
    let nothing = look(&store, "eu-west-1").await;
    let gone = store.mark_gone(&run(), &[nothing]).await.unwrap();
    assert_eq!(gone.values().sum::<u64>(), both);
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

/// Looks of one run, at two places, in one batch and one statement for what is gone.
#[tokio::test]
async fn looks_at_several_places_keep_to_their_own() {
    let relay = Relay::to_engine().await;
    let store = relay.store(&fresh_store().await);
    let origin = run();
    let (east, west) = (
        look(&store, "us-east-1").await,
        look(&store, "us-west-2").await,
    );
    let both = |east: &Arc<Look>, west: &Arc<Look>, in_west: usize| {
        let mut found = seen_by(east, seen(1));
        found.extend(seen_by(west, seen(1).into_iter().take(in_west).collect()));
        found
    };
    store
        .write_seen(&origin, &both(&east, &west, COUNT))
        .await
        .unwrap();

    let (later_east, later_west) = (
        look(&store, "us-east-1").await,
        look(&store, "us-west-2").await,
    );
    let before = relay.statements().len();
    store
        .write_seen(&origin, &both(&later_east, &later_west, 3))
        .await
        .unwrap();
    // One look ended before its last page: what it did not show is unknown.
    let gone = store
        .mark_gone(&origin, std::slice::from_ref(&later_west))
        .await
        .unwrap();
    assert_eq!(gone.keys().collect::<Vec<_>>(), [&later_west.place]);
    let statements = relay.statements().len() - before;
    assert_eq!(statements, 5, "known, rows; not seen, changes, rows");
    // An older look that is stored late changes nothing.
    store
        .write_seen(&origin, &both(&east, &west, COUNT))
        .await
        .unwrap();
    store.mark_gone(&origin, &[east, west]).await.unwrap();
    let there =
        "SELECT arrayStringConcat(groupArray(concat(region, ' ', toString(there))), ', ') FROM
        (SELECT region, count() AS there FROM v_resources GROUP BY region ORDER BY region)";
    assert_eq!(sql::text(&store, there).await, "us-east-1 600, us-west-2 3");
}
