//! Rows from an answer of the shape that the API reference publishes: resources of several services, one that lost its
//! tags, one of which AWS says next to nothing, one that is no ARN, and two without an ARN, which are none.

use polo_testkit::aws::Reply;
use polo_testkit::{readme, sql};
use serde_json::json;

use crate::world::{answering, owned, page};

#[tokio::test]
async fn resources() {
    let world = answering(vec![Reply::ok(include_str!(
        "../fixtures/get_resources.json"
    ))])
    .await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    let rows = world
        .rows("SELECT account_id, region, arn, resource_type, tags FROM v_tags ORDER BY arn")
        .await;
    assert_eq!(answer["resources_seen"], rows.len());
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_json_snapshot!("resources", rows);
    });
}

#[tokio::test]
async fn rows_belong_to_their_look() {
    let world = answering(vec![page(&[owned("i-1", "ann")], None)]).await;
    let answer = world.run("one").await;
    let same = "SELECT toString(run_id), collected_at = fromUnixTimestamp64Milli(intDiv(toInt64(_version), 1000), 'UTC'),
                    collected_at = (SELECT started_at FROM run_targets FINAL)
                FROM tags_resources FINAL";
    assert_eq!(
        sql::lines(&world.store, same).await,
        [format!("{}\t1\t1", answer["run_id"].as_str().unwrap())]
    );
}

/// The README's queries are what people copy.
#[tokio::test]
async fn the_queries_of_the_readme_run() {
    let world = answering(vec![page(
        &[
            owned("i-1", "ann"),
            json!({
                "ResourceARN": "arn:aws:sns:us-east-1:123456789012:t",
                "Tags": [{"Key": "polo:protected", "Value": "TRUE"}]
            }),
        ],
        None,
    )])
    .await;
    world.run("one").await;
    let queries = readme::queries(include_str!("../../README.md"));
    assert!(!queries.is_empty());
    for query in queries {
        let rows = sql::lines(&world.store, &query).await;
        assert!(!rows.is_empty(), "{query}");
    }
}
