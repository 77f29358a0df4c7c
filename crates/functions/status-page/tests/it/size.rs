//! Large organizations: no answer is larger than a load balancer takes, and nobody who needs somebody is left out.

use std::collections::BTreeSet;

use crate::world::World;

/// What a load balancer takes from a function, counted as JSON.
const ALB_BYTES: usize = 1_048_576;

/// So many accounts over so many OUs; every tenth was never set up, the others work.
async fn organization(accounts: u32, ous: u32, name: &str) -> World {
    let world = World::empty().await;
    world
        .sql(&format!(
            "INSERT INTO hierarchy_nodes (node_id, node_type, node_name, parent_id, hierarchy, _version)
             SELECT 'r-ab12', 'root', 'Root', '', 'aws_account', 1
             UNION ALL SELECT concat('ou-ab12-', toString(number)), 'organizational_unit', concat('Team ', toString(number)),
                 'r-ab12', 'aws_account', 1 FROM numbers({ous})"
        ))
        .await;
    world
        .sql(&format!(
            "INSERT INTO account_facts (account_id, organization_id, partition, account_name, account_email, org_state,
                 membership, in_scope, parents, org_unit, read_role_arn, _version)
             SELECT leftPad(toString(100000000000 + number), 12, '0') AS id, 'o-test', 'aws', '{name}',
                 concat('aws+', id, '@example.com'), 'ACTIVE', 'member', true,
                 ['r-ab12', concat('ou-ab12-', toString(number % {ous}))], 'Root/Team',
                 concat('arn:aws:iam::', id, ':role/dev-PoloReadRole'), 1
             FROM numbers({accounts})"
        ))
        .await;
    world
        .sql(
            "INSERT INTO access_checks (check_id, account_id, role_kind, role_arn, checked_at, verdict, next_check_at, checked_by)
             SELECT generateUUIDv4(), account_id, 'read', read_role_arn, now64(3), 'success', now64(3) + INTERVAL 1 DAY, 'test'
             FROM account_facts WHERE NOT endsWith(account_id, '7')",
        )
        .await;
    world
}

/// How many bytes a body takes within the answer of a function.
fn bytes(body: &str) -> usize {
    serde_json::to_string(body).unwrap().len()
}

/// The accounts that a page has a row for.
fn rows(page: &str) -> BTreeSet<String> {
    page.split("<span class=\"id\">")
        .skip(1)
        .map(|rest| rest[..12].to_owned())
        .collect()
}

#[tokio::test]
async fn a_thousand_accounts_are_all_on_the_overview() {
    let world = organization(1_000, 40, "payments production eu").await;
    let page = world.get(200, "/").await;
    assert_eq!(rows(&page).len(), 1_000);
    assert!(bytes(&page) < 600_000, "{} bytes", bytes(&page));
}

#[tokio::test]
async fn five_thousand_accounts_are_folded_and_every_one_can_be_reached() {
    let world = organization(5_000, 3, "payments production eu").await;
    let page = world.get(200, "/").await;
    assert!(bytes(&page) < ALB_BYTES, "{} bytes", bytes(&page));
    let shown = rows(&page);
    assert_eq!(shown.len(), 1_000);
    // Those that Polo cannot see come first.
    let blocked: BTreeSet<String> = (0..5_000_u64)
        .map(|number| (100_000_000_000 + number).to_string())
        .filter(|id| id.ends_with('7'))
        .collect();
    assert!(blocked.is_subset(&shown));
    assert!(page.contains("href=\"ous/ou-ab12-2\""));

    let mut listed = BTreeSet::new();
    for ou in 0..3 {
        let mut target = format!("/ous/ou-ab12-{ou}");
        loop {
            let page = world.get(200, &target).await;
            assert!(bytes(&page) < ALB_BYTES, "{} bytes", bytes(&page));
            listed.extend(rows(&page));
            match page.split("?after=").nth(1) {
                Some(next) => target = format!("/ous/ou-ab12-{ou}?after={}", &next[..12]),
                None => break,
            }
        }
    }
    assert_eq!(listed.len(), 5_000);
}

#[tokio::test]
async fn names_that_are_nothing_but_quotes_do_not_make_it_larger() {
    let world = organization(1_500, 2, &"\"".repeat(200)).await;
    let page = world.get(200, "/").await;
    assert!(bytes(&page) < ALB_BYTES, "{} bytes", bytes(&page));
    let ou = world.get(200, "/ous/ou-ab12-0").await;
    assert!(bytes(&ou) < ALB_BYTES, "{} bytes", bytes(&ou));
}

#[tokio::test]
async fn a_list_for_programs_comes_in_pages_that_add_up() {
    let world = organization(5_000, 3, "payments production eu").await;
    for (list, expected) in [("accounts", 5_000), ("coverage", 5_000)] {
        let mut seen = BTreeSet::new();
        let mut pages = 0;
        let mut target = format!("/api/{list}");
        loop {
            let body = world.get(200, &target).await;
            assert!(bytes(&body) < ALB_BYTES, "{target}: {} bytes", bytes(&body));
            let json: serde_json::Value = serde_json::from_str(&body).unwrap();
            let rows = json.get("accounts").filter(|rows| rows.is_array());
            let rows = rows.or(json.get("uncovered")).unwrap().as_array().unwrap();
            let ids = rows.iter().map(|row| row["account_id"].to_string());
            let before = seen.len();
            seen.extend(ids);
            assert_eq!(seen.len(), before + rows.len(), "nobody is there twice");
            pages += 1;
            match json.get("next") {
                Some(next) => target = format!("/api/{list}?after={}", next.as_str().unwrap()),
                None => break,
            }
        }
        // Nothing was ever collected here, so coverage has every account.
        assert_eq!(seen.len(), expected, "{list}");
        assert!(pages > 1 || list == "coverage", "{list}: {pages}");
    }
}
