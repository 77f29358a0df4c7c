//! The listing to its last page, and none that ends short taken for a whole one.

use serde_json::Value;

use crate::world::*;

#[tokio::test]
async fn every_page_is_read_and_an_empty_one_ends_nothing() {
    let world = answering(vec![
        page(&[group("a", 1), group("b", 2)], Some("1")),
        page(&[], Some("2")),
        page(&[group("c", 3)], Some("3")),
        page(&[], None),
    ])
    .await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(world.ids().await, ["a", "b", "c"]);
    assert_eq!(
        measured(&world).await,
        ["us-east-1 a 1", "us-east-1 b 2", "us-east-1 c 3"]
    );
    let calls = world.aws.calls_of("DescribeLogGroups");
    assert_eq!(calls.len(), 4);
    for call in calls {
        assert_eq!(call.parameter("limit"), "50");
        // Of all classes, and not those of other accounts.
        assert_eq!(call.parameter("logGroupClass"), "");
        assert_eq!(call.parameter("includeLinkedAccounts"), "");
        assert_eq!(
            (call.account_id(), call.region.as_str()),
            (Some("123456789012"), "us-east-1")
        );
    }
}

#[tokio::test]
async fn a_listing_that_names_the_same_page_twice_is_an_error_and_loses_nothing() {
    let world = answering(vec![
        page(&[group("a", 1)], Some("1")),
        page(&[group("b", 1)], None),
    ])
    .await;
    world.run("one").await;
    now_answers(
        &world,
        vec![
            page(&[group("a", 2)], Some("1")),
            page(&[group("c", 2)], Some("1")),
        ],
    );
    let answer = world.run("two").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("bug")),
        "{answer}"
    );
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("logs:DescribeLogGroups"),
        "{answer}"
    );
    assert_eq!(world.ids().await, ["a", "b", "c"]);
    assert_eq!(
        measured(&world).await,
        ["us-east-1 a 2", "us-east-1 b 1", "us-east-1 c 2"]
    );
}

/// More than the collector and the store keep in memory at a time, and ids that together exceed what the server takes in
/// one parameter.
#[tokio::test]
async fn more_than_a_batch_is_stored_to_the_last() {
    let long = "n".repeat(390);
    let pages: Vec<_> = (0..60)
        .map(|number: usize| {
            let groups: Vec<Value> = (0..50)
                .map(|n| group(&format!("{number:02}-{n:02}-{long}"), 1))
                .collect();
            let next = (number + 1).to_string();
            page(&groups, (number < 59).then_some(next.as_str()))
        })
        .collect();
    let world = answering(pages).await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(
        (world.ids().await.len(), measured(&world).await.len()),
        (3_000, 3_000)
    );
}
