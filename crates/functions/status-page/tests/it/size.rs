//! Large organizations: no answer is larger than a load balancer takes, and nobody who needs somebody is left out.

use std::collections::BTreeSet;

use crate::world::{SHOP, World};

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

/// A complete run in each account that Polo sees, so that nothing is missing there.
async fn collected(world: &World) {
    for statement in [
        "INSERT INTO collectors (collector, scope, schedule, period_hours, freshness_hours, timeout_s, expected, _version)
         VALUES ('config_ec2', 'region', 'daily', 24, 36, 900, true, 1)",
        "INSERT INTO collector_runs (run_id, attempt, sweep_id, account_id, collector, started_at, deadline_at, finished_at,
             outcome, targets, targets_conclusive, _version)
         SELECT generateUUIDv4(), 1, generateUUIDv4(), account_id, 'config_ec2', now64(3) - INTERVAL 2 HOUR,
             now64(3) - INTERVAL 1 HOUR, now64(3) - INTERVAL 1 HOUR, 'complete', 1, 1, 1
         FROM account_facts WHERE NOT endsWith(account_id, '7')",
    ] {
        world.sql(statement).await;
    }
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

/// The accounts of all pages of a list.
async fn listed(world: &World, address: &str) -> BTreeSet<String> {
    let mut listed = BTreeSet::new();
    let mut target = address.to_owned();
    loop {
        let page = world.get(200, &target).await;
        assert!(bytes(&page) < ALB_BYTES, "{} bytes", bytes(&page));
        let before = listed.len();
        let rows = rows(&page);
        listed.extend(rows.iter().cloned());
        assert_eq!(
            listed.len(),
            before + rows.len(),
            "an account is there twice"
        );
        let Some((_, next)) = page.split_once("after=") else {
            return listed;
        };
        let joint = if address.contains('?') { '&' } else { '?' };
        target = format!("{address}{joint}after={}", &next[..12]);
    }
}

#[tokio::test]
async fn a_thousand_accounts_are_folded_into_their_ous() {
    let world = organization(1_000, 8, "payments production eu").await;
    collected(&world).await;
    let page = world.get(200, "/").await;
    let shown = rows(&page);
    assert_eq!(shown.len(), 100);
    assert!(shown.iter().all(|id| id.ends_with('7')), "{shown:?}");
    assert!(bytes(&page) < 100_000, "{} bytes", bytes(&page));
    let mut all = BTreeSet::new();
    for ou in 0..8 {
        assert!(page.contains(&format!("href=\"ous/ou-ab12-{ou}\"")));
        all.extend(listed(&world, &format!("/ous/ou-ab12-{ou}")).await);
    }
    assert_eq!(all.len(), 1_000);
}

#[tokio::test]
async fn ten_thousand_accounts_fit_into_pages() {
    let world = organization(10_000, 1_900, "payments production eu").await;
    let page = world.get(200, "/").await;
    assert!(bytes(&page) < ALB_BYTES, "{} bytes", bytes(&page));
    assert_eq!(rows(&page).len(), 1_000);
    assert!(page.contains("There are more OUs than fit here"));
    // The root's page has the same OUs, each with its accounts beneath it.
    let root = world.get(200, "/ous/r-ab12").await;
    assert!(bytes(&root) < ALB_BYTES, "{} bytes", bytes(&root));
    for (address, accounts) in [
        ("/?status=active", 9_000),
        ("/?coverage=not_visible", 1_000),
        ("/?q=payments+1000000042", 100),
    ] {
        assert_eq!(listed(&world, address).await.len(), accounts, "{address}");
    }
}

#[tokio::test]
async fn five_thousand_accounts_are_folded_and_every_one_can_be_reached() {
    let world = organization(5_000, 3, "payments production eu").await;
    collected(&world).await;
    let page = world.get(200, "/").await;
    assert!(bytes(&page) < ALB_BYTES, "{} bytes", bytes(&page));
    let shown = rows(&page);
    // Those that Polo cannot see come first.
    let blocked: BTreeSet<String> = (0..5_000_u64)
        .map(|number| (100_000_000_000 + number).to_string())
        .filter(|id| id.ends_with('7'))
        .collect();
    assert_eq!(blocked, shown);
    assert!(page.contains("href=\"ous/ou-ab12-2\""));

    let mut all = BTreeSet::new();
    for ou in 0..3 {
        all.extend(listed(&world, &format!("/ous/ou-ab12-{ou}")).await);
    }
    assert_eq!(all.len(), 5_000);
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

/// How a target begins for programs.
const JSON_TARGET: &str = "{\"region\":\"region-";

/// Ten runs of as many collectors, each with so many targets that met a message of this length; and twenty checks.
async fn eventful(targets: u32, message: &str, length: u32) -> World {
    let world = World::organization().await;
    for statement in [
        "TRUNCATE TABLE collector_runs".to_owned(),
        "TRUNCATE TABLE run_targets".to_owned(),
        format!(
            "INSERT INTO collector_runs (run_id, attempt, sweep_id, account_id, collector, started_at, deadline_at, finished_at,
                 outcome, error_class, reason, targets, _version)
             SELECT generateUUIDv4(), 1, generateUUIDv4(), '{SHOP}', concat('collector_', toString(number)),
                 now64(3) - INTERVAL number HOUR, now64(3), now64(3), 'partial', 'service', repeat('{message}', {length}),
                 {targets}, 1
             FROM numbers(10)"
        ),
        format!(
            "INSERT INTO run_targets (run_id, attempt, account_id, collector, region, started_at, finished_at, outcome,
                 error_class, action, message, _version)
             SELECT run_id, 1, account_id, collector, concat('region-', toString(number)), started_at, now64(3), 'failed',
                 'service', 'ec2:DescribeInstances', repeat('{message}', {length}), 1
             FROM collector_runs CROSS JOIN numbers({targets}) AS n"
        ),
        format!(
            "INSERT INTO access_checks (check_id, account_id, role_kind, role_arn, checked_at, verdict, message,
                 next_check_at, checked_by)
             SELECT generateUUIDv4(), '{SHOP}', 'read', 'arn:aws:iam::{SHOP}:role/dev-PoloReadRole', now64(3), 'inconclusive',
                 repeat('{message}', {length}), now64(3), 'test' FROM numbers(20)"
        ),
    ] {
        world.sql(&statement).await;
    }
    world
}

#[tokio::test]
async fn the_messages_of_an_account_are_cut() {
    let world = eventful(30, "x", 100_000).await;
    let page = world.get(200, &format!("/accounts/{SHOP}")).await;
    let text = world.get(200, &format!("/api/accounts/{SHOP}")).await;
    let (whole, longer) = (format!("{}…", "x".repeat(499)), "x".repeat(500));
    for body in [&page, &text] {
        assert!(bytes(body) < ALB_BYTES, "{} bytes", bytes(body));
        assert!(body.contains(&whole) && !body.contains(&longer));
    }
    // Nothing else is left out: each collector has one gap with its places.
    let places = (0..30).map(|number| format!("region-{number}"));
    let mut places: Vec<String> = places.collect();
    places.sort();
    assert_eq!(page.matches(&places.join(", ")).count(), 10);
    assert_eq!(text.matches(JSON_TARGET).count(), 300);
    assert!(!page.contains("left out"));
}

#[tokio::test]
async fn an_account_that_is_too_large_loses_the_targets_of_its_oldest_runs() {
    let world = eventful(200, "\"", 1_000).await;
    let page = world.get(200, &format!("/accounts/{SHOP}")).await;
    assert!(bytes(&page) < ALB_BYTES, "{} bytes", bytes(&page));
    assert_eq!(page.matches(" and 160 more").count(), 10);

    let text = world.get(200, &format!("/api/accounts/{SHOP}")).await;
    assert!(bytes(&text) < ALB_BYTES, "{} bytes", bytes(&text));
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let told: Vec<usize> = json["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| match run.get("target_outcomes") {
            Some(targets) => targets.as_array().unwrap().len(),
            None => 0,
        })
        .collect();
    let with = told.iter().take_while(|targets| **targets == 200).count();
    assert!((1..10).contains(&with), "{told:?}");
    assert!(told[with..].iter().all(|targets| *targets == 0), "{told:?}");
}

#[tokio::test]
async fn one_run_that_is_too_large_by_itself_is_told_without_its_targets() {
    let world = eventful(600, "\"", 1_000).await;
    let page = world.get(200, &format!("/accounts/{SHOP}")).await;
    assert!(bytes(&page) < ALB_BYTES, "{} bytes", bytes(&page));
    assert_eq!(page.matches(" and 560 more").count(), 10);
    let text = world.get(200, &format!("/api/accounts/{SHOP}")).await;
    assert!(bytes(&text) < ALB_BYTES, "{} bytes", bytes(&text));
    assert!(text.contains("collector_0"));
    assert_eq!(text.matches(JSON_TARGET).count(), 0);
}
