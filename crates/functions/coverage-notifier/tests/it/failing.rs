//! A failing Slack fails nothing, and what it did not take is told by the next tick.

use serde_json::json;

use crate::slack::Answer::{Nothing, Says};
use crate::world::*;

const TOLD: &str = "Polo dev: 1 account needs attention";

#[tokio::test]
async fn what_slack_did_not_take_is_not_noted_and_told_by_the_next_tick() {
    for (answer, class, said) in [
        (
            Says(500, "rollup_error", ""),
            "service",
            "Slack did not take the message (HTTP 500, rollup_error)",
        ),
        (
            Says(503, "<html>http://127.0.0.1/services/first</html>", ""),
            "service",
            "Slack did not take the message (HTTP 503, an answer that is none of Slack's)",
        ),
        (
            Says(400, "invalid_blocks", ""),
            "bug",
            "Slack did not take the message (HTTP 400, invalid_blocks)",
        ),
        // No redirect is followed.
        (
            Says(302, "", ""),
            "bug",
            "Slack did not take the message (HTTP 302, an answer that is none of Slack's)",
        ),
        (
            Says(202, "ok", ""),
            "bug",
            "Slack did not take the message (HTTP 202, ok)",
        ),
    ] {
        let world = World::new().await;
        world.forgotten(ONE).await;
        world.slack.answer([answer]);
        let told = world.tick().await;
        assert_eq!(told["slack"], json!({"failed": said, "error_class": class}));
        assert!(world.notices().await.is_empty(), "{said}");
        world.minutes_pass(5);
        assert_eq!(world.tick().await["slack"], "told", "{said}");
        assert_eq!(world.slack.taken(), [TOLD]);
        assert_eq!(world.notices().await.len(), 1);
    }
}

#[tokio::test]
async fn nobody_waits_longer_than_the_limit_for_slack() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    world.slack.answer([Nothing]);
    let told = world.tick().await;
    tokio::time::resume();
    assert_eq!(
        told["slack"],
        json!({
            "failed": "Slack was not reached: no answer (timeout): nothing within 10 s", "error_class": "timeout"
        })
    );
    assert!(world.notices().await.is_empty());
    assert_eq!(world.tick().await["slack"], "told");
}

#[tokio::test]
async fn no_connection_is_told_without_the_address() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/services/secret", closed.local_addr().unwrap());
    drop(closed);
    world.put_secret(&address);
    let told = world.tick().await;
    assert_eq!(told["slack"]["error_class"], "network");
    let failed = told["slack"]["failed"].as_str().unwrap();
    assert!(
        failed.starts_with("Slack was not reached") && !failed.contains("secret"),
        "{failed}"
    );
}

#[tokio::test]
async fn slack_is_left_alone_for_as_long_as_it_asks() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    world.slack.answer([Says(429, "rate_limited", "420")]);
    for minutes in [0, 5] {
        world.minutes_pass(minutes);
        let told = world.tick().await;
        assert_eq!(told["slack"]["error_class"], "throttled");
        let failed = told["slack"]["failed"].as_str().unwrap();
        assert!(
            failed.starts_with("Slack is asked too fast: it takes messages again at 2"),
            "{failed}"
        );
    }
    assert_eq!(world.slack.asked().len(), 1);
    world.minutes_pass(5);
    assert_eq!(world.tick().await["slack"], "told");

    // A delay that is none counts as half a minute.
    world.set_up(ONE).await;
    world.slack.answer([Says(429, "", "soon")]);
    assert_eq!(world.tick().await["slack"]["error_class"], "throttled");
    world.minutes_pass(1);
    assert_eq!(world.tick().await["slack"], "told");
    assert_eq!(
        world.slack.taken(),
        [TOLD, "Polo dev: 1 account is well again"]
    );
}
