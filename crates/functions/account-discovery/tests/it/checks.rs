//! Who is checked by discovery, when, and with which role; and that a repeated delivery checks nobody.

use std::time::Duration;

use polo_testkit::accounts;

use crate::world::*;

#[tokio::test]
async fn the_first_pages_accounts_are_checked_before_the_second_page_arrives() {
    let world = World::of(&[ONE, TWO]).await;
    world.change(|organization| organization.page = 1);
    // The first page's answer is kept back first, so that the next hold is the second page's.
    let first = world.aws.hold("ListAccounts", "us-east-1");
    let second = world.aws.hold("ListAccounts", "us-east-1");
    let check = world.aws.hold("AssumeRole", "us-east-1");
    let watch = async {
        first.reached().await;
        first.release();
        second.reached().await;
        // Were the checks to wait for the listing, this would never come: the limit only ends the wait for it.
        let checked = tokio::time::timeout(Duration::from_secs(60), check.reached()).await;
        assert!(checked.is_ok(), "nobody was checked before the second page");
        let asked = world.assumed();
        check.release();
        second.release();
        asked
    };
    let (_, asked) = tokio::join!(world.discover(), watch);
    assert_eq!(asked, [read_role(ONE)]);
    assert_eq!(world.registry().await.len(), 2);
}

#[tokio::test]
async fn a_role_that_works_activates_and_one_that_does_not_is_pending() {
    let world = World::of(&[ONE, TWO]).await;
    world.deny(&read_role(TWO));
    world.discover().await;
    assert_eq!(
        world.registry().await,
        [
            "111111111111 active role_works",
            "222222222222 pending_setup never_set_up"
        ]
    );
    assert_eq!(
        world
            .lines("SELECT checked_by, verdict FROM access_checks ORDER BY account_id")
            .await,
        ["account-discovery\tsuccess", "account-discovery\tdenied"]
    );
    // Due again are the ones whose time has come, and a working role's comes in a day.
    world.an_hour_later().await;
    assert_eq!(world.assumed().len(), 3);
}

#[tokio::test]
async fn a_firing_that_is_delivered_again_checks_nobody_and_adds_no_row() {
    let world = World::of(&[ONE, TWO]).await;
    world.deny(&read_role(TWO));
    let payload = firing("2026-11-21T05:00:00Z");
    world.deliver(&payload, "request 1").await.unwrap();
    world.told();
    let counts = polo_testkit::sql::row_counts(&world.store).await;
    let copy = "SELECT * FROM aws_accounts FINAL ORDER BY account_id";
    let before = world.lines(copy).await;
    // At once, and so late that the refused role is due again.
    for minutes in [0, 30] {
        world.minutes_pass(minutes);
        world.deliver(&payload, "request 2").await.unwrap();
    }
    assert_eq!(world.assumed().len(), 2);
    assert_eq!(polo_testkit::sql::row_counts(&world.store).await, counts);
    assert_eq!(world.lines(copy).await, before);
    assert!(world.told().is_empty());
}

#[tokio::test]
async fn an_account_that_an_operator_excluded_is_discovered_and_never_assumed() {
    let world = World::of(&[ONE, TWO]).await;
    accounts::exclude(&world.store, TWO).await;
    world.discover().await;
    // The first time nobody knows it yet, so the registry has no row that says so.
    let first = world.assumed().len();
    for _ in 0..3 {
        world.minutes_pass(24 * 60);
        world.an_hour_later().await;
    }
    let asked = world.assumed();
    assert!(
        asked[first..].iter().all(|role| *role == read_role(ONE)),
        "{asked:?}"
    );
    assert_eq!(
        world.registry().await[1],
        "222222222222 excluded excluded_by_operator"
    );
}

#[tokio::test]
async fn an_operators_role_is_checked_instead_of_the_built_one_and_survives_a_new_default() {
    let own = format!("arn:aws:iam::{TWO}:role/team/reader");
    let mut world = World::of(&[ONE, TWO]).await;
    world.discover().await;
    accounts::set_read_role(&world.store, TWO, &own).await;
    world.minutes_pass(24 * 60);
    world.discover().await;
    let mut asked = world.assumed().split_off(2);
    asked.sort();
    assert_eq!(asked, [read_role(ONE), own.clone()]);

    world.deploy(&[("POLO_READ_ROLE_NAME", "another")]);
    world.an_hour_later().await;
    let another = format!("arn:aws:iam::{ONE}:role/another");
    assert_eq!(
        world.assumed().split_off(4),
        std::slice::from_ref(&another),
        "a role that is new is due at once"
    );
    assert_eq!(
        world
            .lines("SELECT polo_read_role FROM v_accounts ORDER BY account_id")
            .await,
        [another, own]
    );
}
