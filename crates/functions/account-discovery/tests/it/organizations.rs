//! Several organizations: each listed by itself, and the trouble of one does not hide another.

use crate::organization::Organization;
use crate::world::*;

const LISTER: &str = "arn:aws:iam::999988887777:role/lister";
const BOTH: &str = r#"[{"id": "o-bbbbbbbbbb", "role_arn": "arn:aws:iam::999988887777:role/lister", "external_id": "of-b"},
    {"id": "o-exampleorgid"}]"#;

async fn two_organizations() -> World {
    let world = World::with(
        &[("POLO_EXTERNAL_ID", "common"), ("POLO_ORGANIZATIONS", BOTH)],
        &[ONE],
    )
    .await;
    world.shows(
        "ASIA999988887777",
        Organization::of("o-bbbbbbbbbb", &[TWO, THREE]),
    );
    world
}

#[tokio::test]
async fn each_is_listed_with_its_own_credentials_and_checked_with_its_own_external_id() {
    let world = two_organizations().await;
    world.discover().await;
    assert_eq!(
        world.lines("SELECT concat(account_id, ' ', organization_id, ' ', polo_status) FROM v_accounts ORDER BY account_id").await,
        [
            "111111111111 o-exampleorgid active",
            "222222222222 o-bbbbbbbbbb active",
            "333333333333 o-bbbbbbbbbb active"
        ]
    );
    let mut asked: Vec<String> = world
        .aws
        .calls_of("AssumeRole")
        .iter()
        .map(|call| {
            format!(
                "{} {}",
                call.parameter("RoleArn"),
                call.parameter("ExternalId")
            )
        })
        .collect();
    asked.sort();
    assert_eq!(
        asked,
        [
            format!("{} common", read_role(ONE)),
            format!("{} of-b", read_role(TWO)),
            format!("{} of-b", read_role(THREE)),
            format!("{LISTER} of-b"),
        ]
    );
    // Nobody leaves one organization because he is in the other.
    world.an_hour_later().await;
    assert_eq!(
        world.records().await,
        [
            "o-bbbbbbbbbb complete 2 2 0 0",
            "o-exampleorgid complete 1 1 0 0",
            "o-bbbbbbbbbb complete 2 0 0 0",
            "o-exampleorgid complete 1 0 0 0"
        ]
    );
}

#[tokio::test]
async fn the_trouble_of_the_first_is_told_and_the_second_is_discovered_all_the_same() {
    let world = two_organizations().await;
    world.deny(LISTER);
    let sentence = world.discover_fails("AwsCallFailed").await;
    assert!(
        sentence.contains("sts:AssumeRole failed (denied)"),
        "{sentence}"
    );
    assert_eq!(world.registry().await, ["111111111111 active role_works"]);
    assert_eq!(
        world.records().await,
        [
            "o-bbbbbbbbbb failed 0 0 0 0 AwsCallFailed",
            "o-exampleorgid complete 1 1 0 0"
        ]
    );
    assert_eq!(
        world.told(),
        ["111111111111 Discovered", "111111111111 active"]
    );
}

#[tokio::test]
async fn another_organization_than_the_configured_one_is_refused() {
    let world = World::with(
        &[("POLO_ORGANIZATIONS", r#"[{"id": "o-another00000"}]"#)],
        &[ONE],
    )
    .await;
    let sentence = world.discover_fails("OrganizationMismatch").await;
    assert!(
        sentence.contains("o-another00000") && sentence.contains(ORGANIZATION),
        "{sentence}"
    );
    assert_eq!(world.count("ListAccounts"), 0);
    assert!(world.registry().await.is_empty());
    assert_eq!(
        world.records().await,
        ["o-another00000 failed 0 0 0 0 OrganizationMismatch"]
    );
}

#[tokio::test]
async fn an_account_that_moves_to_another_organization_changes_and_does_not_leave() {
    let world = two_organizations().await;
    world.discover().await;
    world.told();
    world.shows(
        "ASIA999988887777",
        Organization::of("o-bbbbbbbbbb", &[TWO, THREE, ONE]),
    );
    world.change(|organization| organization.remove(ONE));
    world.an_hour_later().await;
    assert_eq!(
        world.lines("SELECT concat(organization_id, ' ', polo_status) FROM v_accounts WHERE account_id = '111111111111'").await,
        ["o-bbbbbbbbbb active"]
    );
    assert_eq!(world.told(), ["111111111111 Changed"]);

    // Back again, listed by the organization that it left before the one that it joins.
    world.shows(
        "ASIA999988887777",
        Organization::of("o-bbbbbbbbbb", &[TWO, THREE]),
    );
    world.change(|organization| *organization = Organization::of(ORGANIZATION, &[ONE]));
    world.an_hour_later().await;
    assert_eq!(
        world.lines("SELECT concat(organization_id, ' ', polo_status) FROM v_accounts WHERE account_id = '111111111111'").await,
        ["o-exampleorgid active"]
    );
}
