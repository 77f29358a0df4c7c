//! ClickHouse down at any moment: the invocation fails by name, and made again it completes.

use polo_runtime::FunctionError;
use polo_testkit::gate::Gate;

use crate::world::*;

fn unreachable(error: &FunctionError) -> bool {
    let FunctionError::Store(store) = error else {
        return false;
    };
    error.error_type() == "ClickHouseUnreachable" && store.retryable()
}

/// The database is away from before `operation` is answered in the east until the first attempt has failed.
async fn check(operation: &'static str) {
    let gate = Gate::to_engine();
    let world = World::of(Plan {
        url: &gate.url(),
        ..Plan::default()
    })
    .await;
    world.now_answers(
        EAST,
        vec![
            page(&[("vol-1", "in-use")], Some(1)),
            page(&[("vol-2", "in-use")], None),
        ],
    );

    let held = world.aws.hold(operation, EAST);
    let away = async {
        held.reached().await;
        gate.shut();
        held.release();
    };
    let sweep = world.sweep("one");
    tokio::pin!(sweep);
    let error = tokio::select! {
        answer = &mut sweep => panic!("ended before {operation}: {answer:?}"),
        () = away => sweep.await.unwrap_err(),
    };
    assert!(unreachable(&error), "{operation}: {}", error.chain());
    assert_eq!(world.runs().await, ["1 running"], "{operation}");
    assert_eq!(world.targets().await, Vec::<String>::new(), "{operation}");

    gate.open();
    world.sweep_ends("one", "complete").await;
    assert_eq!(
        world.runs().await,
        ["1 running", "2 complete"],
        "{operation}"
    );
    assert_eq!(
        world.resources().await,
        ["us-east-1 vol-1 in-use", "us-east-1 vol-2 in-use"],
        "{operation}"
    );
    assert_eq!(
        world.changes().await,
        ["vol-1 appeared", "vol-2 appeared"],
        "{operation}"
    );
}

#[tokio::test]
async fn away_while_regions_are_listed() {
    check("DescribeRegions").await;
}

#[tokio::test]
async fn away_while_resources_are_read() {
    check("DescribeVolumes").await;
}

#[tokio::test]
async fn away_from_the_start() {
    let gate = Gate::to_engine();
    let world = World::of(Plan {
        url: &gate.url(),
        ..Plan::default()
    })
    .await;
    let before = world.row_counts().await;
    gate.shut();
    let error = world.sweep("one").await.unwrap_err();
    assert!(unreachable(&error), "{}", error.chain());
    assert_eq!((world.row_counts().await, world.calls()), (before, 0));

    gate.open();
    world.sweep_ends("one", "complete").await;
    assert_eq!(world.runs().await, ["1 complete"]);
}

/// A port on which nobody listens.
#[tokio::test]
async fn not_there_at_all() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let world = World::of(Plan {
        url: &url,
        ..Plan::default()
    })
    .await;
    let error = world.sweep("one").await.unwrap_err();
    assert!(unreachable(&error), "{}", error.chain());
    assert!(error.chain().contains(&url), "{}", error.chain());
    assert_eq!(world.calls(), 0);
}
