//! A bucket is asked in its own region.

use polo_testkit::aws::Reply;

use crate::world::*;

#[tokio::test]
async fn each_bucket_is_asked_at_its_regions_endpoint_and_signed_for_it() {
    let world = with_buckets(&[("here", "us-east-1"), ("there", "eu-west-1")]).await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    for (operation, _) in DETAILS {
        let mut asked: Vec<_> = world
            .aws
            .calls_of(operation)
            .into_iter()
            .map(|call| {
                let host = call.uri.split('/').nth(2).unwrap().to_owned();
                (call.account_id().map(str::to_owned), call.region, host)
            })
            .collect();
        asked.sort();
        let account = || Some("123456789012".to_owned());
        let at = |region: &str, host: &str| (account(), region.to_owned(), host.to_owned());
        assert_eq!(
            asked,
            [
                at("eu-west-1", "there.s3.eu-west-1.amazonaws.com"),
                at("us-east-1", "here.s3.us-east-1.amazonaws.com"),
            ],
            "{operation}"
        );
    }
    assert!(world.aws.calls_of("GetBucketLocation").is_empty());
}

#[tokio::test]
async fn a_region_that_the_listing_leaves_out_is_asked_for() {
    for (constraint, region) in [
        ("", "us-east-1"),
        ("EU", "eu-west-1"),
        ("ap-southeast-2", "ap-southeast-2"),
        ("zz-future-1", "zz-future-1"),
    ] {
        let world = with_buckets(&[("somewhere", "")]).await;
        answers(&world, "GetBucketLocation", location(constraint));
        let answer = world.run("one").await;
        assert_eq!(answer["outcome"], "complete", "{region}: {answer}");
        assert_eq!(attributes(&world, "somewhere").await["region"], region);
        assert_eq!(world.aws.calls_of("GetBucketTagging")[0].region, region);
        // Any region may be asked, but only with the bucket in the path.
        let location = &world.aws.calls_of("GetBucketLocation")[0];
        assert_eq!(location.region, "us-east-1");
        assert!(
            location
                .uri
                .starts_with("https://s3.us-east-1.amazonaws.com/somewhere/?"),
            "{}",
            location.uri
        );
    }
}

#[tokio::test]
async fn a_bucket_that_is_deleted_before_its_region_is_known_is_none() {
    let world = with_buckets(&[("goes", ""), ("stays", "us-east-1")]).await;
    let gone = Reply::error(404, "NoSuchBucket", "The specified bucket does not exist");
    answers(&world, "GetBucketLocation", gone);
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(world.ids().await, ["stays"]);
}

#[tokio::test]
async fn a_bucket_whose_region_nobody_tells_is_known_by_name() {
    let world = with_buckets(&[("hidden", ""), ("known", "us-east-1")]).await;
    answers(&world, "GetBucketLocation", denied("s3:GetBucketLocation"));
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("denied")),
        "{answer}"
    );
    assert_eq!(
        world.targets().await,
        ["global denied(denied) s3:GetBucketLocation"]
    );
    assert_eq!(world.ids().await, ["hidden", "known"]);
    let attributes = attributes(&world, "hidden").await;
    assert!(attributes.get("region").is_none(), "{attributes}");
    assert_eq!(attributes["unreadable"].as_array().unwrap().len(), 6);
    for call in world.aws.calls_of("GetBucketTagging") {
        assert_eq!(call.bucket(), "known");
    }
}

/// Credentials that a region does not know: the account has not enabled it any more, its buckets are there all the same.
#[tokio::test]
async fn a_bucket_in_a_disabled_region_falls_short_and_the_others_go_on() {
    let world = with_buckets(&[("off", "eu-south-1"), ("on", "us-east-1")]).await;
    for (operation, _) in DETAILS {
        let unknown = Reply::error(
            403,
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        );
        answers_for(&world, operation, "off", unknown);
    }
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("region_disabled")),
        "{answer}"
    );
    assert_eq!(world.ids().await, ["off", "on"]);
    let off = attributes(&world, "off").await;
    assert_eq!(off["region"], "eu-south-1");
    assert_eq!(off["unreadable"].as_array().unwrap().len(), 5);
    let on = attributes(&world, "on").await;
    assert!(on.get("unreadable").is_none(), "{on}");
}
