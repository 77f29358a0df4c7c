//! What the organization says of an account: its state, its name, and what follows for its status.

use serde_json::json;

use crate::world::*;

#[tokio::test]
async fn each_state_has_its_consequence_and_an_unknown_one_has_none() {
    let ids: Vec<String> = (1..=7).map(|n| format!("{n:012}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let world = World::of(&ids).await;
    let states = [
        "ACTIVE",
        "PENDING_ACTIVATION",
        "SUSPENDED",
        "PENDING_CLOSURE",
        "CLOSED",
        "HIBERNATED",
    ];
    world.change(|organization| {
        for (id, state) in ids.iter().zip(states) {
            organization.account(id)["State"] = state.into();
        }
        // The last one as it was before State came.
        let old = organization.account(ids[6]);
        old.as_object_mut().unwrap().remove("State");
        old["Status"] = "SUSPENDED".into();
    });
    world.discover().await;
    assert_eq!(
        world.registry().await,
        [
            "000000000001 active role_works",
            "000000000002 active role_works",
            "000000000003 excluded suspended",
            "000000000004 excluded pending_closure",
            "000000000005 excluded closed",
            "000000000006 active role_works",
            "000000000007 excluded suspended",
        ]
    );
    let mut asked = world.assumed();
    asked.sort();
    assert_eq!(asked, [ids[0], ids[1], ids[5]].map(read_role));
    assert_eq!(
        world
            .lines("SELECT org_state FROM account_facts FINAL WHERE account_id = '000000000006'")
            .await,
        ["HIBERNATED"]
    );
}

#[tokio::test]
async fn a_suspended_account_is_left_alone_and_is_checked_at_once_when_it_comes_back() {
    let world = World::of(&[ONE]).await;
    world.discover().await;
    world.change(|organization| organization.account(ONE)["State"] = "SUSPENDED".into());
    for _ in 0..2 {
        world.an_hour_later().await;
        assert_eq!(world.registry().await, ["111111111111 excluded suspended"]);
    }
    assert_eq!(world.assumed().len(), 1);
    world.told();

    world.change(|organization| organization.account(ONE)["State"] = "ACTIVE".into());
    world.an_hour_later().await;
    assert_eq!(world.registry().await, ["111111111111 active role_works"]);
    assert_eq!(world.assumed().len(), 2);
    // Not by way of pending_setup, only because nobody had looked.
    assert_eq!(
        world.told(),
        ["111111111111 Changed", "111111111111 active"]
    );
    world.an_hour_later().await;
    assert_eq!(world.assumed().len(), 2);
}

#[tokio::test]
async fn what_was_true_before_a_suspension_does_not_activate_after_it() {
    let world = World::of(&[ONE]).await;
    world.discover().await;
    world.change(|organization| organization.account(ONE)["State"] = "SUSPENDED".into());
    world.an_hour_later().await;
    world.change(|organization| organization.account(ONE)["State"] = "ACTIVE".into());
    world.deny(&read_role(ONE));
    world.an_hour_later().await;
    assert_eq!(
        world.registry().await,
        ["111111111111 no_access denied_after_success"]
    );
}

#[tokio::test]
async fn a_renamed_account_keeps_everything_else() {
    let world = World::of(&[ONE]).await;
    world.discover().await;
    let discovered_at = "SELECT discovered_at FROM v_accounts";
    let before = world.lines(discovered_at).await;
    world.bus.take();
    world.change(|organization| organization.account(ONE)["Name"] = "renamed".into());
    world.an_hour_later().await;
    let events = world.bus.take();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].detail_type, "Account Changed");
    assert_eq!(events[0].detail["changed"], json!(["account_name"]));
    assert_eq!(events[0].text("account_name"), "renamed");
    assert_eq!(
        world
            .lines("SELECT account_name FROM aws_accounts FINAL")
            .await,
        ["renamed"]
    );
    assert_eq!(world.lines(discovered_at).await, before);
    assert_eq!(
        world
            .lines("SELECT discovered_at FROM aws_accounts FINAL")
            .await,
        before
    );
    assert_eq!(world.assumed().len(), 1, "a name is no reason to check");
}
