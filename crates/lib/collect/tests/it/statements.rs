//! How many statements a run costs, whatever the number of its regions.

use polo_testkit::relay::Relay;

use crate::world::*;

const REGIONS: [(&str, &str); 17] = [
    ("ap-northeast-1", ENABLED),
    ("ap-northeast-2", ENABLED),
    ("ap-northeast-3", ENABLED),
    ("ap-south-1", ENABLED),
    ("ap-southeast-1", ENABLED),
    ("ap-southeast-2", ENABLED),
    ("ca-central-1", ENABLED),
    ("eu-central-1", ENABLED),
    ("eu-north-1", ENABLED),
    ("eu-west-1", ENABLED),
    ("eu-west-2", ENABLED),
    ("eu-west-3", ENABLED),
    ("sa-east-1", ENABLED),
    ("us-east-1", ENABLED),
    ("us-east-2", ENABLED),
    ("us-west-1", ENABLED),
    ("us-west-2", ENABLED),
];
const ENABLED: &str = "opt-in-not-required";

/// The statements of a sweep's run, by what they do.
async fn statements_of(world: &World, relay: &Relay, sweep: &str) -> Vec<String> {
    let before = relay.statements().len();
    world.sweep_ends(sweep, "complete").await;
    let statements = relay.statements().split_off(before);
    statements.iter().map(|one| kind(one)).collect()
}

/// `INSERT table`, or `SELECT` with the table that it is about.
fn kind(statement: &str) -> String {
    let table = |after: &str| {
        let rest = statement.split(after).nth(1).unwrap_or_default();
        let name = rest.trim_start().split([' ', '(', '\n']).next();
        name.unwrap_or_default().trim_matches(['"', '`']).to_owned()
    };
    if statement.contains("AS attempts") {
        "admission".to_owned()
    } else if statement.contains("INSERT INTO") {
        format!("INSERT {}", table("INSERT INTO"))
    } else {
        format!("SELECT {}", table("FROM"))
    }
}

async fn check(regions: usize) {
    let relay = Relay::to_engine().await;
    let world = World::of(Plan {
        url: &relay.url(),
        ..Plan::default()
    })
    .await;
    world.regions_are(&REGIONS[..regions]);
    for (region, _) in &REGIONS[..regions] {
        world.now_shows(region, &[("vol-1", "in-use"), ("vol-2", "available")]);
    }
    // Schemas of tables are read once in the life of a function.
    world.sweep_ends("warm", "complete").await;

    for (region, _) in &REGIONS[..regions] {
        world.now_shows(region, &[("vol-2", "in-use"), ("vol-3", "available")]);
    }
    assert_eq!(
        statements_of(&world, &relay, "changes").await,
        [
            "admission",
            "INSERT collector_runs",
            "INSERT account_regions",
            "SELECT resources",
            "INSERT resource_changes",
            "INSERT resources",
            "SELECT resources",
            "INSERT resource_changes",
            "INSERT resources",
            "INSERT run_targets",
            "INSERT collector_runs",
        ],
        "{regions} regions"
    );
    assert_eq!(
        statements_of(&world, &relay, "no changes").await,
        [
            "admission",
            "INSERT collector_runs",
            "INSERT account_regions",
            "SELECT resources",
            "INSERT resources",
            "SELECT resources",
            "INSERT run_targets",
            "INSERT collector_runs",
        ],
        "{regions} regions"
    );
    let there = world.lines("SELECT count() FROM v_resources").await;
    assert_eq!(there, [(2 * regions).to_string()]);
}

#[tokio::test]
async fn one_region() {
    check(1).await;
}

#[tokio::test]
async fn three_regions() {
    check(3).await;
}

#[tokio::test]
async fn seventeen_regions() {
    check(17).await;
}

#[tokio::test]
async fn a_redelivery_asks_one_question() {
    let relay = Relay::to_engine().await;
    let world = World::of(Plan {
        url: &relay.url(),
        ..Plan::default()
    })
    .await;
    world.sweep_ends("one", "complete").await;
    let before = relay.statements().len();
    world.sweep("one").await.unwrap();
    assert_eq!(relay.statements().len() - before, 1);
}
