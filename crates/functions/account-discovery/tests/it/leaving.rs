//! Who is missing from a complete listing has left, unless too many are missing at once.

use serde_json::json;

use crate::world::*;

fn twenty() -> Vec<String> {
    (1..=20).map(|n| format!("{n:012}")).collect()
}

async fn of_twenty() -> World {
    let ids = twenty();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let world = World::of(&ids).await;
    world.change(|organization| organization.page = 7);
    world.discover().await;
    world.told();
    world
}

async fn left(world: &World) -> Vec<String> {
    world.lines("SELECT account_id FROM v_accounts WHERE status_reason = 'left_organization' ORDER BY account_id").await
}

#[tokio::test]
async fn who_is_missing_has_left_and_who_comes_back_is_checked_at_once() {
    let world = World::of(&[ONE, TWO]).await;
    world.discover().await;
    world.bus.take();
    world.change(|organization| organization.remove(TWO));
    world.an_hour_later().await;
    assert_eq!(
        world.registry().await,
        [
            "111111111111 active role_works",
            "222222222222 excluded left_organization"
        ]
    );
    assert_eq!(world.records().await[1], "o-exampleorgid complete 1 0 1 1");
    let events = world.bus.take();
    let changed = events
        .iter()
        .find(|event| event.detail_type == "Account Changed")
        .unwrap();
    assert_eq!(changed.text("membership"), "left");
    assert_eq!(changed.detail["changed"], json!(["membership"]));
    let discovered_at = "SELECT discovered_at FROM v_accounts ORDER BY account_id";
    let before = world.lines(discovered_at).await;

    world.an_hour_later().await;
    assert!(world.told().is_empty(), "it leaves once");

    let account = polo_testkit::aws::organization_account(TWO);
    world.change(|organization| organization.accounts.push(account));
    world.an_hour_later().await;
    assert_eq!(world.registry().await[1], "222222222222 active role_works");
    assert_eq!(world.lines(discovered_at).await, before);
    assert_eq!(
        world.lines("SELECT left_at FROM v_accounts").await,
        ["\\N", "\\N"]
    );
}

#[tokio::test]
async fn a_quarter_that_vanishes_at_once_marks_nothing_and_fails_loudly_and_the_rest_goes_on() {
    let world = of_twenty().await;
    world.change(|organization| {
        organization.accounts.truncate(15);
        organization.account("000000000001")["Name"] = "renamed".into();
        organization
            .accounts
            .push(polo_testkit::aws::organization_account(ONE));
    });
    world.minutes_pass(60);
    let sentence = world.discover_fails("MassRemovalRefused").await;
    assert!(
        sentence.contains("5 of 20 accounts of o-exampleorgid"),
        "{sentence}"
    );
    assert!(sentence.contains("--accept-removals=5"), "{sentence}");
    assert!(left(&world).await.is_empty());
    assert_eq!(
        world.records().await[1],
        "o-exampleorgid complete 16 1 1 0 mass_removal"
    );
    assert_eq!(
        world.told(),
        [
            "000000000001 Changed",
            "111111111111 Discovered",
            "111111111111 active"
        ]
    );

    // Only the exact number confirms it, for this listing.
    for (accepted, works) in [(4, false), (6, false), (5, true)] {
        let payload = json!({"accept_removals": accepted});
        let answer = world.deliver(&payload, &payload.to_string()).await;
        assert_eq!(answer.is_ok(), works, "{accepted}");
        assert_eq!(left(&world).await.is_empty(), !works, "{accepted}");
    }
    assert_eq!(left(&world).await, &twenty()[15..]);
    world.an_hour_later().await;
}

#[tokio::test]
async fn three_or_a_fifth_may_leave_without_a_word() {
    let world = of_twenty().await;
    world.change(|organization| organization.accounts.truncate(16));
    world.an_hour_later().await;
    assert_eq!(left(&world).await.len(), 4);

    let world = World::of(&[ONE, TWO, THREE]).await;
    world.discover().await;
    world.change(|organization| organization.accounts.clear());
    world.an_hour_later().await;
    assert_eq!(left(&world).await.len(), 3);
}
