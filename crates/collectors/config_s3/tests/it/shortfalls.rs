//! A detail that cannot be read: the bucket stays, what is missing is named, and the target is not complete.

use polo_testkit::aws::Reply;
use serde_json::json;

use crate::world::*;

const HERE: &str = "us-east-1";

#[tokio::test]
async fn a_denied_detail_is_named_and_everything_else_is_stored() {
    for (operation, action) in DETAILS {
        let world = with_buckets(&[("closed", HERE), ("open", HERE), ("vanishes", HERE)]).await;
        world.run("one").await;

        lists(&world, &[("closed", HERE), ("open", HERE)]);
        answers_for(&world, operation, "closed", denied(action));
        let answer = world.run("two").await;
        assert_eq!(
            (answer["outcome"].as_str(), answer["error_class"].as_str()),
            (Some("failed"), Some("denied")),
            "{operation}: {answer}"
        );
        assert_eq!(
            world.targets().await[1],
            format!("global denied(denied) {action}")
        );
        // The listing was whole: what it does not show is gone.
        assert_eq!(world.ids().await, ["closed", "open"], "{operation}");
        assert_eq!(
            attributes(&world, "closed").await["unreadable"],
            json!([action])
        );
        let open = attributes(&world, "open").await;
        assert!(open.get("unreadable").is_none(), "{operation}: {open}");
    }
}

#[tokio::test]
async fn all_missing_details_of_a_bucket_are_named_and_counted() {
    let world = with_buckets(&[("closed", HERE)]).await;
    for (operation, action) in DETAILS {
        answers(&world, operation, denied(action));
    }
    let answer = world.run("one").await;
    let reason = answer["reason"].as_str().unwrap();
    assert!(reason.contains("one of 5 details"), "{answer}");
    let actions: Vec<&str> = DETAILS.iter().map(|(_, action)| *action).collect();
    assert_eq!(
        attributes(&world, "closed").await["unreadable"],
        json!(actions)
    );
}

#[tokio::test]
async fn a_detail_at_which_s3_fails_for_good_holds_up_no_other_bucket() {
    let world = with_buckets(&[("broken", HERE), ("whole", HERE)]).await;
    let fault = Reply::error(500, "InternalError", "We encountered an internal error.");
    answers_for(&world, "GetBucketEncryption", "broken", fault);
    let error = world.try_run("one").await.unwrap_err();
    assert_eq!(error.error_type(), "RunFailed");
    assert_eq!(world.ids().await, ["broken", "whole"]);
    assert_eq!(
        world.targets().await,
        ["global failed(service) s3:GetEncryptionConfiguration"]
    );
}

/// A code that nobody has read is no denial, and no absence either.
#[tokio::test]
async fn the_word_for_nothing_of_one_detail_is_none_for_another() {
    let world = with_buckets(&[("odd", HERE)]).await;
    let other = Reply::error(404, "NoSuchTagSet", "The TagSet does not exist");
    answers(&world, "GetBucketVersioning", other);
    let answer = world.run("one").await;
    assert_eq!(answer["error_class"], "not_found", "{answer}");
    assert_eq!(
        attributes(&world, "odd").await["unreadable"],
        json!(["s3:GetBucketVersioning"])
    );
}

#[tokio::test]
async fn a_detail_that_is_throttled_once_is_asked_for_again() {
    for (operation, _) in DETAILS {
        let world = with_buckets(&[("a", HERE), ("b", HERE)]).await;
        world.throttles_once("s3", operation, nothing(operation));
        let answer = world.run("one").await;
        assert_eq!(answer["outcome"], "complete", "{operation}: {answer}");
        assert_eq!(world.aws.calls_of(operation).len(), 3, "{operation}");
        assert_eq!(world.ids().await, ["a", "b"]);
    }
}

#[tokio::test]
async fn a_detail_that_stays_throttled_is_retried_by_lambda_and_nothing_is_gone() {
    let world = with_buckets(&[("a", HERE), ("b", HERE)]).await;
    world.run("one").await;

    lists(&world, &[("a", HERE)]);
    answers(&world, "GetBucketTagging", slow_down());
    let error = world.try_run("two").await.unwrap_err();
    assert_eq!(error.error_type(), "RunFailed");
    assert_eq!(world.ids().await, ["a", "b"]);
    assert!(
        attributes(&world, "a").await.get("unreadable").is_none(),
        "a bucket is not known any worse for being asked too fast"
    );

    answers(&world, "GetBucketTagging", tagging("team", "data"));
    let answer = world.run("two").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["attempt"].as_u64()),
        (Some("complete"), Some(2))
    );
    assert_eq!(world.ids().await, ["a"]);
}

#[tokio::test]
async fn an_answer_that_is_none_is_a_detail_that_is_missing() {
    let world = with_buckets(&[("odd", HERE), ("whole", HERE)]).await;
    let days = "<AbortIncompleteMultipartUpload><DaysAfterInitiation>soon</DaysAfterInitiation></AbortIncompleteMultipartUpload>";
    let unreadable = lifecycle("Enabled", days);
    answers_for(&world, "GetBucketLifecycleConfiguration", "odd", unreadable);
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("bug")),
        "{answer}"
    );
    assert_eq!(world.ids().await, ["odd", "whole"]);
    assert_eq!(
        attributes(&world, "odd").await["unreadable"],
        json!(["s3:GetLifecycleConfiguration"])
    );
}

#[tokio::test]
async fn a_region_that_can_be_none_is_asked_nothing() {
    let world = with_buckets(&[("odd", "no region"), ("whole", HERE)]).await;
    world.try_run("one").await.unwrap_err();
    assert_eq!(
        world.targets().await,
        ["global failed(network) s3:GetBucketTagging"]
    );
    assert_eq!(world.ids().await, ["odd", "whole"]);
    for call in world.aws.calls_of("GetBucketTagging") {
        assert_eq!(call.bucket(), "whole");
    }
}
