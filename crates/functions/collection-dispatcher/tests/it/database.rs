//! ClickHouse down: before the events, and between them and their record.

use polo_runtime::FunctionError;
use polo_testkit::accounts;
use polo_testkit::gate::Gate;

use crate::world::*;

fn unreachable(error: &FunctionError) -> bool {
    matches!(error, FunctionError::Store(store) if store.retryable())
        && error.error_type() == "ClickHouseUnreachable"
}

#[tokio::test]
async fn without_the_database_nothing_is_sent_and_the_retry_sends_it_all() {
    let gate = Gate::to_engine();
    let world = World::empty(&gate.url()).await;
    accounts::active(&world.store, ONE).await;
    gate.shut();
    for payload in [sweep(21), tick(1), activated(ONE, "event 1")] {
        let error = world.deliver(&payload, "request 1").await.unwrap_err();
        assert!(unreachable(&error), "{payload}: {}", error.chain());
    }
    assert!(world.aws.calls().is_empty());

    gate.open();
    assert_eq!(
        world.sends(&sweep(21), "request 1").await,
        every_collector(&[ONE])
    );
}

#[tokio::test]
async fn events_whose_record_was_lost_are_sent_again_for_the_same_runs() {
    let gate = Gate::to_engine();
    let world = World::empty(&gate.url()).await;
    accounts::active(&world.store, ONE).await;
    let held = world.aws.hold("PutEvents", "us-east-1");
    let payload = sweep(21);
    let away = async {
        held.reached().await;
        gate.shut();
        held.release();
    };
    let (answer, ()) = tokio::join!(world.deliver(&payload, "request 1"), away);
    let error = answer.unwrap_err();
    assert!(unreachable(&error), "{}", error.chain());
    assert_eq!(world.dispatches().await, with_outcome(&[ONE], "requested"));
    let first = world.bus.take();

    gate.open();
    world.deliver(&payload, "request 1").await.unwrap();
    let second = world.bus.take();
    assert_eq!(asked(&first), asked(&second));
    let sweeps = |events: &[polo_testkit::events::Event]| events[0].text("sweep_id");
    assert_eq!(sweeps(&first), sweeps(&second));
    assert_eq!(world.dispatches().await, with_outcome(&[ONE], "accepted"));
}
