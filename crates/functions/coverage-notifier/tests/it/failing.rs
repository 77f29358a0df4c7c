//! A broken Slack fails the invocation, so that its alarm rings, and each tick retries what Slack did not take.

use polo_testkit::accounts;
use polo_testkit::aws::Reply;
use serde_json::json;

use crate::slack::Answer::{Nothing, Says};
use crate::world::*;

const TOLD: &str = "Polo dev: 1 account needs attention";

/// Part of every address here; no error may show it.
const HIDDEN: &str = "hidden";

fn missing() -> String {
    format!(
        "secret \"{SECRET}\" does not exist or is empty: store the address of Slack's incoming webhook in it with `aws \
         secretsmanager put-secret-value`"
    )
}

/// Answers of Secrets Manager that hold no address, and the sentence for each.
fn wrong_secrets() -> Vec<(Reply, String)> {
    let holds = |text: &str| Reply::json(json!({"Name": SECRET, "SecretString": text}));
    let no_address = format!(
        "secret \"{SECRET}\" does not hold the address of Slack's incoming webhook: the address has to begin with https:// \
         (http:// is for loopback alone) and name a host"
    );
    let mut wrong = vec![
        (
            Reply::error(
                400,
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
            ),
            missing(),
        ),
        (holds(""), missing()),
        (
            Reply::json(json!({"Name": SECRET, "SecretBinary": "AAAA"})),
            format!(
                "Slack's webhook address is unavailable: secret \"{SECRET}\" holds bytes, not text: store it with \
                 --secret-string"
            ),
        ),
        (
            Reply::error(400, "AccessDeniedException", "not\nyours"),
            format!(
                "Slack's webhook address is unavailable: secret \"{SECRET}\" cannot be read: secretsmanager:GetSecretValue failed \
                 (denied): AccessDeniedException: not yours"
            ),
        ),
        (
            Reply::error(400, "DecryptionFailure", &"k".repeat(5_000)),
            format!(
                "Slack's webhook address is unavailable: secret \"{SECRET}\" cannot be read: secretsmanager:GetSecretValue failed \
                 ("
            ),
        ),
    ];
    for text in [
        " \n",
        "hooks.slack.com/services/hidden",
        "http://hooks.slack.com/services/hidden",
        "https:///services/hidden",
        "https://user:hidden@hooks.slack.com/services",
        "\"https://hooks.slack.com/services/hidden\"",
        r#"{"url": "https://hooks.slack.com/services/hidden"}"#,
        "https://hooks.slack.com/services/hidden\nhttps://hooks.slack.com/services/hidden",
    ] {
        wrong.push((holds(text), no_address.clone()));
    }
    wrong
}

/// The type is stable, and the sentence is short, printable and without a secret or a library's types.
fn assert_fit(error: &(&'static str, String), said: &str) {
    let (error_type, sentence) = error;
    assert_eq!(*error_type, "SlackFailed", "{sentence}");
    assert!(sentence.starts_with(said), "{sentence}\nis not\n{said}");
    assert!(sentence.chars().count() <= 500, "{sentence}");
    for unfit in [HIDDEN, "\n", " { ", "hyper", "(os error"] {
        assert!(!sentence.contains(unfit), "{sentence}");
    }
}

#[tokio::test]
async fn a_wrong_secret_fails_each_tick_until_it_is_right() {
    let world = World::new().await;
    // First with nothing to post, then with something.
    for something in [false, true] {
        if something {
            world.forgotten(ONE).await;
        }
        for (reply, said) in wrong_secrets() {
            world.secret_answers(reply);
            assert_fit(&world.fails().await, &said);
        }
    }
    assert!(world.notices().await.is_empty());
    assert!(world.slack.asked().is_empty());
    world.put_secret(&world.slack.hook("first"));
    assert_eq!(world.tick().await["slack"], "posted");
}

#[tokio::test]
async fn a_message_that_slack_does_not_take_fails_and_is_retried() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    let refused = |status, code: &str| {
        format!(
            "Slack refused the address in secret \"{SECRET}\" (HTTP {status}, {code}): create an incoming webhook and store \
             its address there"
        )
    };
    let rejected = |status, code: &str| {
        format!("Slack rejected the message (HTTP {status}, {code}): the next tick retries it")
    };
    let unknown = "an unknown answer";
    for (status, body, said) in [
        (404, "no_service", refused(404, "no_service")),
        (403, "invalid_token", refused(403, "invalid_token")),
        (
            410,
            "channel_is_archived",
            refused(410, "channel_is_archived"),
        ),
        // No redirect is followed.
        (302, "", refused(302, unknown)),
        (400, "invalid_blocks", rejected(400, "invalid_blocks")),
        (500, "rollup_error", rejected(500, "rollup_error")),
        (
            503,
            "<html>http://127.0.0.1/services/hidden</html>",
            rejected(503, unknown),
        ),
        (202, "ok", rejected(202, "ok")),
    ] {
        world.slack.answer([Says(status, body, "")]);
        assert_fit(&world.fails().await, &said);
        assert_eq!(world.slack.asked().len(), 1);
        assert!(world.notices().await.is_empty(), "{said}");
    }

    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    world.put_secret(&format!("http://{address}/services/{HIDDEN}"));
    world.minutes_pass(5);
    let said = "Slack could not be reached: connection refused; the next tick retries";
    assert_fit(&world.fails().await, said);

    world.put_secret(&world.slack.hook("first"));
    world.minutes_pass(5);
    assert_eq!(world.tick().await["slack"], "posted");
    assert_eq!(world.slack.taken(), [TOLD]);
    assert_eq!(world.notices().await.len(), 1);
}

#[tokio::test]
async fn the_rest_of_a_tick_is_stored_although_slack_is_broken() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    world.tick().await;
    accounts::exclude(&world.store, ONE).await;
    world.put_secret("");
    assert_fit(&world.fails().await, &missing());
    assert_eq!(
        world.notices().await,
        [format!("{ONE} access not_checked 1 excluded")]
    );
}

/// Lambda retries a failed invocation twice, with the same request id.
#[tokio::test]
async fn a_retry_posts_only_what_slack_surely_does_not_have() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    world.slack.answer([Nothing]);
    let unanswered = world.fails().await;
    tokio::time::resume();
    assert_fit(
        &unanswered,
        "Slack did not answer: nothing within 10 s; the next tick retries",
    );
    assert_eq!(world.slack.asked().len(), 1);
    assert_eq!(world.fails().await, unanswered);
    assert!(world.slack.asked().is_empty());
    assert!(world.notices().await.is_empty());
    world.minutes_pass(5);
    assert_eq!(world.tick().await["slack"], "posted");

    world.set_up(ONE).await;
    world.slack.answer([Says(500, "rollup_error", "")]);
    world.fails().await;
    assert_eq!(world.tick().await["slack"], "posted");
    assert_eq!(
        world.slack.taken(),
        [TOLD, "Polo dev: 1 account is healthy again"]
    );
}

#[tokio::test]
async fn a_pause_that_slack_asks_for_is_kept_and_fails_only_if_repeated() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    let said = "Slack throttled the message: it accepts messages again at 2";
    world.slack.answer([Says(429, "rate_limited", "420")]);
    for minutes in [0, 5] {
        world.minutes_pass(minutes);
        let answer = world.tick().await;
        let sentence = answer["slack"].as_str().unwrap();
        assert!(
            sentence.starts_with(said) && sentence.ends_with(" UTC") && !sentence.contains('.'),
            "{sentence}"
        );
    }
    assert_eq!(world.slack.asked().len(), 1);

    world.slack.answer([Says(429, "rate_limited", "420")]);
    world.minutes_pass(5);
    for minutes in [0, 5] {
        world.minutes_pass(minutes);
        assert_fit(&world.fails().await, said);
    }
    assert_eq!(world.slack.asked().len(), 1);
    world.minutes_pass(5);
    assert_eq!(world.tick().await["slack"], "posted");

    // Without a number of seconds it is half a minute.
    world.set_up(ONE).await;
    world.slack.answer([Says(429, "", "soon")]);
    world.tick().await;
    world.minutes_pass(1);
    assert_eq!(world.tick().await["slack"], "posted");
    assert_eq!(
        world.slack.taken(),
        [TOLD, "Polo dev: 1 account is healthy again"]
    );
}
