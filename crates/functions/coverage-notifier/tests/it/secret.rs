//! The address of the webhook is the one that the secret holds now.

use crate::world::*;

#[tokio::test]
async fn a_replaced_address_is_used_by_the_next_tick() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    world.tick().await;
    // An editor's newline is no part of it.
    world.put_secret(&format!("{}\n", world.slack.hook("second")));
    world.set_up(ONE).await;
    world.tick().await;
    let hooks: Vec<String> = world
        .slack
        .asked()
        .into_iter()
        .map(|(hook, _)| hook)
        .collect();
    assert_eq!(hooks, ["first", "second"]);
    assert_eq!(world.secret_reads(), 2);
}
