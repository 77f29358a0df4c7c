//! The listing to its last page, and none that ends short taken for a whole one.

use polo_testkit::aws::Reply;

use crate::world::*;

const HERE: &str = "us-east-1";

fn pages(world: &World, pages: Vec<Reply>) {
    world.answers_pages("s3", "ListBuckets", "continuation-token", pages);
}

#[tokio::test]
async fn every_page_is_read_and_an_empty_one_ends_nothing() {
    let world = with_buckets(&[]).await;
    pages(
        &world,
        vec![
            page(&[("a", HERE), ("b", HERE)], Some("1")),
            page(&[], Some("2")),
            page(&[("c", HERE)], Some("3")),
            page(&[], None),
        ],
    );
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(world.ids().await, ["a", "b", "c"]);
    assert_eq!(answer["resources_seen"], 3);
    let calls = world.aws.calls_of("ListBuckets");
    assert_eq!(calls.len(), 4);
    for call in calls {
        assert_eq!(call.parameter("max-buckets"), "1000", "{}", call.uri);
    }
}

/// The SDK's paginators end without a word at such a token; what lies behind it would then count as gone.
#[tokio::test]
async fn a_listing_that_names_the_same_page_twice_is_not_a_whole_one() {
    let world = with_buckets(&[]).await;
    pages(
        &world,
        vec![page(&[("a", HERE)], Some("1")), page(&[("b", HERE)], None)],
    );
    world.run("one").await;
    pages(
        &world,
        vec![
            page(&[("a", HERE)], Some("1")),
            page(&[("c", HERE)], Some("1")),
        ],
    );
    let answer = world.run("two").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("bug")),
        "{answer}"
    );
    let reason = answer["reason"].as_str().unwrap();
    assert!(reason.contains("s3:ListAllMyBuckets"), "{answer}");
    assert_eq!(world.ids().await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_bucket_that_is_deleted_while_it_is_read_is_none() {
    for (operation, _) in DETAILS {
        let world = with_buckets(&[("stays", HERE), ("goes", HERE)]).await;
        world.run("one").await;
        let gone = Reply::error(404, "NoSuchBucket", "The specified bucket does not exist");
        answers_for(&world, operation, "goes", gone);
        let answer = world.run("two").await;
        assert_eq!(answer["outcome"], "complete", "{operation}: {answer}");
        assert_eq!(world.ids().await, ["stays"], "{operation}");
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_read_is_no_page() {
    let world = with_buckets(&[("a", HERE)]).await;
    world.run("one").await;
    let bucket = "<Bucket><Name>b</Name><CreationDate>yesterday</CreationDate></Bucket>";
    let page =
        format!("<ListAllMyBucketsResult><Buckets>{bucket}</Buckets></ListAllMyBucketsResult>");
    answers(&world, "ListBuckets", Reply::ok(page));
    let answer = world.run("two").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("bug")),
        "{answer}"
    );
    assert_eq!(world.ids().await, ["a"]);
}
