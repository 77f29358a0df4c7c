//! The pages for people.

use std::collections::BTreeSet;

use polo_testkit::relay::Relay;
use status_page::{Route, StatusPage};

use crate::world::{BROKEN, HOSTILE, PARTLY, SHOP, STANDALONE, SUSPENDED, World};

/// A page without its style and with times that are always the same.
fn stable(page: &str) -> String {
    let style = page.find("<style>").unwrap()..page.find("</style>").unwrap();
    let mut rest = [&page[..style.start], &page[style.end..]].concat();
    let mut text = String::new();
    while let Some(start) = rest.find("<time") {
        let end = start + rest[start..].find("</time>").unwrap();
        text.push_str(&rest[..start]);
        text.push_str("<time>");
        rest = rest[end..].to_owned();
    }
    text.push_str(&rest);
    // A line per row, item and section, so that a difference can be read.
    for tag in [
        "<tr", "<dt", "<form", "<nav", "<tbody", "<li", "<p", "<h", "<details", "<section",
        "<table", "<main", "<footer",
    ] {
        text = text.replace(tag, &format!("\n{tag}"));
    }
    text
}

#[tokio::test]
async fn overview_warns_and_shows_every_account() {
    let page = World::organization().await.get(200, "/").await;
    insta::assert_snapshot!(stable(&page));
    for says in [
        "Warning: Polo cannot see <a href=\"./?coverage=not_visible\">2 of 4 monitored accounts</a>.",
        "<a href=\"./?coverage=with_gaps\">1 account</a> that Polo sees has a gap.",
    ] {
        assert!(page.contains(says), "{says} in {page}");
    }
    // What needs attention comes first, what Polo cannot see before gaps.
    let places: Vec<usize> = [BROKEN, STANDALONE, PARTLY, SHOP]
        .map(|id| page.find(&format!("<span class=\"id\">{id}")).unwrap())
        .into();
    assert!(places.is_sorted(), "{places:?}");
}

/// The accounts of a list, in its order.
fn ids(page: &str) -> Vec<&str> {
    page.split("<span class=\"id\">")
        .skip(1)
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        .map(|rest| &rest[..12])
        .collect()
}

#[tokio::test]
async fn counts_and_words_filter() {
    let world = World::organization().await;
    for (target, heading, found) in [
        ("/?status=active", "Accounts: active", vec![PARTLY, SHOP]),
        ("/?status=no_access", "Accounts: no access", vec![BROKEN]),
        (
            "/?coverage=not_visible",
            "Accounts: not visible",
            vec![BROKEN, STANDALONE],
        ),
        ("/?coverage=with_gaps", "Accounts: with gaps", vec![PARTLY]),
        (
            "/?status=active&coverage=with_gaps",
            "Accounts: active, with gaps",
            vec![PARTLY],
        ),
        // By name, by id, by an id as the console prints it, by owner; each word has to be somewhere.
        ("/?q=ALONE", "Accounts with “ALONE”", vec![STANDALONE]),
        ("/?q=5555", "Accounts with “5555”", vec![PARTLY]),
        (
            "/?q=3333-3333-3333",
            "Accounts with “3333-3333-3333”",
            vec![SUSPENDED],
        ),
        ("/?q=team+shop", "Accounts with “team shop”", vec![SHOP]),
        (
            "/?q=shop&status=excluded",
            "Accounts: excluded with “shop”",
            vec![],
        ),
        ("/?q=%E2%80%AEx", "Accounts with “\\u{202e}x”", vec![]),
    ] {
        let page = world.get(200, target).await;
        assert!(
            page.contains(&format!("<h1>{heading}</h1>")),
            "{target}: {page}"
        );
        assert_eq!(ids(&page), found, "{target}");
        assert_eq!(page.contains("No account matches"), found.is_empty());
    }
    // The field keeps its words, the counts are those of the search, and each leads to the search by status.
    let page = world.get(200, "/?q=team+shop").await;
    assert!(page.contains("value=\"team shop\""), "{page}");
    assert!(
        page.contains("href=\"./?status=active&amp;q=team+shop\"><b>1</b>active"),
        "{page}"
    );
    // A list goes on after an account that is no longer in it.
    let rest = world
        .get(200, &format!("/?status=active&after={BROKEN}"))
        .await;
    assert_eq!(ids(&rest), [PARTLY, SHOP]);
}

#[tokio::test]
async fn account_shows_reason_and_history() {
    let world = World::organization().await;
    let page = world.get(200, &format!("/accounts/{BROKEN}")).await;
    insta::assert_snapshot!(stable(&page));
    assert_eq!(
        page.matches("not authorized to perform").count(),
        1,
        "{page}"
    );
    let suspended = world.get(200, &format!("/accounts/{SUSPENDED}")).await;
    assert!(suspended.contains("Nothing is collected from an excluded account."));
    let partly = world.get(200, &format!("/accounts/{PARTLY}")).await;
    for says in [
        "Active</strong>: the read role works.",
        "Worst gap: config_ec2 in eu-west-1: a service control policy (SCP) denies it (ec2:DescribeInstances).",
        "config_ec2: explicit deny in a service control policy",
        "account_alias</th><td><span class=\"s\">complete</span></td><td data-l=\"Places read\">1 of 1</td>",
    ] {
        assert!(partly.contains(says), "{says} in {partly}");
    }
}

#[tokio::test]
async fn what_comes_from_aws_is_never_markup() {
    let world = World::organization().await;
    let targets = [
        "/",
        "/ous/ou-ab12-prod",
        "/?status=no_access",
        "/?q=%3Cscript%3E",
    ];
    let targets = targets.map(str::to_owned);
    let accounts = [SHOP, BROKEN].map(|id| format!("/accounts/{id}"));
    for target in targets.into_iter().chain(accounts) {
        let page = world.get(200, &target).await;
        assert!(
            !page.contains("<script") && !page.contains("<that role>"),
            "{target}"
        );
        assert!(!page.contains("<b>shop</b>"), "{target}");
    }
    let page = world.get(200, "/").await;
    assert!(
        page.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;"),
        "{page}"
    );
    let json = world.json(&format!("/api/accounts/{BROKEN}")).await;
    assert_eq!(json["account_name"], HOSTILE);
}

#[tokio::test]
async fn every_link_is_relative_and_leads_to_an_answer() {
    let world = World::organization().await;
    let mut targets = BTreeSet::new();
    for (from, folder) in [
        ("/", "/"),
        ("/accounts/111111111111", "/accounts/"),
        ("/accounts/555555555555", "/accounts/"),
        ("/ous/outside", "/ous/"),
        ("/ous/ou-ab12-work", "/ous/"),
        ("/?status=active&q=shop", "/"),
    ] {
        let page = world.get(200, from).await;
        for link in page.split("href=\"").skip(1) {
            let link = link.split('"').next().unwrap().replace("&amp;", "&");
            if link.starts_with("data:image/svg+xml,") || link == "#main" {
                continue;
            }
            assert!(!link.starts_with('/') && !link.contains(':'), "{link}");
            let target = match link.strip_prefix("../") {
                Some(rest) => format!("/{rest}"),
                None => format!("{folder}{}", link.trim_start_matches("./")),
            };
            targets.insert(target);
        }
    }
    for target in &targets {
        world.get(200, target).await;
    }
    assert!(targets.len() > 20, "{targets:?}");
}

#[tokio::test]
async fn an_ou_lists_its_own_accounts_and_outside_is_a_place_too() {
    let world = World::organization().await;
    let production = world.get(200, "/ous/ou-ab12-prod").await;
    assert!(production.contains(SHOP) && production.contains(BROKEN));
    assert!(!production.contains(SUSPENDED));
    // What hangs on a circle is outside, not lost.
    let outside = world.get(200, "/ous/outside").await;
    assert!(
        outside.contains(STANDALONE) && outside.contains(PARTLY),
        "{outside}"
    );
    let rest = world
        .get(200, &format!("/ous/ou-ab12-prod?after={BROKEN}"))
        .await;
    assert!(rest.contains(SHOP) && !rest.contains(BROKEN) && rest.contains("2 to 2 of 2 accounts"));
    for target in [
        "/ous/ou-ab12-gone",
        "/ous/ou-ab12-none",
        "/ous/ou-ab12-prod?after=999999999999",
    ] {
        let page = world.get(404, target).await;
        assert!(page.contains("<h1>Not found</h1>"), "{page}");
    }
}

#[tokio::test]
async fn an_empty_registry_and_one_without_a_gap_are_calm() {
    let world = World::empty().await;
    let page = world.get(200, "/").await;
    assert!(
        page.contains("The registry is empty.") && !page.contains("Warning"),
        "{page}"
    );

    let world = World::organization().await;
    for account in [BROKEN, PARTLY, STANDALONE] {
        polo_testkit::accounts::exclude(&world.store, account).await;
    }
    let page = world.get(200, "/").await;
    let calm = "Polo sees 1 monitored account, and nothing is missing.";
    assert!(page.contains(calm) && !page.contains("Warning"), "{page}");
}

#[tokio::test]
async fn an_ou_leads_up_and_down() {
    let world = World::organization().await;
    let page = world.get(200, "/ous/ou-ab12-work").await;
    let (crumbs, rest) = page.split_once("</ol>").unwrap();
    let ways = "<li><a href=\"../\">Accounts</a></li><li><a href=\"r-ab12\">Root (r-ab12)</a></li>\
                <li aria-current=\"page\">Workloads</li>";
    assert!(crumbs.ends_with(ways), "{crumbs}");
    // The OU in it, and the accounts beneath.
    assert!(
        rest.contains("<a href=\"ou-ab12-prod\">Production</a>")
            || rest.contains("href=\"../ous/ou-ab12-prod\""),
        "{rest}"
    );
    assert_eq!(ids(rest), [BROKEN, SHOP]);

    let account = world.get(200, &format!("/accounts/{SHOP}")).await;
    let ways = "<li><a href=\"../ous/ou-ab12-work\">Workloads</a></li><li><a href=\"../ous/ou-ab12-prod\">Production</a></li>\
                <li aria-current=\"page\">shop</li>";
    assert!(account.contains(ways), "{account}");
}

/// A policy's name in AWS's answer replaces the guesses.
#[tokio::test]
async fn a_known_cause_is_said() {
    let world = World::organization().await;
    let guess = "the role was deleted, or its trust policy";
    assert!(world.get(200, "/").await.contains(guess));
    world
        .sql(
            "INSERT INTO access_checks SELECT * REPLACE (generateUUIDv4() AS check_id, checked_at + INTERVAL 1 SECOND AS checked_at,
                 'denied_by_rcp' AS error_class)
             FROM access_checks WHERE verdict = 'denied'",
        )
        .await;
    for target in ["/", "/ous/ou-ab12-prod", "/?status=no_access"]
        .map(str::to_owned)
        .into_iter()
        .chain([format!("/accounts/{BROKEN}")])
    {
        let page = world.get(200, &target).await;
        assert!(
            page.contains("a resource control policy (RCP) denies it") && !page.contains(guess),
            "{target}: {page}"
        );
    }
}

#[tokio::test]
async fn names_move_no_cursor_and_reorder_no_text() {
    let world = World::organization().await;
    let hostile = "a\u{1b}[31m\u{202e}b\u{9b}";
    world
        .sql(&format!(
            "ALTER TABLE account_facts UPDATE account_name = '{hostile}' WHERE account_id = '{SHOP}' SETTINGS mutations_sync = 1"
        ))
        .await;
    for target in ["/", "/?status=active"]
        .map(str::to_owned)
        .into_iter()
        .chain([format!("/accounts/{SHOP}")])
    {
        let page = world.get(200, &target).await;
        assert!(
            page.contains("a\\u{1b}[31m\\u{202e}b\\u{9b}"),
            "{target}: {page}"
        );
        assert!(!page.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{target}");
    }
    let text = world.get(200, &format!("/api/accounts/{SHOP}")).await;
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["account_name"], hostile);
}

#[tokio::test]
async fn each_list_reads_the_registry_once() {
    let world = World::organization().await;
    let relay = Relay::to_engine().await;
    let page = StatusPage::over(relay.store(&world.store));
    let lists = ["/", "/ous/ou-ab12-prod", "/api/coverage", "/api/accounts"];
    for (read_before, path) in lists.iter().enumerate() {
        let route = Route::of("GET", path, None).unwrap();
        assert_eq!(page.answer(&route).await.unwrap().status, 200, "{path}");
        assert_eq!(relay.registry_reads(), read_before + 1, "{path}");
    }
}
