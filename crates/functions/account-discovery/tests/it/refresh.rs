//! One account by hand: known, new, or in no organization.

use polo_testkit::accounts;
use polo_testkit::aws::organization_account;
use polo_testkit::sql::row_counts;
use serde_json::json;

use crate::organization::{Organization, SANDBOX};
use crate::world::*;

#[tokio::test]
async fn a_known_account_is_read_checked_and_told_anew_and_nobody_leaves() {
    let world = World::of(&[ONE, TWO]).await;
    world.discover().await;
    world.told();
    world.change(|organization| {
        organization.move_to(ONE, SANDBOX);
        organization
            .tags
            .insert(ONE.to_owned(), vec![("team".into(), "a".into())]);
        organization.remove(TWO);
    });
    let answer = world
        .deliver(&json!({"account_id": ONE}), "request 1")
        .await
        .unwrap();
    assert_eq!(answer["organizations"][0]["checks"], 1);
    assert_eq!(
        world.registry().await,
        [
            "111111111111 active role_works",
            "222222222222 active role_works"
        ]
    );
    assert_eq!(
        world
            .lines(
                "SELECT org_unit, tags['team'] FROM v_accounts WHERE account_id = '111111111111'"
            )
            .await,
        ["Root/Sandbox\ta"]
    );
    assert_eq!(world.told(), ["111111111111 Changed"]);
    assert_eq!(
        world.count("ListAccounts"),
        1,
        "one account needs no listing"
    );
    assert_eq!(world.assumed().len(), 3);
    // Lambda's retry.
    world
        .deliver(&json!({"account_id": ONE}), "request 1")
        .await
        .unwrap();
    assert_eq!(world.assumed().len(), 3);
}

#[tokio::test]
async fn a_new_account_is_discovered_placed_and_checked() {
    let world = World::of(&[ONE]).await;
    world.change(|organization| {
        organization.accounts.push(organization_account(TWO));
        organization
            .places
            .insert(TWO.to_owned(), SANDBOX.to_owned());
        organization.forget(&["Paths"]);
    });
    world
        .deliver(&json!({"account_id": TWO}), "request 1")
        .await
        .unwrap();
    assert_eq!(world.registry().await, ["222222222222 active role_works"]);
    assert_eq!(
        world.lines("SELECT org_unit FROM v_accounts").await,
        ["Root/Sandbox"]
    );
    assert_eq!(
        world.told(),
        ["222222222222 Discovered", "222222222222 active"]
    );
    assert_eq!(world.count("ListParents"), 2);
}

#[tokio::test]
async fn an_account_of_the_second_organization_is_found_there() {
    let list = r#"[{"id": "o-exampleorgid"}, {"id": "o-bbbbbbbbbb", "role_arn": "arn:aws:iam::999988887777:role/lister"}]"#;
    let world = World::with(&[("POLO_ORGANIZATIONS", list)], &[ONE]).await;
    world.shows("ASIA999988887777", Organization::of("o-bbbbbbbbbb", &[TWO]));
    world
        .deliver(&json!({"account_id": TWO}), "request 1")
        .await
        .unwrap();
    assert_eq!(
        world
            .lines("SELECT account_id, organization_id FROM v_accounts")
            .await,
        ["222222222222\to-bbbbbbbbbb"]
    );
}

#[tokio::test]
async fn what_cannot_be_refreshed_is_one_sentence_and_nothing_is_written() {
    let world = World::of(&[ONE]).await;
    let before = row_counts(&world.store).await;
    for (payload, error_type, names) in [
        (
            json!({"account_id": TWO}),
            "RequestRefused",
            "POLO_ORGANIZATIONS",
        ),
        (json!({"account_id": "1234"}), "PayloadInvalid", "12 digits"),
        (
            json!({"accept_removals": "five"}),
            "PayloadInvalid",
            "accept_removals",
        ),
        (
            json!({"accept_removal": 5}),
            "PayloadInvalid",
            "accept_removal",
        ),
    ] {
        let error = world.deliver(&payload, "by hand").await.unwrap_err();
        let sentence = error.chain();
        assert_eq!(error.error_type(), error_type, "{payload}: {sentence}");
        assert!(
            sentence.contains(names) && !sentence.contains('\n'),
            "{payload}: {sentence}"
        );
    }
    assert_eq!(row_counts(&world.store).await, before);
    assert_eq!(world.assumed().len(), 0);
}

#[tokio::test]
async fn an_excluded_or_suspended_account_is_read_and_not_checked() {
    let world = World::of(&[ONE, TWO]).await;
    world.discover().await;
    accounts::exclude(&world.store, ONE).await;
    world.change(|organization| {
        organization.account(ONE)["Name"] = "renamed".into();
        organization.account(TWO)["State"] = "SUSPENDED".into();
    });
    for id in [ONE, TWO] {
        world.deliver(&json!({"account_id": id}), id).await.unwrap();
    }
    assert_eq!(
        world.registry().await,
        [
            "111111111111 excluded excluded_by_operator",
            "222222222222 excluded suspended"
        ]
    );
    assert_eq!(
        world
            .lines("SELECT account_name FROM v_accounts WHERE account_id = '111111111111'")
            .await,
        ["renamed"]
    );
    assert_eq!(world.assumed().len(), 2);
}
