//! A large organization's first discovery: everything is registered and checked at once, and the registry is read once.

use polo_testkit::relay::Relay;

use crate::organization::*;
use crate::world::*;

/// More than one statement takes.
const MANY: usize = 5_000;

fn ids() -> Vec<String> {
    (1..=MANY).map(|n| format!("{n:012}")).collect()
}

async fn statuses(world: &World) -> Vec<String> {
    world
        .lines(
            "SELECT concat(polo_status, ' ', status_reason, ' ', toString(count())) AS line FROM v_accounts
             GROUP BY polo_status, status_reason ORDER BY line",
        )
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn organization_of_5000_accounts_without_paths_is_registered() {
    let relay = Relay::to_engine().await;
    let url = relay.url();
    let ids = ids();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let environment = [
        ("CLICKHOUSE_URL", url.as_str()),
        (
            "POLO_ORGANIZATIONS",
            r#"[{"exclude_ous": ["ou-examplerootid-00000002"]}]"#,
        ),
    ];
    let world = World::with(&environment, &ids).await;
    world.change(|organization| {
        organization.forget(&["Paths"]);
        for id in &ids[..100] {
            organization.move_to(id, SANDBOX);
        }
    });
    world.discover().await;
    assert_eq!(
        statuses(&world).await,
        ["active role_works 4900", "excluded out_of_scope 100"]
    );
    assert_eq!(
        world.records().await,
        [format!("{ORGANIZATION} complete {MANY} {MANY} 0 0")]
    );
    assert_eq!(world.assumed().len(), 4_900);
    assert_eq!(world.told().len(), 2 * MANY);
    assert_eq!(relay.registry_reads(), 1);
    let copied = "SELECT toString(count()) FROM aws_accounts FINAL";
    assert_eq!(world.lines(copied).await, [MANY.to_string()]);

    world.an_hour_later().await;
    assert_eq!(world.assumed().len(), 4_900);
    assert_eq!(world.told(), Vec::<String>::new());
    assert_eq!(relay.registry_reads(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_5000_accounts_is_registered() {
    let list = ids().join(",");
    let environment = [("POLO_MODE", "explicit"), ("POLO_ACCOUNTS", list.as_str())];
    let world = World::with(&environment, &[]).await;
    world.discover().await;
    assert_eq!(statuses(&world).await, ["active role_works 5000"]);
    assert_eq!(world.assumed().len(), MANY);
    assert_eq!(world.told().len(), 2 * MANY);
}
