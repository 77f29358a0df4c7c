//! Where accounts lie: by their paths, else OU by OU once a day; and what the OU filters make of it.

use polo_testkit::aws::organization_account;
use serde_json::json;

use crate::organization::*;
use crate::world::*;

fn filter(json: &str) -> [(&'static str, String); 1] {
    [("POLO_ORGANIZATIONS", json.to_owned())]
}

async fn with_filter(json: &str) -> World {
    let environment = filter(json);
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let world = World::with(&environment, &[ONE, TWO]).await;
    world.change(|organization| organization.move_to(TWO, SANDBOX));
    world
}

async fn org_units(world: &World) -> Vec<String> {
    world
        .lines("SELECT concat(account_id, ' ', org_unit) FROM v_accounts ORDER BY account_id")
        .await
}

#[tokio::test]
async fn filters_exclude_and_never_hide_and_who_is_out_of_scope_is_never_assumed() {
    const IN: &str = "active role_works";
    const OUT: &str = "excluded out_of_scope";
    for (json, one, two) in [
        (
            r#"[{"include_ous": ["ou-examplerootid-00000001"]}]"#,
            IN,
            OUT,
        ),
        (
            r#"[{"exclude_ous": ["ou-examplerootid-00000001"]}]"#,
            OUT,
            IN,
        ),
        (
            r#"[{"include_ous": ["r-examplerootid"], "exclude_ous": ["ou-examplerootid-00000002"]}]"#,
            IN,
            OUT,
        ),
        (r#"[{"include_ous": []}]"#, OUT, OUT),
        (r"[{}]", IN, IN),
    ] {
        // With paths the listing itself says it; without, only the tree does.
        for named in [true, false] {
            let world = with_filter(json).await;
            if !named {
                world.change(|organization| organization.forget(&["Paths"]));
            }
            world.discover().await;
            let expected = [format!("{ONE} {one}"), format!("{TWO} {two}")];
            assert_eq!(world.registry().await, expected, "{json}, paths: {named}");
            let mut asked = world.assumed();
            asked.sort();
            let allowed: Vec<String> = [(ONE, one), (TWO, two)]
                .iter()
                .filter(|(_, status)| *status == IN)
                .map(|(id, _)| read_role(id))
                .collect();
            assert_eq!(asked, allowed, "{json}, paths: {named}");
        }
    }
}

#[tokio::test]
async fn an_account_that_moves_changes_its_scope_both_ways() {
    let world = with_filter(r#"[{"exclude_ous": ["ou-examplerootid-00000002"]}]"#).await;
    world.discover().await;
    world.bus.take();
    world.change(|organization| {
        organization.move_to(ONE, SANDBOX);
        organization.move_to(TWO, WORKLOADS);
    });
    world.an_hour_later().await;
    assert_eq!(
        world.registry().await,
        [
            "111111111111 excluded out_of_scope",
            "222222222222 active role_works"
        ]
    );
    let events = world.bus.take();
    let changed: Vec<_> = events
        .iter()
        .filter(|event| event.detail_type == "Account Changed")
        .collect();
    assert_eq!(changed.len(), 2);
    for event in changed {
        assert_eq!(
            event.detail["changed"],
            json!(["in_scope", "parents", "org_unit"])
        );
    }
    assert_eq!(
        org_units(&world).await,
        ["111111111111 Root/Sandbox", "222222222222 Root/Workloads"]
    );
}

#[tokio::test]
async fn without_paths_the_ous_are_read_once_a_day_and_for_a_new_account() {
    let world = World::of(&[ONE]).await;
    world.change(|organization| organization.forget(&["Paths"]));
    world.discover().await;
    assert_eq!(org_units(&world).await, ["111111111111 Root/Workloads"]);
    assert_eq!(world.count("ListAccountsForParent"), 3, "a call per node");

    world.an_hour_later().await;
    assert_eq!(world.count("ListAccountsForParent"), 3, "remembered");

    world.change(|organization| {
        organization.accounts.push(organization_account(TWO));
        organization
            .places
            .insert(TWO.to_owned(), SANDBOX.to_owned());
        organization.forget(&["Paths"]);
    });
    world.an_hour_later().await;
    assert_eq!(
        world.count("ListAccountsForParent"),
        6,
        "a new account has no place yet"
    );
    assert_eq!(
        org_units(&world).await,
        ["111111111111 Root/Workloads", "222222222222 Root/Sandbox"]
    );

    // A move is seen when the day is over.
    world.change(|organization| organization.move_to(ONE, SANDBOX));
    world.minutes_pass(23 * 60 - 60);
    world.an_hour_later().await;
    assert_eq!(world.count("ListAccountsForParent"), 6);
    world.an_hour_later().await;
    assert_eq!(world.count("ListAccountsForParent"), 9);
    assert_eq!(
        org_units(&world).await,
        ["111111111111 Root/Sandbox", "222222222222 Root/Sandbox"]
    );
}

#[tokio::test]
async fn an_account_that_moves_while_the_ous_are_read_is_not_out_of_scope() {
    let world = with_filter(r#"[{"include_ous": ["ou-examplerootid-00000001"]}]"#).await;
    world.change(|organization| {
        organization.move_to(TWO, WORKLOADS);
        organization.forget(&["Paths"]);
    });
    world.discover().await;
    assert_eq!(world.count("ListAccountsForParent"), 3);
    // In no OU at the moment at which that OU is read; a new account as well as a known one.
    world.change(|organization| {
        for id in [TWO, THREE] {
            organization
                .places
                .insert(id.to_owned(), "between two OUs".to_owned());
        }
        organization.accounts.push(organization_account(THREE));
        organization.forget(&["Paths"]);
    });
    world.an_hour_later().await;
    assert_eq!(
        world.registry().await,
        [
            "111111111111 active role_works",
            "222222222222 active role_works",
            "333333333333 excluded out_of_scope"
        ]
    );
    // Whose place nobody knows is looked for by the next run, not in a day.
    world.change(|organization| organization.places.clear());
    world.an_hour_later().await;
    assert_eq!(world.registry().await[2], "333333333333 active role_works");
}

#[tokio::test]
async fn places_that_cannot_be_read_fail_the_run_and_exclude_nobody() {
    let world = World::of(&[ONE]).await;
    world.discover().await;
    world.change(|organization| {
        organization.accounts.push(organization_account(TWO));
        organization.forget(&["Paths"]);
    });
    world.fails("ListAccountsForParent", 1, denied());
    world.minutes_pass(60);
    world.discover_fails("AwsCallFailed").await;
    assert_eq!(world.registry().await, ["111111111111 active role_works"]);
    assert_eq!(
        world.records().await[1],
        "o-exampleorgid failed 0 0 0 0 AwsCallFailed"
    );
}
