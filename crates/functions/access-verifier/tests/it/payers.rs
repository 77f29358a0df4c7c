//! Who pays: told by the organization's listing, else asked of the account itself, once a day.

use polo_testkit::aws::Reply;
use polo_testkit::sql;
use serde_json::json;

use crate::world::*;

/// An account's answer to DescribeOrganization.
///
/// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html>
fn organization_of(payer: &str) -> Reply {
    Reply::json(json!({ "Organization": {
        "Id": "o-exampleorgid", "Arn": format!("arn:aws:organizations::{payer}:organization/o-exampleorgid"),
        "FeatureSet": "ALL", "MasterAccountId": payer, "MasterAccountEmail": "bill@example.com",
        "MasterAccountArn": format!("arn:aws:organizations::{payer}:account/o-exampleorgid/{payer}")
    }}))
}

fn not_in_use() -> Reply {
    let message = "Your account is not a member of an organization.";
    Reply::error(400, "AWSOrganizationsNotInUseException", message)
}

fn denied() -> Reply {
    let message = "User: arn:aws:sts::111111111111:assumed-role/dev-PoloReadRole/polo is not authorized to perform: \
                   organizations:DescribeOrganization because no identity-based policy allows it";
    Reply::error(400, "AccessDeniedException", message)
}

impl World {
    fn answers_for_its_organization(&self, reply: Reply) {
        self.aws
            .on("organizations", "DescribeOrganization", move |_| {
                reply.clone()
            });
    }

    /// `payer: accounts, visible or gap and why`.
    async fn payers(&self) -> Vec<String> {
        sql::lines(
            &self.store,
            "SELECT concat(payer_account_id, ': ', arrayStringConcat(accounts, ' '), ', ', if(visible, 'visible', concat(gap, ': ', explanation)))
             FROM v_payers ORDER BY payer_account_id",
        )
        .await
    }
}

#[tokio::test]
async fn an_account_in_no_organization_pays_for_itself() {
    let world = World::new().await.found_without_payer(&[ONE]).await;
    world.answers_for_its_organization(not_in_use());
    world.tick().await;
    assert_eq!(world.payers().await, [format!("{ONE}: {ONE}, visible")]);
    let calls = world.aws.calls_of("DescribeOrganization");
    assert_eq!((calls.len(), calls[0].account_id()), (1, Some(ONE)));
}

#[tokio::test]
async fn a_payer_that_is_not_known_to_polo_is_a_gap_of_all_its_accounts() {
    let world = World::new().await.found_without_payer(&[ONE, TWO]).await;
    world.answers_for_its_organization(organization_of("999999999999"));
    world.tick().await;
    assert_eq!(
        world.payers().await,
        [format!(
            "999999999999: {ONE} {TWO}, payer_not_visible: account 999999999999 pays for these accounts, but is not among \
             the accounts that Polo knows: add it, with a read role"
        )]
    );
}

#[tokio::test]
async fn a_payer_that_cannot_be_read_is_a_gap_until_it_can() {
    let world = World::new().await.found_without_payer(&[ONE, TWO]).await;
    world.answers_for_its_organization(organization_of(TWO));
    world.role(TWO, Answer::Denied);
    world.tick().await;
    assert_eq!(
        world.payers().await,
        [format!(
            "{TWO}: {ONE}, payer_not_visible: account {TWO} pays for these accounts, but is pending_setup (never_set_up)"
        )]
    );
    world.role(TWO, Answer::Works);
    world.by_hand(json!({ "account_id": TWO })).await;
    assert_eq!(
        world.payers().await,
        [format!("{TWO}: {ONE} {TWO}, visible")]
    );
}

#[tokio::test]
async fn who_cannot_be_asked_is_a_gap_with_the_denied_action_and_asked_again_in_an_hour() {
    let world = World::new().await.found_without_payer(&[ONE]).await;
    world.answers_for_its_organization(denied());
    world.tick().await;
    let payers = world.payers().await;
    assert!(
        payers[0].starts_with(&format!(
            ": {ONE}, payer_not_visible: who pays for these accounts is not known: denied: organizations:DescribeOrganization"
        )),
        "{payers:?}"
    );
    world.minutes_pass(30);
    world.tick().await;
    assert_eq!(world.aws.calls_of("DescribeOrganization").len(), 1);
    world.answers_for_its_organization(not_in_use());
    world.minutes_pass(31);
    world.tick().await;
    assert_eq!(world.payers().await, [format!("{ONE}: {ONE}, visible")]);
}

#[tokio::test]
async fn an_answer_holds_a_day_and_a_failure_to_ask_again_leaves_it() {
    let world = World::new().await.found_without_payer(&[ONE]).await;
    world.answers_for_its_organization(organization_of(ONE));
    world.tick().await;
    world.minutes_pass(23 * 60);
    world.tick().await;
    assert_eq!(world.aws.calls_of("DescribeOrganization").len(), 1);
    world.answers_for_its_organization(denied());
    world.minutes_pass(2 * 60);
    world.tick().await;
    assert_eq!(world.aws.calls_of("DescribeOrganization").len(), 2);
    assert_eq!(world.payers().await, [format!("{ONE}: {ONE}, visible")]);
}

#[tokio::test]
async fn nobody_is_asked_where_the_listing_tells() {
    let world = World::new().await.found_without_payer(&[ONE, TWO]).await;
    sql::execute(
        &world.store,
        &format!("INSERT INTO account_facts SELECT * REPLACE (true AS is_management, _version + 1 AS _version) FROM account_facts FINAL WHERE account_id = '{TWO}'"),
    )
    .await;
    world.tick().await;
    assert!(world.aws.calls_of("DescribeOrganization").is_empty());
    assert_eq!(
        world.payers().await,
        [format!("{TWO}: {ONE} {TWO}, visible")]
    );
}

#[tokio::test]
async fn accounts_of_a_configured_list_are_asked() {
    let world = World::new().await.found_without_payer(&[ONE]).await;
    for statement in [
        "INSERT INTO account_facts SELECT * REPLACE ('explicit' AS organization_id, _version + 1 AS _version) FROM account_facts FINAL",
        "INSERT INTO discovery_runs (organization_id, started_at, listing) VALUES ('explicit', now64(3), 'complete')",
    ] {
        sql::execute(&world.store, statement).await;
    }
    world.answers_for_its_organization(organization_of(ONE));
    world.tick().await;
    assert_eq!(world.payers().await, [format!("{ONE}: {ONE}, visible")]);
    assert!(world.store.pays(&ONE.parse().unwrap()).await.unwrap());
    // An answer holds a day.
    world.minutes_pass(24 * 60 + 1);
    world.by_hand(serde_json::json!({"account_id": ONE})).await;
    assert_eq!(world.aws.calls_of("DescribeOrganization").len(), 2);
}
