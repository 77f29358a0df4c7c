//! Rows from an answer of the shape that the API reference publishes: groups of several classes, one of which AWS says
//! next to nothing, one with a number of bytes that is none, and two without a name, which are none.

use polo_testkit::aws::Reply;
use polo_testkit::{readme, sql};

use crate::world::*;

async fn published() -> World {
    let world = answering(vec![Reply::ok(include_str!(
        "../fixtures/describe_log_groups.json"
    ))])
    .await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    world
}

#[tokio::test]
async fn resources() {
    let resources = published().await.resources().await;
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_json_snapshot!("resources", resources);
    });
}

/// Bytes that AWS does not tell are not zero, they are not there.
#[tokio::test]
async fn bytes() {
    let world = published().await;
    assert_eq!(
        measured(&world).await,
        [
            "us-east-1 /aws/lambda/never-expires 9007199254740993",
            "us-east-1 by-policy 0",
            "us-east-1 my-log-group 60"
        ]
    );
    let same = "SELECT DISTINCT account_id, toString(run_id) = (SELECT toString(run_id) FROM run_targets FINAL),
                    collected_at = (SELECT started_at FROM run_targets FINAL), day = toDate(collected_at),
                    collected_at = fromUnixTimestamp64Milli(intDiv(toInt64(_version), 1000), 'UTC')
                FROM log_groups_bytes FINAL";
    assert_eq!(
        sql::lines(&world.store, same).await,
        ["123456789012\t1\t1\t1\t1"]
    );
}

#[tokio::test]
async fn the_view_for_people() {
    let world = published().await;
    let rows = world
        .rows(
            "SELECT * EXCEPT (measured_on, first_seen_at, last_seen_at), measured_on IS NOT NULL AS measured
             FROM v_log_groups ORDER BY log_group_name",
        )
        .await;
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_json_snapshot!("the_view_for_people", rows);
    });
}

/// The README's queries are what people copy.
#[tokio::test]
async fn the_queries_of_the_readme_run() {
    let world = answering(vec![page(&[group("grows", 9 * GIB)], None)]).await;
    world.run("one").await;
    sql::execute(
        &world.store,
        "INSERT INTO log_groups_bytes (account_id, region, log_group_name, day, stored_bytes, _version)
         SELECT account_id, region, log_group_name, day - 7, 1, 1 FROM log_groups_bytes FINAL",
    )
    .await;
    let queries = readme::queries(include_str!("../../README.md"));
    assert!(!queries.is_empty());
    for query in queries {
        let rows = sql::lines(&world.store, &query).await;
        assert!(!rows.is_empty(), "{query}");
    }
}
