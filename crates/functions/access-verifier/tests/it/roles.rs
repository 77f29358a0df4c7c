//! Which role is asked, with what, and how many at once.

use futures::future::join_all;
use polo_store::settings::Setting;
use polo_testkit::aws::HUB_ACCESS_KEY;
use polo_testkit::{accounts, sql};
use serde_json::json;

use crate::world::*;

fn action_role(id: &str) -> String {
    format!("arn:aws:iam::{id}:role/dev-polo-action-role")
}

#[tokio::test]
async fn the_action_role_is_checked_where_there_is_one_and_never_decides_the_status() {
    let world = World::new().await.found(&[ONE, TWO]).await;
    for id in [ONE, TWO] {
        let role = action_role(id).parse().unwrap();
        let account = id.parse().unwrap();
        world
            .store
            .decide(&account, "an operator", &[Setting::ActionRole(Some(role))])
            .await
            .unwrap();
    }
    let world = world.found(&["333333333333"]).await;
    world.role(&action_role(ONE), Answer::Denied);
    world.role(TWO, Answer::Denied);
    world.tick().await;
    assert_eq!(
        world
            .lines("SELECT account_id, role_kind, verdict FROM access_checks ORDER BY account_id, role_kind DESC")
            .await,
        [
            "111111111111\tread\tsuccess",
            "111111111111\taction\tdenied",
            "222222222222\tread\tdenied",
            "222222222222\taction\tsuccess",
            "333333333333\tread\tsuccess"
        ]
    );
    assert_eq!(world.status(ONE).await, "active role_works");
    assert_eq!(world.status(TWO).await, "pending_setup never_set_up");
    assert_eq!(
        world
            .lines("SELECT action_verdict, action_error_class FROM v_accounts ORDER BY account_id")
            .await,
        ["denied\tdenied", "success\t", "\t"]
    );
}

#[tokio::test]
async fn an_operators_role_is_asked_instead_of_the_built_one() {
    let world = World::new().await.found(&[ONE]).await;
    let role = format!("arn:aws:iam::{ONE}:role/team/reader");
    accounts::set_read_role(&world.store, ONE, &role).await;
    world.role(ONE, Answer::Denied);
    world.tick().await;
    let asked: Vec<String> = world
        .aws
        .calls_of("AssumeRole")
        .iter()
        .map(|call| call.parameter("RoleArn"))
        .collect();
    assert_eq!(asked, std::slice::from_ref(&role));
    assert_eq!(
        world.lines("SELECT role_arn FROM access_checks").await,
        [role]
    );
    assert_eq!(world.status(ONE).await, "active role_works");
}

#[tokio::test]
async fn each_organizations_external_id_is_used_and_credentials_are_fresh_each_time() {
    let world = World::with(&[
        ("POLO_EXTERNAL_ID", "common"),
        (
            "POLO_ORGANIZATIONS",
            r#"[{"id": "o-exampleorgid", "external_id": "of-the-first"}, {"id": "o-bbbbbbbbbb"}]"#,
        ),
    ])
    .await
    .found(&[ONE, TWO])
    .await;
    sql::execute(
        &world.store,
        &format!(
            "INSERT INTO account_facts SELECT * REPLACE ('o-bbbbbbbbbb' AS organization_id, 2 AS _version) FROM account_facts
             WHERE account_id = '{TWO}'"
        ),
    )
    .await;
    world.tick().await;
    world.by_hand(json!({})).await;
    let mut calls = world.aws.calls_of("AssumeRole");
    calls.sort_by_key(|call| call.parameter("RoleArn"));
    let ids: Vec<String> = calls
        .iter()
        .map(|call| call.parameter("ExternalId"))
        .collect();
    assert_eq!(ids, ["of-the-first", "of-the-first", "common", "common"]);
    assert!(calls.iter().all(|call| call.access_key == HUB_ACCESS_KEY));
}

#[tokio::test]
async fn so_many_at_once_as_configured_and_no_more() {
    const AT_ONCE: usize = 3;
    let ids: Vec<String> = (0..10).map(|n| format!("{n:012}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let world = World::with(&[("POLO_CHECK_CONCURRENCY", "3")])
        .await
        .found(&ids)
        .await;
    let held: Vec<_> = (0..AT_ONCE)
        .map(|_| world.aws.hold("AssumeRole", "us-east-1"))
        .collect();
    let watch = async {
        join_all(held.iter().map(|hold| hold.reached())).await;
        // Whoever else could begin has the time to.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        let begun = world.assumed();
        held.iter().for_each(|hold| hold.release());
        begun
    };
    let (answer, begun) = tokio::join!(world.tick(), watch);
    assert_eq!(begun, AT_ONCE);
    assert_eq!(world.aws.most_at_once(), AT_ONCE);
    assert_eq!(answer["checks"]["success"], ids.len());
}
