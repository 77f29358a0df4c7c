//! The listing to its last page, and none that ends short taken for a whole one.

use std::sync::{Arc, Mutex};

use polo_testkit::aws::Hold;
use polo_testkit::sql;
use serde_json::Value;

use crate::world::{answering, now_answers, owned, page, shown};

#[tokio::test]
async fn every_page_is_read_and_an_empty_one_ends_nothing() {
    let world = answering(vec![
        page(&[owned("i-1", "ann"), owned("i-2", "ann")], Some("1")),
        page(&[], Some("2")),
        page(&[owned("i-3", "bob")], Some("3")),
        page(&[], None),
    ])
    .await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(answer["resources_seen"], 3);
    assert_eq!(
        shown(&world).await,
        [
            "us-east-1 i-1 ann",
            "us-east-1 i-2 ann",
            "us-east-1 i-3 bob"
        ]
    );
    let calls = world.aws.calls_of("GetResources");
    assert_eq!(calls.len(), 4);
    for call in calls {
        assert_eq!(call.parameter("ResourcesPerPage"), "100");
        assert_eq!(
            (call.account_id(), call.region.as_str()),
            (Some("123456789012"), "us-east-1")
        );
    }
}

#[tokio::test]
async fn a_listing_that_names_the_same_page_twice_is_an_error_and_loses_nothing() {
    let world = answering(vec![
        page(&[owned("i-1", "ann")], Some("1")),
        page(&[owned("i-2", "ann")], None),
    ])
    .await;
    world.run("one").await;
    now_answers(
        &world,
        vec![
            page(&[owned("i-1", "bob")], Some("1")),
            page(&[owned("i-3", "bob")], Some("1")),
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
            .contains("tag:GetResources"),
        "{answer}"
    );
    // What was seen is new, what was not seen is still there.
    assert_eq!(
        shown(&world).await,
        [
            "us-east-1 i-1 bob",
            "us-east-1 i-2 ann",
            "us-east-1 i-3 bob"
        ]
    );
}

/// A hundred thousand resources do not fit into the function: what was read is in the database while the next page is
/// still being asked for.
#[tokio::test]
async fn rows_are_stored_while_pages_still_arrive() {
    let world = answering(Vec::new()).await;
    let held: Arc<Mutex<Option<Hold>>> = Arc::default();
    let (aws, hold) = (world.aws.clone(), Arc::clone(&held));
    world.aws.on("tagging", "GetResources", move |call| {
        let asked: usize = call.parameter("PaginationToken").parse().unwrap_or(0);
        if asked == 19 {
            *hold.lock().unwrap() = Some(aws.hold("GetResources", "us-east-1"));
        }
        let resources: Vec<Value> = (0..100)
            .map(|n| owned(&format!("i-{asked:02}-{n:02}"), "ann"))
            .collect();
        let next = (asked + 1).to_string();
        page(&resources, (asked < 21).then_some(&next))
    });
    let run = world.run("one");
    tokio::pin!(run);
    // The twenty-first page is on its way when twenty have been read.
    let next_page = loop {
        tokio::select! {
            answer = &mut run => panic!("the run has ended without the hold: {answer}"),
            () = tokio::task::yield_now() => {}
        }
        if let Some(hold) = held.lock().unwrap().take() {
            break hold;
        }
    };
    tokio::select! {
        answer = &mut run => panic!("the run has ended while its page was held: {answer}"),
        () = next_page.reached() => {}
    }
    let stored = sql::number(&world.store, "SELECT count() FROM tags_resources FINAL").await;
    assert_eq!(stored, 2_000);
    next_page.release();
    let answer = run.await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(
        (answer["resources_seen"].as_u64(), shown(&world).await.len()),
        (Some(2_200), 2_200)
    );
}
