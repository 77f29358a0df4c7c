//! ClickHouse down: before the checks, and between them and their record.

use polo_testkit::clickhouse::engine_url;
use polo_testkit::gate::Gate;

use crate::world::*;

#[tokio::test]
async fn without_the_database_nobody_is_asked_and_what_is_lost_is_asked_by_the_retry() {
    let gate = Gate::to_engine();
    assert_ne!(gate.url(), engine_url());
    let world = World::with(&[("CLICKHOUSE_URL", &gate.url())])
        .await
        .found(&[ONE])
        .await;
    let payload = tick("2026-11-21T05:15:00Z");
    gate.shut();
    let error = world.deliver(&payload, "request 1").await.unwrap_err();
    assert_eq!(
        error.error_type(),
        "ClickHouseUnreachable",
        "{}",
        error.chain()
    );
    assert!(world.aws.calls().is_empty());

    gate.open();
    let held = world.aws.hold("AssumeRole", "us-east-1");
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
        "{}",
        error.chain()
    );
    assert_eq!(
        world.lines("SELECT count() FROM access_checks").await,
        ["0"]
    );
    assert!(world.told().is_empty());

    gate.open();
    world.deliver(&payload, "request 1").await.unwrap();
    assert_eq!(world.told(), [format!("{ONE}  -> active")]);
    assert_eq!(world.assumed(), 2);
}
