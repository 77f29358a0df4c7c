//! The address of the webhook: read once, read again when Slack refuses it, and never shown.

use polo_testkit::aws::Reply;
use serde_json::json;

use crate::slack::Answer::Says;
use crate::world::*;

fn hooks(world: &World) -> Vec<String> {
    world
        .slack
        .asked()
        .into_iter()
        .map(|(hook, _)| hook)
        .collect()
}

#[tokio::test]
async fn a_refused_address_is_named_by_its_secret_and_read_again() {
    for (status, word, class) in [
        (404, "no_service", "not_found"),
        (403, "invalid_token", "denied"),
        (410, "channel_is_archived", "not_found"),
    ] {
        let world = World::new().await;
        world.forgotten(ONE).await;
        world
            .slack
            .answer([Says(status, word, ""), Says(status, word, "")]);
        let told = world.tick().await;
        assert_eq!(
            told["slack"],
            json!({
                "failed": format!(
                    "Slack refuses the address in secret \"{SECRET}\" (HTTP {status}, {word}): make an incoming webhook and \
                     put its address there"
                ),
                "error_class": class
            })
        );
        assert!(world.notices().await.is_empty());
        // The same address is not asked twice by one tick.
        assert_eq!(hooks(&world), ["first"]);
        world.tick().await;
        assert_eq!(hooks(&world), ["first"]);
        assert_eq!(world.secret_reads(), 2);
        world.put_secret(&world.slack.hook("second"));
        assert_eq!(world.tick().await["slack"], "told");
        assert_eq!(hooks(&world), ["second"]);
    }
}

#[tokio::test]
async fn an_address_that_was_replaced_while_the_function_was_warm_is_used_at_once() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    world.tick().await;
    world.slack.taken();
    hooks(&world);
    // An editor's newline is no part of it.
    world.put_secret(&format!("{}\n", world.slack.hook("second")));
    world.forgotten(TWO).await;
    world.slack.answer([Says(404, "no_service", "")]);
    assert_eq!(world.tick().await["slack"], "told");
    assert_eq!(hooks(&world), ["first", "second"]);
    world.set_up(ONE).await;
    assert_eq!(world.tick().await["slack"], "told");
    assert_eq!(hooks(&world), ["second"]);
    assert_eq!(world.secret_reads(), 2);
}

#[tokio::test]
async fn a_secret_without_an_address_is_one_sentence_and_the_next_tick_tells() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    let hidden = "http://hooks.example.com/services/hidden";
    let nothing = format!(
        "secret \"{SECRET}\" is not there or holds nothing: put the address of Slack's incoming webhook in it with \
         `aws secretsmanager put-secret-value`"
    );
    let holds = |text: &str| Reply::json(json!({"Name": SECRET, "SecretString": text}));
    for (reply, class, said) in [
        (
            Reply::error(
                400,
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
            ),
            "config",
            nothing.clone(),
        ),
        (holds(""), "config", nothing),
        (
            holds(hidden),
            "config",
            format!(
                "secret \"{SECRET}\" does not hold the address of Slack's incoming webhook: the address has to begin with \
                 https:// (http:// is for loopback alone) and name a host"
            ),
        ),
        (
            Reply::json(json!({"Name": SECRET, "SecretBinary": "AAAA"})),
            "config",
            format!(
                "the address of Slack's webhook cannot be read: secret \"{SECRET}\" holds bytes, not text: store it with \
                 --secret-string"
            ),
        ),
        (
            Reply::error(400, "AccessDeniedException", "not yours"),
            "denied",
            format!(
                "the address of Slack's webhook cannot be read: secret \"{SECRET}\" cannot be read: \
                 secretsmanager:GetSecretValue failed (denied): AccessDeniedException: not yours"
            ),
        ),
    ] {
        world.secret_answers(reply);
        let told = world.tick().await;
        assert_eq!(told["slack"], json!({"failed": said, "error_class": class}));
        assert!(!told.to_string().contains("hidden"));
    }
    assert!(world.notices().await.is_empty());
    world.put_secret(&world.slack.hook("first"));
    assert_eq!(world.tick().await["slack"], "told");
}
