//! The tick asks for what fell through, and for nothing else.

use polo_testkit::sql;
use serde_json::json;

use crate::world::*;

impl World {
    /// A run of config_ec2 in the first account, begun so many minutes ago with a deadline 15 minutes later.
    async fn run(&self, begun_ago: i64, finished: bool) {
        let begun = self.in_minutes(-begun_ago);
        let deadline = self.in_minutes(15 - begun_ago);
        let (end, outcome) = if finished {
            (begun.as_str(), "complete")
        } else {
            ("NULL", "")
        };
        sql::execute(
            &self.store,
            &format!(
                "INSERT INTO collector_runs (run_id, attempt, sweep_id, account_id, collector, started_at, deadline_at, finished_at, outcome, _version)
                 VALUES (generateUUIDv4(), 1, generateUUIDv4(), '{ONE}', 'config_ec2', {begun}, {deadline}, {end}, '{outcome}',
                     toUnixTimestamp64Micro(now64(6)))"
            ),
        )
        .await;
    }

    /// Asks for the one account × collector that a test follows.
    async fn ask(&self) {
        let payload = json!({"account_id": ONE, "collector": "config_ec2"});
        assert_eq!(self.sends(&payload, "by hand").await.len(), 1);
    }

    /// Whether a tick now asks for it.
    async fn tick_asks(&self, n: u32) -> bool {
        let sent = self.sends(&tick(n), &format!("request of tick {n}")).await;
        sent.contains(&format!("{ONE} config_ec2"))
    }
}

#[tokio::test]
async fn what_was_never_asked_for_is_asked_for_once() {
    let world = World::new().await;
    assert_eq!(
        world.sends(&tick(1), "request 1").await,
        every_collector(&[ONE, TWO])
    );
    assert!(world.sends(&tick(1), "request 2").await.is_empty());
    world.minutes_pass(5);
    assert!(world.sends(&tick(2), "request 3").await.is_empty());
}

#[tokio::test]
async fn an_event_that_was_lost_is_sent_again() {
    let world = World::new().await;
    world.ask().await;
    world.minutes_pass(14);
    assert!(!world.tick_asks(1).await);
    world.minutes_pass(1);
    assert!(world.tick_asks(2).await);
    // Asked for anew: again its time to begin.
    world.minutes_pass(5);
    assert!(!world.tick_asks(3).await);
}

#[tokio::test]
async fn a_run_that_ended_or_is_under_way_is_left_alone() {
    for finished in [true, false] {
        let world = World::new().await;
        world.ask().await;
        world.minutes_pass(16);
        world.run(15, finished).await;
        assert!(!world.tick_asks(1).await, "finished: {finished}");
    }
}

#[tokio::test]
async fn a_run_that_crashed_is_asked_for_again_an_hour_later() {
    let world = World::new().await;
    world.ask().await;
    world.minutes_pass(1);
    world.run(0, false).await;
    world.minutes_pass(58);
    assert!(!world.tick_asks(1).await, "at most hourly");
    world.minutes_pass(1);
    assert!(world.tick_asks(2).await);
}
