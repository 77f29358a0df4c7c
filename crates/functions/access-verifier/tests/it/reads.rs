//! What a tick reads: the registry once, then what it has changed.

use polo_testkit::relay::Relay;
use polo_testkit::sql;
use serde_json::json;

use crate::world::*;

/// More than one statement takes.
const MANY: usize = 5_000;

async fn world_of_many(relay: &Relay) -> World {
    let url = relay.url();
    let world = World::with(&[("CLICKHOUSE_URL", url.as_str())]).await;
    for statement in [
        "INSERT INTO account_facts (account_id, organization_id, partition, account_name, org_state, membership, in_scope, read_role_arn, _version)
         SELECT leftPad(toString(number), 12, '0') AS id, 'o-exampleorgid', 'aws', id, 'ACTIVE', 'member', true,
            concat('arn:aws:iam::', id, ':role/dev-PoloReadRole'), 1 FROM numbers(5000)",
        "INSERT INTO account_payers (account_id, answered, payer_account_id, asked_at, _version)
         SELECT account_id, true, account_id, '2099-01-01 00:00:00', 1 FROM account_facts",
    ] {
        sql::execute(&world.store, statement).await;
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn tick_checks_5000_accounts_and_reads_the_registry_once() {
    let relay = Relay::to_engine().await;
    let world = world_of_many(&relay).await;
    let answer = world.tick().await;
    assert_eq!(
        answer["checks"],
        json!({"success": MANY, "denied": 0, "inconclusive": 0})
    );
    assert_eq!(world.assumed(), MANY);
    assert_eq!(answer["told"]["events_accepted"], MANY);
    assert_eq!(relay.registry_reads(), 1);
    let copied = "SELECT toString(count()) FROM aws_accounts FINAL WHERE polo_status = 'active'";
    assert_eq!(world.lines(copied).await, [MANY.to_string()]);

    world.minutes_pass(5);
    let answer = world.tick().await;
    assert_eq!(
        (&answer["accounts"], &answer["told"]["status_changes"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(relay.registry_reads(), 2);

    // By hand, all are checked whether they are due or not.
    let answer = world.by_hand(json!({})).await;
    assert_eq!(answer["checks"]["success"], MANY);
    assert_eq!(relay.registry_reads(), 3);
}

#[tokio::test]
async fn a_verification_of_one_account_reads_that_account_alone() {
    let relay = Relay::to_engine().await;
    let url = relay.url();
    let world = World::with(&[("CLICKHOUSE_URL", url.as_str())])
        .await
        .found_without_payer(&[ONE, TWO])
        .await;
    let answer = world.by_hand(json!({"account_id": ONE})).await;
    assert_eq!(answer["account"]["polo_status"], "active");
    assert_eq!(world.told(), [format!("{ONE}  -> active")]);
    assert_eq!(relay.registry_reads(), 0);
}

/// The next tick also publishes a change of status that no check has made.
#[tokio::test]
async fn a_tick_publishes_what_others_have_changed() {
    let world = World::new().await.found(&[ONE, TWO]).await;
    world.tick().await;
    world.told();
    sql::execute(
        &world.store,
        &format!(
            "INSERT INTO account_settings (account_id, setting, value, updated_at) VALUES ('{TWO}', 'excluded', 'true', now64(3))"
        ),
    )
    .await;
    world.minutes_pass(5);
    assert_eq!(world.tick().await["accounts"], 0);
    assert_eq!(world.told(), [format!("{TWO} active -> excluded")]);
}
