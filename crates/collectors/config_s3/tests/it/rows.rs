//! Rows of buckets, from answers of the shape that the S3 API reference publishes.
//!
//! The listing also holds a bucket of which AWS says next to nothing, and one without a name, which is none.

use polo_testkit::aws::Reply;
use polo_testkit::{readme, sql};
use serde_json::json;

use crate::world::*;

macro_rules! snapshot {
    ($name:literal, $value:expr) => {
        insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
            insta::assert_json_snapshot!($name, $value);
        });
    };
}

#[tokio::test]
async fn buckets_with_everything_set_and_with_nothing() {
    let world = with_buckets(&[]).await;
    let listing = Reply::ok(include_str!("../fixtures/list_buckets.xml"));
    answers(&world, "ListBuckets", listing);
    answers(&world, "GetBucketLocation", location("EU"));
    for (operation, body) in [
        ("GetBucketTagging", include_str!("../fixtures/tagging.xml")),
        (
            "GetBucketVersioning",
            include_str!("../fixtures/versioning.xml"),
        ),
        (
            "GetBucketLifecycleConfiguration",
            include_str!("../fixtures/lifecycle.xml"),
        ),
        (
            "GetBucketEncryption",
            include_str!("../fixtures/encryption.xml"),
        ),
        (
            "GetPublicAccessBlock",
            include_str!("../fixtures/public_access_block.xml"),
        ),
    ] {
        answers_for(&world, operation, "amzn-s3-demo-bucket", Reply::ok(body));
    }
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(answer["resources_seen"], 3, "{answer}");
    let rows = world.resources().await;
    snapshot!("buckets", rows);
}

#[tokio::test]
async fn a_rule_that_clears_delete_markers_away_expires_no_object() {
    let world = with_buckets(&[("markers", "us-east-1")]).await;
    let body = include_str!("../fixtures/lifecycle_delete_markers.xml");
    answers(&world, "GetBucketLifecycleConfiguration", Reply::ok(body));
    world.run("one").await;
    let attributes = attributes(&world, "markers").await;
    snapshot!("delete_markers", attributes);
}

/// Words that this program does not know stay AWS's words.
#[tokio::test]
async fn unknown_words_are_kept() {
    let world = with_buckets(&[("future", "us-east-1")]).await;
    answers(&world, "GetBucketVersioning", versioning("Frozen"));
    let encryption = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
                      <SSEAlgorithm>aws:quantum</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>\
                      </ServerSideEncryptionConfiguration>";
    answers(&world, "GetBucketEncryption", Reply::ok(encryption));
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    let attributes = attributes(&world, "future").await;
    assert_eq!(attributes["versioning"], "Frozen");
    assert_eq!(attributes["encryption"]["algorithm"], "aws:quantum");
}

/// Where AWS leaves out what it always gives, nothing is put in its place.
#[tokio::test]
async fn required_elements_that_are_missing_are_missing() {
    let world = with_buckets(&[("odd", "us-east-1")]).await;
    let tags = "<Tagging><TagSet><Tag><Value>without a key</Value></Tag><Tag><Key>kept</Key></Tag></TagSet></Tagging>";
    answers(&world, "GetBucketTagging", Reply::ok(tags));
    let encryption = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault/>\
                      <BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>";
    answers(&world, "GetBucketEncryption", Reply::ok(encryption));
    let rule = "<LifecycleConfiguration><Rule><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>";
    answers(&world, "GetBucketLifecycleConfiguration", Reply::ok(rule));
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    let rows = world.resources().await;
    assert_eq!(rows[0]["tags"], json!({"kept": ""}));
    let attributes = &rows[0]["attributes"];
    assert_eq!(
        attributes["encryption"],
        json!({"bucket_key_enabled": false})
    );
    // A rule of which nobody says that it is in force is not.
    assert_eq!(attributes["lifecycle"]["rules"], 1);
    assert_eq!(attributes["lifecycle"]["expires_current_objects"], false);
}

/// The README's queries are what people copy.
#[tokio::test]
async fn the_queries_of_the_readme_run() {
    let world = with_buckets(&[("a", "us-east-1")]).await;
    world.run("one").await;
    let queries = readme::queries(include_str!("../../README.md"));
    assert_eq!(queries.len(), 2);
    for query in queries {
        let rows = sql::lines(&world.store, &query).await;
        assert_eq!(rows.len(), 1, "{query}");
    }
}
