//! What is told: on transition, grouped, and never the same line every tick.

use polo_testkit::relay::Relay;
use polo_testkit::{accounts, sql};
use serde_json::json;

use crate::world::*;

#[tokio::test]
async fn a_concern_is_told_once_however_often_the_function_is_invoked() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    world.forgotten(TWO).await;
    world.set_up(TWO).await;
    assert_eq!(
        world.tick().await,
        json!({
            "concerns": 1, "new": 1, "still": 0, "over": 0, "no_longer_watched": 0, "slack": "posted"
        })
    );
    let asked = world.slack.asked();
    assert_eq!(asked.len(), 1);
    let (hook, message) = &asked[0];
    assert_eq!(hook, "first");
    let section = message["blocks"][1]["text"]["text"].as_str().unwrap();
    assert!(
        section.starts_with("*1 account: access is not checked yet*")
            && section.ends_with(&format!("account {ONE} ({ONE})")),
        "{section}"
    );
    assert_eq!(world.slack.taken(), ["Polo dev: 1 account needs attention"]);

    // The same event once more, the next ticks, and somebody who asks by hand.
    for minutes in [0, 5, 5, 60 * 20] {
        world.minutes_pass(minutes);
        assert_eq!(world.tick().await["slack"], "nothing to report");
    }
    world.deliver(&json!({})).await.unwrap();
    assert!(world.slack.asked().is_empty());
    assert_eq!(
        world.notices().await,
        [format!("{ONE} access not_checked 1 open")]
    );

    world.minutes_pass(60 * 4);
    world.tick().await;
    world.tick().await;
    assert_eq!(
        world.slack.taken(),
        ["Polo dev: 1 account still needs attention"]
    );

    world.set_up(ONE).await;
    world.tick().await;
    world.tick().await;
    assert_eq!(
        world.slack.taken(),
        ["Polo dev: 1 account is healthy again"]
    );
    assert_eq!(
        world.notices().await,
        [format!("{ONE} access not_checked 2 healed")]
    );
}

#[tokio::test]
async fn what_comes_back_is_new_again() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    world.tick().await;
    world.set_up(ONE).await;
    world.tick().await;
    world.slack.taken();
    world.loses_access(ONE).await;
    world.tick().await;
    assert_eq!(world.slack.taken(), ["Polo dev: 1 account needs attention"]);
    assert_eq!(
        world.notices().await,
        [format!("{ONE} access denied_after_success 1 open")]
    );
}

#[tokio::test]
async fn a_young_account_is_nobodys_concern() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    sql::execute(
        &world.store,
        &format!(
            "INSERT INTO account_discoveries (account_id, discovered_at) VALUES ('{ONE}', now64(3))"
        ),
    )
    .await;
    let answer = world.tick().await;
    assert_eq!(answer["concerns"], 0);
    assert_eq!(answer["slack"], "nothing to report");
    world.minutes_pass(24 * 60 + 1);
    assert_eq!(world.tick().await["slack"], "posted");
}

#[tokio::test]
async fn an_exclusion_ends_a_concern_without_a_word() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    world.tick().await;
    world.slack.asked();
    accounts::exclude(&world.store, ONE).await;
    let answer = world.tick().await;
    assert_eq!(
        (&answer["no_longer_watched"], &answer["slack"]),
        (&json!(1), &json!("nothing to report"))
    );
    assert!(world.slack.asked().is_empty());
    assert_eq!(
        world.notices().await,
        [format!("{ONE} access not_checked 1 excluded")]
    );
}

#[tokio::test]
async fn a_gap_is_told_and_so_is_its_end() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    world.set_up(ONE).await;
    world.ran(ONE, "config_s3", "failed", "denied_by_rcp").await;
    world.tick().await;
    world.tick().await;
    let asked = world.slack.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].1["blocks"][1]["text"]["text"],
        format!(
            "*1 account: config_s3 is incomplete: a resource control policy (RCP) denies it (sts:AssumeRole)*\n\
             • account {ONE} ({ONE})\nno"
        )
    );
    world.ran(ONE, "config_s3", "complete", "").await;
    world.tick().await;
    assert_eq!(
        world.slack.taken(),
        [
            "Polo dev: 1 account needs attention",
            "Polo dev: 1 account is healthy again"
        ]
    );
    assert_eq!(
        world.notices().await,
        [format!(
            "{ONE} collecting config_s3: denied_by_rcp 1 healed"
        )]
    );
}

#[tokio::test]
async fn all_incomplete_collectors_of_an_account_are_named() {
    let world = World::new().await;
    world.forgotten(ONE).await;
    world.set_up(ONE).await;
    for collector in ["account_alias", "cost", "tags"] {
        world.ran(ONE, collector, "failed", "denied").await;
    }
    world.ran(ONE, "config_elb", "failed", "denied").await;
    world.ran(ONE, "config_elb", "complete", "").await;
    world.ran(ONE, "log_groups", "complete", "").await;
    world.tick().await;
    let message = &world.slack.asked()[0].1;
    let section = message["blocks"][1]["text"]["text"].as_str().unwrap();
    assert!(
        section.starts_with(
            "*1 account: 3 collectors are incomplete: tags, account_alias, cost; tags: AWS denied the call (sts:AssumeRole)*\n"
        ),
        "{section}"
    );
    let context = message["blocks"][2]["elements"][0]["text"]
        .as_str()
        .unwrap();
    assert!(
        context.contains(" · In all: 0 accounts not visible, 1 with gaps · "),
        "{context}"
    );
}

#[tokio::test]
async fn five_hundred_concerns_are_one_message_and_each_is_noted() {
    let world = World::new().await;
    sql::execute(
        &world.store,
        "INSERT INTO account_facts (account_id, organization_id, partition, account_name, org_state, membership, in_scope, _version)
         SELECT leftPad(toString(number), 12, '0'), 'o-exampleorgid', 'aws', concat('account ', toString(number)), 'ACTIVE', 'member', true, 1
         FROM numbers(500)",
    )
    .await;
    let answer = world.tick().await;
    assert_eq!(
        (&answer["new"], &answer["slack"]),
        (&json!(500), &json!("posted"))
    );
    world.tick().await;
    assert_eq!(
        world.slack.taken(),
        ["Polo dev: 500 accounts need attention"]
    );
    assert_eq!(world.notices().await.len(), 500);
}

#[tokio::test]
async fn tick_reads_the_registry_once() {
    let relay = Relay::to_engine().await;
    let world = World::with(&relay.url(), &[("POLO_SLACK_WEBHOOK_SECRET_ID", SECRET)]).await;
    world.forgotten("111111111111").await;
    assert_eq!(world.tick().await["slack"], "posted");
    assert_eq!(relay.registry_reads(), 1);
}
