//! ClickHouse down: before anything is known, and between a message and its note.

use polo_testkit::gate::Gate;

use crate::slack::Answer::TakesAndShuts;
use crate::world::*;

#[tokio::test]
async fn without_the_database_nobody_is_told() {
    let gate = Gate::to_engine();
    let world = World::with(&gate.url(), &[("POLO_SLACK_WEBHOOK_SECRET_ID", SECRET)]).await;
    world.forgotten(ONE).await;
    gate.shut();
    let error = world.deliver(&tick("now")).await.unwrap_err();
    assert_eq!(error.error_type(), "ClickHouseUnreachable");
    assert!(world.slack.asked().is_empty());
    gate.open();
    assert_eq!(world.tick().await["slack"], "told");
}

/// At least once: the one case in which the same is told twice.
#[tokio::test]
async fn a_message_whose_note_is_lost_is_told_again_by_the_retry() {
    let gate = Gate::to_engine();
    let world = World::with(&gate.url(), &[("POLO_SLACK_WEBHOOK_SECRET_ID", SECRET)]).await;
    world.forgotten(ONE).await;
    world.slack.answer([TakesAndShuts(gate.clone())]);
    let error = world.deliver(&tick("now")).await.unwrap_err();
    assert_eq!(error.error_type(), "ClickHouseUnreachable");
    assert!(world.notices().await.is_empty());
    gate.open();
    assert_eq!(world.deliver(&tick("now")).await.unwrap()["slack"], "told");
    assert_eq!(world.slack.taken().len(), 2);
    assert_eq!(world.tick().await["slack"], "nothing to tell");
}
