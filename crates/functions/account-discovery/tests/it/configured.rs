//! Accounts from a list, or the one account: no Organizations permission is needed.

use serde_json::json;

use crate::world::*;

const TEAM_ROLE: &str = "arn:aws:iam::222222222222:role/team/reader";

fn explicit(accounts: &str) -> [(&str, &str); 3] {
    [
        ("POLO_MODE", "explicit"),
        ("POLO_ACCOUNTS", accounts),
        ("POLO_EXTERNAL_ID", "common"),
    ]
}

#[tokio::test]
async fn ids_and_role_arns_are_registered_and_checked_without_organizations() {
    let list = format!("{ONE}, {TEAM_ROLE}");
    let world = World::with(&explicit(&list), &[]).await;
    world.discover().await;
    assert_eq!(
        world.lines("SELECT account_id, account_name, polo_status, polo_read_role FROM v_accounts ORDER BY account_id").await,
        [
            format!("{ONE}\t{ONE}\tactive\t{}", read_role(ONE)),
            format!("{TWO}\t{TWO}\tactive\t{TEAM_ROLE}"),
        ]
    );
    assert_eq!(world.records().await, ["explicit complete 2 2 0 0"]);
    assert!(
        world
            .aws
            .calls()
            .iter()
            .all(|call| call.service != "organizations")
    );
    assert!(
        world
            .aws
            .calls_of("AssumeRole")
            .iter()
            .all(|call| call.parameter("ExternalId") == "common")
    );
}

#[tokio::test]
async fn an_account_that_is_taken_from_the_list_leaves_and_a_new_role_is_checked_at_once() {
    let list = format!("{ONE}, {TWO}, {THREE}");
    let mut world = World::with(&explicit(&list), &[]).await;
    world.discover().await;
    world.told();
    let list = format!("{ONE}, {TEAM_ROLE}");
    world.deploy(&explicit(&list));
    world.an_hour_later().await;
    assert_eq!(
        world.registry().await,
        [
            "111111111111 active role_works",
            "222222222222 active role_works",
            "333333333333 excluded left_organization"
        ]
    );
    assert_eq!(world.assumed().last().unwrap(), TEAM_ROLE);
    assert_eq!(world.assumed().len(), 4);
    assert_eq!(
        world.told(),
        [
            "222222222222 Changed",
            "333333333333 Changed",
            "333333333333 excluded"
        ]
    );
}

#[tokio::test]
async fn a_list_that_loses_many_accounts_at_once_is_confirmed_first() {
    let ids: Vec<String> = (1..=8).map(|n| format!("{n:012}")).collect();
    let list = ids.join(",");
    let mut world = World::with(&explicit(&list), &[]).await;
    world.discover().await;
    let list = ids[..4].join(",");
    world.deploy(&explicit(&list));
    world.minutes_pass(60);
    world.discover_fails("MassRemovalRefused").await;
    assert!(
        world
            .registry()
            .await
            .iter()
            .all(|line| line.ends_with("active role_works"))
    );
    world
        .deliver(&json!({"accept_removals": 4}), "request")
        .await
        .unwrap();
    assert!(world.registry().await[7].ends_with("excluded left_organization"));
}

#[tokio::test]
async fn one_account_of_the_list_is_refreshed_and_another_is_refused() {
    let list = format!("{ONE}, {TWO}");
    let world = World::with(&explicit(&list), &[]).await;
    world
        .deliver(&json!({"account_id": TWO}), "request 1")
        .await
        .unwrap();
    assert_eq!(world.registry().await, ["222222222222 active role_works"]);
    let error = world
        .deliver(&json!({"account_id": THREE}), "request 2")
        .await
        .unwrap_err();
    assert_eq!(error.error_type(), "RequestRefused");
    assert!(error.chain().contains("POLO_ACCOUNTS"), "{}", error.chain());
    assert_eq!(
        world.registry().await.len(),
        1,
        "nobody leaves for it either"
    );
}

#[tokio::test]
async fn a_single_account_is_the_hub_itself() {
    let world = World::with(
        &[("POLO_MODE", "single"), ("POLO_HUB_ACCOUNT_ID", ONE)],
        &[TWO],
    )
    .await;
    world.discover().await;
    assert_eq!(world.registry().await, ["111111111111 active role_works"]);
    assert_eq!(world.count("DescribeOrganization"), 0);
}
