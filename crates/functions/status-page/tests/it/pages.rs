//! The pages for people.

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
        "<tr", "<dt", "<li", "<p", "<h", "<details", "<section", "<table", "<main", "<footer",
    ] {
        text = text.replace(tag, &format!("\n{tag}"));
    }
    text
}

#[tokio::test]
async fn the_overview_warns_and_shows_every_account_in_its_ou() {
    let page = World::organization().await.get(200, "/").await;
    insta::assert_snapshot!(stable(&page));
    for says in [
        "Warning: Polo cannot see 2 of 4 monitored accounts.",
        "1 account that Polo sees has a gap.",
    ] {
        assert!(page.contains(says), "{says} in {page}");
    }
}

#[tokio::test]
async fn an_account_is_told_with_its_reason_and_its_history() {
    let world = World::organization().await;
    let page = world.get(200, &format!("/accounts/{BROKEN}")).await;
    insta::assert_snapshot!(stable(&page));
    let partly = world.get(200, &format!("/accounts/{PARTLY}")).await;
    for says in [
        "active</strong>: the read role works.",
        "Worst open gap: config_ec2/eu-west-1: denied_by_scp: ec2:DescribeInstances: explicit deny",
        "eu-west-1",
    ] {
        assert!(partly.contains(says), "{says} in {partly}");
    }
}

#[tokio::test]
async fn what_comes_from_aws_is_never_markup() {
    let world = World::organization().await;
    let targets = ["/", "/ous/ou-ab12-prod"].map(str::to_owned);
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
    let mut followed = 0;
    for (from, folder) in [
        ("/", "/"),
        ("/accounts/111111111111", "/accounts/"),
        ("/ous/outside", "/ous/"),
    ] {
        let page = world.get(200, from).await;
        for link in page.split("href=\"").skip(1) {
            let link = link.split('"').next().unwrap();
            assert!(!link.starts_with('/') && !link.contains(':'), "{link}");
            let target = match link.strip_prefix("../") {
                Some(rest) => format!("/{rest}"),
                None => format!("{folder}{}", link.trim_start_matches("./")),
            };
            world.get(200, &target).await;
            followed += 1;
        }
    }
    assert!(followed > 15, "{followed}");
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
    assert!(rest.contains(SHOP) && !rest.contains(BROKEN) && rest.contains("Accounts 2 to 2 of 2"));
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
    let calm = "Polo sees all of 1 monitored account, and nothing is missing.";
    assert!(page.contains(calm) && !page.contains("Warning"), "{page}");
}
