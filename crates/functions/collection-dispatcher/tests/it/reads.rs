//! What a dispatch reads: a tick the registry once, an activation its own account alone.

use polo_testkit::accounts;
use polo_testkit::relay::Relay;

use crate::world::*;

#[tokio::test]
async fn a_tick_and_a_sweep_read_the_registry_once() {
    let relay = Relay::to_engine().await;
    let world = World::empty(&relay.url()).await;
    for account in [ONE, TWO] {
        accounts::active(&world.store, account).await;
    }
    assert_eq!(
        world.sends(&tick(1), "request 1").await,
        every_collector(&[ONE, TWO])
    );
    assert_eq!(relay.registry_reads(), 1);
    world.sends(&sweep(21), "request 2").await;
    assert_eq!(relay.registry_reads(), 2);
}

#[tokio::test]
async fn accounts_that_become_active_together_are_each_read_alone() {
    let relay = Relay::to_engine().await;
    let world = World::empty(&relay.url()).await;
    let ids: Vec<String> = (1..=12).map(|n| format!("{n:012}")).collect();
    for id in &ids {
        accounts::active(&world.store, id).await;
    }
    let mut statements = Vec::new();
    for id in &ids {
        let before = relay.statements().len();
        let sent = world.sends(&activated(id, id), id).await;
        assert_eq!(sent, every_collector(&[id]));
        statements.push(relay.statements().len() - before);
    }
    assert_eq!(relay.registry_reads(), 0);
    // However many there are. A process asks one thing more the first time.
    assert!(statements.iter().all(|count| *count <= 8), "{statements:?}");
}
