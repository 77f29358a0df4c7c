//! What `config_s3_idle` calls waste, and what it does not.

use polo_testkit::aws::Reply;
use serde_json::{Value, json};

use crate::world::*;

const HERE: &str = "us-east-1";
const EXPIRES_NONCURRENT: &str = "<NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays></NoncurrentVersionExpiration>";
const EXPIRES_CURRENT: &str = "<Expiration><Days>30</Days></Expiration>";

async fn idle(world: &World) -> Vec<Value> {
    world
        .rows("SELECT * FROM v_idle_resources ORDER BY resource_id")
        .await
}

/// One bucket; whether it is idle.
async fn is_idle(versioned: &str, rule: Option<Reply>) -> bool {
    let world = with_buckets(&[("bucket", HERE)]).await;
    answers(&world, "GetBucketVersioning", versioning(versioned));
    if let Some(rule) = rule {
        answers(&world, "GetBucketLifecycleConfiguration", rule);
    }
    world.run("one").await;
    let idle = idle(&world).await;
    assert!(idle.len() < 2, "{idle:?}");
    !idle.is_empty()
}

#[tokio::test]
async fn versions_that_nothing_expires_are_waste() {
    assert!(is_idle("Enabled", None).await);
    assert!(is_idle("Suspended", None).await);
    assert!(is_idle("Enabled", Some(lifecycle("Enabled", EXPIRES_CURRENT))).await);
    assert!(is_idle("Enabled", Some(lifecycle("Disabled", EXPIRES_NONCURRENT))).await);
}

#[tokio::test]
async fn versions_that_expire_or_never_were_are_none() {
    assert!(!is_idle("Enabled", Some(lifecycle("Enabled", EXPIRES_NONCURRENT))).await);
    assert!(!is_idle("Suspended", Some(lifecycle("Enabled", EXPIRES_NONCURRENT))).await);
    // Incomplete uploads that nothing aborts are not enough.
    assert!(!is_idle("", None).await);
}

#[tokio::test]
async fn what_could_not_be_read_is_not_called_waste() {
    for (operation, action) in [
        ("GetBucketVersioning", "s3:GetBucketVersioning"),
        (
            "GetBucketLifecycleConfiguration",
            "s3:GetLifecycleConfiguration",
        ),
    ] {
        let world = with_buckets(&[("bucket", HERE)]).await;
        answers(&world, "GetBucketVersioning", versioning("Enabled"));
        answers(&world, operation, denied(action));
        world.run("one").await;
        assert_eq!(world.ids().await, ["bucket"]);
        assert!(idle(&world).await.is_empty(), "{operation}");
    }
}

#[tokio::test]
async fn an_idle_bucket_says_why_and_is_no_more_idle_when_it_is_gone() {
    let world = with_buckets(&[("kept", "eu-west-1")]).await;
    answers(&world, "GetBucketVersioning", versioning("Enabled"));
    answers(&world, "GetBucketTagging", tagging("team", "data"));
    answers(
        &world,
        "GetBucketLifecycleConfiguration",
        lifecycle("Enabled", EXPIRES_CURRENT),
    );
    world.run("one").await;
    assert_eq!(
        idle(&world).await,
        [json!({
            "account_id": "123456789012",
            "region": "global",
            "resource_type": "s3_bucket",
            "resource_id": "kept",
            "arn": "arn:aws:s3:::kept",
            "name": "kept",
            "reason": "bucket_keeps_noncurrent_versions",
            "why": "Versioning is Enabled in this bucket in eu-west-1, created on 2019-12-11, and of its 1 enabled \
                    lifecycle rules none expires noncurrent versions: all that was ever overwritten or deleted is \
                    paid for until somebody deletes it",
            "since": null,
            "tags": {"team": "data"}
        })]
    );
    lists(&world, &[]);
    world.run("two").await;
    assert!(idle(&world).await.is_empty());
}
