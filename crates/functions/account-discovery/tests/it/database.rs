//! ClickHouse down at any moment: the failure names it, nothing counts as done, and the retry completes.

use std::time::Duration;

use polo_testkit::gate::Gate;

use crate::world::*;

/// The database is away from before an answer to `operation` until the first delivery has failed.
async fn check(operation: &str) {
    let gate = Gate::to_engine();
    let url = gate.url();
    let world = World::with(&[("CLICKHOUSE_URL", url.as_str())], &[ONE, TWO]).await;
    world.change(|organization| organization.page = 1);
    let held = world.aws.hold(operation, "us-east-1");
    let payload = firing("2026-11-21T05:00:00Z");
    let away = async {
        held.reached().await;
        gate.shut();
        held.release();
    };
    let (answer, ()) = tokio::join!(world.deliver(&payload, "request 1"), away);
    let error = answer.unwrap_err();
    assert_eq!(
        error.error_type(),
        "ClickHouseUnreachable",
        "{operation}: {}",
        error.chain()
    );
    assert!(!error.chain().contains('\n'));
    assert!(world.records().await.is_empty(), "{operation}");
    assert!(world.told().is_empty(), "{operation}");

    gate.open();
    world.deliver(&payload, "request 1").await.unwrap();
    assert_eq!(
        world.registry().await,
        [
            "111111111111 active role_works",
            "222222222222 active role_works"
        ],
        "{operation}"
    );
    let record = world.records().await;
    assert_eq!(record.len(), 1, "{operation}");
    assert!(
        record[0].starts_with("o-exampleorgid complete 2"),
        "{operation}: {record:?}"
    );
}

#[tokio::test]
async fn while_the_organization_is_described() {
    check("DescribeOrganization").await;
}

#[tokio::test]
async fn while_pages_arrive() {
    check("ListAccounts").await;
}

#[tokio::test]
async fn while_roles_are_checked() {
    check("AssumeRole").await;
}

#[tokio::test]
async fn while_tags_are_read() {
    check("ListTagsForResource").await;
}

#[tokio::test]
async fn between_two_pages_the_database_is_named_and_not_the_listing_that_it_cut_short() {
    let gate = Gate::to_engine();
    let url = gate.url();
    let world = World::with(&[("CLICKHOUSE_URL", url.as_str())], &[ONE, TWO]).await;
    world.change(|organization| organization.page = 1);
    let first = world.aws.hold("ListAccounts", "us-east-1");
    let second = world.aws.hold("ListAccounts", "us-east-1");
    let away = async {
        first.reached().await;
        gate.shut();
        first.release();
        second.reached().await;
        // Long enough for the first page's accounts to find the door shut.
        tokio::time::sleep(Duration::from_millis(300)).await;
        gate.open();
        second.release();
    };
    let (answer, ()) = tokio::join!(world.try_discover(), away);
    // On a machine so slow that nobody found the door shut there is nothing to tell.
    if let Err(error) = answer {
        assert_eq!(error.error_type(), "ClickHouseUnreachable");
        let record = "o-exampleorgid failed 0 0 0 0 ClickHouseUnreachable";
        assert_eq!(world.records().await, [record]);
    }
    world.discover().await;
    assert_eq!(world.registry().await.len(), 2);
}

#[tokio::test]
async fn before_anything_is_asked() {
    let gate = Gate::to_engine();
    let url = gate.url();
    let world = World::with(&[("CLICKHOUSE_URL", url.as_str())], &[ONE]).await;
    gate.shut();
    world.discover_fails("ClickHouseUnreachable").await;
    assert!(world.aws.calls().is_empty());
    gate.open();
    world.discover().await;
}
