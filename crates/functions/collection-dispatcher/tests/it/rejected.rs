//! Events that the bus does not take, within an answer of HTTP 200 and as a whole.

use polo_testkit::aws::Reply;
use polo_testkit::events::{Bus, entries};
use polo_testkit::sql;
use serde_json::json;

use crate::world::*;

#[tokio::test]
async fn an_entry_that_fails_once_is_sent_again_alone() {
    let world = World::new().await;
    let mut first = true;
    world.aws.on("events", "PutEvents", move |call| {
        let answers: Vec<_> = entries(call)
            .iter()
            .map(|event| {
                if std::mem::take(&mut first) {
                    json!({"ErrorCode": "ThrottlingException", "ErrorMessage": event.text("account_id")})
                } else {
                    json!({"EventId": "event"})
                }
            })
            .collect();
        Reply::json(json!({"FailedEntryCount": 0, "Entries": answers}))
    });
    world.deliver(&sweep(21), "request 1").await.unwrap();
    let sizes: Vec<usize> = world
        .aws
        .calls()
        .iter()
        .map(|call| entries(call).len())
        .collect();
    // PutEvents takes ten at a time.
    let asked = every_collector(&[ONE, TWO]).len();
    assert_eq!(sizes, [10, asked - 10, 1]);
    assert_eq!(
        world.dispatches().await,
        with_outcome(&[ONE, TWO], "accepted")
    );
}

#[tokio::test]
async fn what_stays_rejected_is_recorded_and_the_retry_asks_for_just_that() {
    let world = World::new().await;
    world.bus.refuse(&[TWO]);
    let error = world.deliver(&sweep(21), "request 1").await.unwrap_err();
    assert_eq!(error.error_type(), "EventsRejected");
    let (rejected, asked) = (
        every_collector(&[TWO]).len(),
        every_collector(&[ONE, TWO]).len(),
    );
    assert!(
        error
            .chain()
            .contains(&format!("{rejected} of {asked} events: InternalFailure")),
        "{}",
        error.chain()
    );
    let mut expected = with_outcome(&[ONE], "accepted");
    expected.extend(with_outcome(&[TWO], "rejected"));
    assert_eq!(world.dispatches().await, expected);
    assert_eq!(
        sql::lines(
            &world.store,
            "SELECT DISTINCT error_code, message, event_id FROM dispatches FINAL WHERE outcome = 'rejected'"
        )
        .await,
        ["InternalFailure\tnot now\t"]
    );
    world.bus.take();

    world.bus.refuse(&[]);
    assert_eq!(
        world.sends(&sweep(21), "request 1").await,
        every_collector(&[TWO])
    );
    assert_eq!(
        world.dispatches().await,
        with_outcome(&[ONE, TWO], "accepted")
    );
}

#[tokio::test]
async fn a_rejected_event_of_a_tick_is_asked_for_by_its_retry_and_by_the_next_tick() {
    let world = World::new().await;
    for again in [tick(1), tick(2)] {
        world.bus.refuse(&[TWO]);
        world.deliver(&tick(1), "request 1").await.unwrap_err();
        world.bus.take();
        world.bus.refuse(&[]);
        assert_eq!(
            world.sends(&again, "request 2").await,
            every_collector(&[TWO])
        );
        for table in ["dispatches", "collector_states"] {
            sql::execute(&world.store, &format!("TRUNCATE TABLE {table}")).await;
        }
    }
}

#[tokio::test]
async fn a_bus_that_cannot_be_reached_is_told_and_recorded() {
    let world = World::new().await;
    world
        .aws
        .on("events", "PutEvents", |_| Reply::no_connection());
    let error = world.deliver(&sweep(21), "request 1").await.unwrap_err();
    assert_eq!(error.error_type(), "EventsRejected");
    assert_eq!(
        world.dispatches().await,
        with_outcome(&[ONE, TWO], "rejected")
    );

    let bus = Bus::of(&world.aws);
    world.deliver(&sweep(21), "request 1").await.unwrap();
    assert_eq!(asked(&bus.take()), every_collector(&[ONE, TWO]));
}
