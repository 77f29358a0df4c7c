//! How a run ends, and what it leaves in the tables.

use polo_testkit::aws::Reply;
use polo_testkit::sql;
use serde_json::json;

use crate::world::*;

const HERE: &str = "us-east-1";

#[tokio::test]
async fn an_account_without_buckets() {
    let world = with_buckets(&[]).await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(answer["rows_written"], 0);
    assert_eq!(world.targets().await, ["global complete"]);
    assert!(world.ids().await.is_empty());
}

#[tokio::test]
async fn a_denied_listing_is_no_empty_account() {
    let world = with_buckets(&[("a", HERE)]).await;
    world.run("one").await;
    answers(&world, "ListBuckets", denied("s3:ListAllMyBuckets"));
    let answer = world.run("two").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("denied")),
        "{answer}"
    );
    assert_eq!(
        world.targets().await[1],
        "global denied(denied) s3:ListAllMyBuckets"
    );
    assert_eq!(world.ids().await, ["a"]);
}

#[tokio::test]
async fn an_account_that_never_signed_up_for_s3() {
    let world = with_buckets(&[("a", HERE)]).await;
    world.run("one").await;
    let not_signed_up = Reply::error(
        403,
        "NotSignedUp",
        "Your account is not signed up for the Amazon S3 service.",
    );
    answers(&world, "ListBuckets", not_signed_up);
    let answer = world.run("two").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(answer["rows_written"], 0, "{answer}");
    assert_eq!(world.targets().await[1], "global not_enabled");
    assert_eq!(world.ids().await, ["a"]);
}

#[tokio::test]
async fn a_listing_that_is_throttled_once_is_asked_for_again() {
    let world = with_buckets(&[]).await;
    world.throttles_once("s3", "ListBuckets", page(&[("a", HERE)], None));
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(world.ids().await, ["a"]);
}

#[tokio::test]
async fn a_listing_that_stays_throttled_is_retried_by_lambda() {
    let world = with_buckets(&[]).await;
    answers(&world, "ListBuckets", slow_down());
    let error = world.try_run("one").await.unwrap_err();
    assert_eq!(error.error_type(), "RunFailed");
    lists(&world, &[("a", HERE)]);
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["attempt"].as_u64()),
        (Some("complete"), Some(2))
    );
    assert_eq!(world.ids().await, ["a"]);
}

#[tokio::test]
async fn changes_are_history_and_a_bucket_that_stays_the_same_has_none() {
    let world = with_buckets(&[("changes", HERE), ("same", HERE), ("vanishes", HERE)]).await;
    world.run("one").await;
    lists(&world, &[("same", HERE), ("changes", HERE)]);
    answers_for(
        &world,
        "GetBucketVersioning",
        "changes",
        versioning("Enabled"),
    );
    world.run("two").await;
    assert_eq!(
        world.changes().await,
        [
            "appeared changes",
            "appeared same",
            "appeared vanishes",
            "changed changes",
            "gone vanishes",
        ]
    );
    assert_eq!(world.ids().await, ["changes", "same"]);
    assert_eq!(attributes(&world, "changes").await["versioning"], "Enabled");
}

#[tokio::test]
async fn a_delivery_that_comes_twice_is_done_once() {
    let world = with_buckets(&[("a", HERE)]).await;
    let first = world.run("one").await;
    let calls = world.aws.calls().len();
    let rows = sql::row_counts(&world.store).await;
    let second = world.run("one").await;
    assert_eq!(second["repeated_delivery"], true);
    assert_eq!(world.aws.calls().len(), calls);
    assert_eq!(sql::row_counts(&world.store).await, rows);
    for field in ["run_id", "outcome", "resources_seen", "rows_written"] {
        assert_eq!(first[field], second[field], "{field}");
    }
}

/// Buckets belong to the account, not to a region: who names regions has something else in mind.
#[tokio::test]
async fn regions_are_refused() {
    let world = with_buckets(&[]).await;
    let payload = json!({"account_id": "123456789012", "regions": [HERE]});
    let error = world.invoke(&payload, "one").await.unwrap_err();
    assert_eq!(error.error_type(), "RequestRefused");
    assert!(world.aws.calls().is_empty());
}
