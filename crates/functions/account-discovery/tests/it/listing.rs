//! What a listing may do: be throttled, refused, cut short, empty in the middle, without a state.

use polo_testkit::aws::{Reply, accounts_page, organization_account};
use polo_testkit::sql::row_counts;

use crate::world::*;

#[tokio::test]
async fn a_throttled_listing_is_asked_again() {
    let world = World::of(&[ONE, TWO]).await;
    for operation in ["DescribeOrganization", "ListAccounts", "ListRoots"] {
        world.fails(operation, 1, throttled());
    }
    world.discover().await;
    assert_eq!(
        world.registry().await,
        [
            "111111111111 active role_works",
            "222222222222 active role_works"
        ]
    );
    assert_eq!(world.records().await, ["o-exampleorgid complete 2 2 0 0"]);
}

#[tokio::test]
async fn a_refused_listing_fails_is_recorded_and_changes_nothing() {
    let world = World::of(&[ONE, TWO]).await;
    world.discover().await;
    let before = world.registry().await;
    for (operation, record) in [
        ("ListAccounts", "o-exampleorgid partial 0 0 0 0 denied"),
        ("ListRoots", "o-exampleorgid failed 0 0 0 0 AwsCallFailed"),
        (
            "DescribeOrganization",
            "unknown failed 0 0 0 0 AwsCallFailed",
        ),
    ] {
        world.fails(operation, 1, denied());
        world.minutes_pass(60);
        let sentence = world.discover_fails("AwsCallFailed").await;
        assert!(
            sentence.contains(&format!("organizations:{operation} failed (denied)")),
            "{sentence}"
        );
        assert_eq!(world.records().await.last().unwrap(), record);
        assert_eq!(world.registry().await, before);
    }
    world.an_hour_later().await;
    assert_eq!(
        world.records().await.last().unwrap(),
        "o-exampleorgid complete 2 0 0 0"
    );
}

#[tokio::test]
async fn a_failing_second_page_keeps_what_was_seen_and_nobody_leaves() {
    let world = World::of(&[ONE, THREE]).await;
    world.discover().await;
    world.told();
    // The first page shows a new account and a new name; the third account would be on the second page.
    world.change(|organization| {
        organization.page = 2;
        organization.accounts.insert(1, organization_account(TWO));
        organization.account(ONE)["Name"] = "renamed".into();
    });
    world.fails_where("ListAccounts", ("NextToken", "2"), 2, throttled());
    world.minutes_pass(60);
    let sentence = world.discover_fails("AwsCallFailed").await;
    assert!(
        sentence.contains("organizations:ListAccounts failed (throttled)"),
        "{sentence}"
    );
    assert_eq!(
        world.registry().await,
        [
            "111111111111 active role_works",
            "222222222222 active role_works",
            "333333333333 active role_works"
        ]
    );
    assert_eq!(
        world
            .lines("SELECT account_name FROM v_accounts WHERE account_id = '111111111111'")
            .await,
        ["renamed"]
    );
    assert_eq!(
        world.records().await[1],
        "o-exampleorgid partial 2 1 1 0 throttled"
    );
    // Nobody tells of it later, since by then it is known.
    assert_eq!(
        world.told(),
        [
            "111111111111 Changed",
            "222222222222 Discovered",
            "222222222222 active"
        ]
    );
    world.discover().await;
    assert_eq!(world.records().await[1], "o-exampleorgid complete 3 0 0 0");
    assert!(world.told().is_empty());
}

#[tokio::test]
async fn an_empty_page_with_a_token_is_not_the_end() {
    let world = World::of(&[]).await;
    world.aws.on("organizations", "ListAccounts", |call| {
        match call.parameter("NextToken").as_str() {
            "" => accounts_page(&[organization_account(ONE)], Some("2")),
            "2" => accounts_page(&[], Some("3")),
            _ => accounts_page(&[organization_account(TWO)], None),
        }
    });
    world.discover().await;
    assert_eq!(world.records().await, ["o-exampleorgid complete 2 2 0 0"]);
}

#[tokio::test]
async fn an_account_on_two_pages_is_one_account() {
    let world = World::of(&[]).await;
    world.aws.on("organizations", "ListAccounts", |call| {
        match call.parameter("NextToken").as_str() {
            "" => accounts_page(&[organization_account(ONE)], Some("2")),
            _ => accounts_page(
                &[organization_account(ONE), organization_account(TWO)],
                None,
            ),
        }
    });
    world.discover().await;
    assert_eq!(world.records().await, ["o-exampleorgid complete 2 2 0 0"]);
    assert_eq!(world.assumed().len(), 2);
    assert_eq!(
        world.told(),
        [
            "111111111111 Discovered",
            "111111111111 active",
            "222222222222 Discovered",
            "222222222222 active"
        ]
    );
}

#[tokio::test]
async fn an_account_without_any_state_aborts_and_nothing_is_written() {
    let world = World::of(&[ONE, TWO]).await;
    world.change(|organization| {
        organization.page = 1;
        for field in ["State", "Status"] {
            organization
                .account(TWO)
                .as_object_mut()
                .unwrap()
                .remove(field);
        }
    });
    let before = row_counts(&world.store).await;
    let sentence = world.discover_fails("AccountStateAbsent").await;
    assert!(sentence.contains(TWO), "{sentence}");
    assert_eq!(
        world.records().await,
        ["o-exampleorgid failed 0 0 0 0 AccountStateAbsent"]
    );
    let after = row_counts(&world.store).await;
    let new: Vec<&String> = after.iter().filter(|line| !before.contains(line)).collect();
    assert_eq!(new, ["discovery_runs 1", "discovery_states 1"]);
    assert!(world.told().is_empty());
}

#[tokio::test]
async fn a_hub_in_no_organization_is_told_what_to_do() {
    let world = World::of(&[]).await;
    world.fails(
        "DescribeOrganization",
        1,
        Reply::error(400, "AWSOrganizationsNotInUseException", "none"),
    );
    let sentence = world.discover_fails("OrganizationNotInUse").await;
    assert!(sentence.contains("POLO_MODE"), "{sentence}");
    assert_eq!(world.count("ListAccounts"), 0);
}
