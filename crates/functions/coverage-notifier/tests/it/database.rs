//! ClickHouse down, or taking no notes: before anything is known, before a message, and between a message and its note.

use polo_testkit::gate::Gate;
use polo_testkit::sql;

use crate::slack::Answer::TakesAndShuts;
use crate::world::*;

#[tokio::test]
async fn without_the_database_nobody_is_told() {
    let gate = Gate::to_engine();
    let world = World::with(&gate.url(), &[("POLO_SLACK_WEBHOOK_SECRET_ID", SECRET)]).await;
    world.forgotten(ONE).await;
    gate.shut();
    let error = world.deliver(&world.firing()).await.unwrap_err();
    assert_eq!(error.error_type(), "ClickHouseUnreachable");
    assert!(world.slack.asked().is_empty());
    gate.open();
    assert_eq!(world.tick().await["slack"], "posted");
}

/// What a table takes from now on.
async fn takes(world: &World, what: &str) {
    for statement in [
        "ALTER TABLE coverage_notices DROP CONSTRAINT IF EXISTS told".to_owned(),
        format!("ALTER TABLE coverage_notices ADD CONSTRAINT told CHECK {what}"),
    ] {
        sql::execute(&world.store, &statement).await;
    }
}

#[tokio::test]
async fn while_nothing_can_be_noted_nothing_is_told() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    world.tick().await;
    assert_eq!(
        (world.slack.taken().len(), world.slack.asked().len()),
        (1, 1)
    );
    // Something new, and something that is over.
    world.forgotten(TWO).await;
    world.set_up(ONE).await;
    takes(&world, "false").await;
    for _ in 0..3 {
        world.minutes_pass(5);
        let error = world.deliver(&world.firing()).await.unwrap_err();
        assert!(
            error.chain().contains("coverage_notices"),
            "{}",
            error.chain()
        );
    }
    assert!(world.slack.asked().is_empty());
    takes(&world, "true").await;
    assert_eq!(world.tick().await["slack"], "posted");
    assert_eq!(
        world.slack.taken(),
        ["Polo dev: 1 account needs attention, 1 account is healthy again"]
    );
    assert_eq!(world.tick().await["slack"], "nothing to report");
}

#[tokio::test]
async fn a_warm_function_tells_once_however_long_the_note_fails() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    // What is about to be told is taken, and that it was told is not.
    takes(&world, "told_times = 0").await;
    let told = world.tick().await;
    assert_eq!(told["slack"], "posted");
    let not_noted = told["not_noted"].as_str().unwrap();
    assert!(
        not_noted.contains("(write coverage_notices)"),
        "{not_noted}"
    );
    for _ in 0..3 {
        world.minutes_pass(5);
        world.deliver(&world.firing()).await.unwrap_err();
    }
    assert!(world.notices().await.is_empty());
    takes(&world, "true").await;
    let told = world.tick().await;
    assert_eq!(told["slack"], "nothing to report");
    assert_eq!(told.get("not_noted"), None);
    assert_eq!(world.slack.taken().len(), 1);
    assert_eq!(
        world.notices().await,
        [format!("{ONE} access not_checked 1 open")]
    );
}

/// Lambda's retry would tell again what has been told, so there is none.
#[tokio::test]
async fn a_message_whose_note_is_lost_is_no_failure_and_noted_by_the_next_tick() {
    let gate = Gate::to_engine();
    let world = World::with(&gate.url(), &[("POLO_SLACK_WEBHOOK_SECRET_ID", SECRET)]).await;
    world.forgotten(ONE).await;
    world.slack.answer([TakesAndShuts(gate.clone())]);
    assert!(world.tick().await["not_noted"].is_string());
    assert!(world.notices().await.is_empty());
    gate.open();
    assert_eq!(world.tick().await["slack"], "nothing to report");
    assert_eq!(world.slack.taken().len(), 1);
    assert_eq!(world.notices().await.len(), 1);
}

/// At least once: a process that ends with its note unwritten.
#[tokio::test]
async fn another_process_tells_again_what_was_not_noted() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    takes(&world, "told_times = 0").await;
    assert_eq!(world.tick().await["slack"], "posted");
    takes(&world, "true").await;
    let world = world.in_another_process();
    assert_eq!(world.tick().await["slack"], "posted");
    assert_eq!(world.slack.taken().len(), 2);
    assert_eq!(world.tick().await["slack"], "nothing to report");
}
