//! Rows from answers of the shape that AWS publishes: each holds something of which AWS says next to nothing, and the
//! plans one without an id, which is none.

use chrono::TimeDelta;
use polo_testkit::aws::{Call, Reply};

use crate::world::*;

/// A fixture, its days counted back from the end of the period that is asked for.
fn fixture(text: &str, call: &Call) -> Reply {
    let today = days(call).max().unwrap() + TimeDelta::days(1);
    let mut text = text.to_owned();
    for ago in 0..3 {
        let day = today - TimeDelta::days(ago);
        text = text.replace(&format!("DAY-{ago}"), &day.to_string());
    }
    Reply::ok(text)
}

#[tokio::test]
async fn plans() {
    let world = without_plans().await;
    world.answers(
        "savingsplans",
        PLANS,
        Reply::ok(include_str!("../fixtures/describe_savings_plans.json")),
    );
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    let resources = world.resources().await;
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_json_snapshot!("plans", resources);
    });
}

#[tokio::test]
async fn what_the_payer_tells() {
    let world = without_plans().await;
    for (operation, text) in [
        (UTILIZATION, include_str!("../fixtures/utilization.json")),
        (DETAILS, include_str!("../fixtures/details.json")),
        (COVERAGE, include_str!("../fixtures/coverage.json")),
    ] {
        world
            .aws
            .on("ce", operation, move |call| fixture(text, call));
    }
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    for (series, table) in TABLES {
        let rows = world
            .rows(&format!(
                "SELECT * EXCEPT (day, run_id, collected_at, _version), dateDiff('day', day, toDate(collected_at)) AS days_ago
                 FROM {table} FINAL ORDER BY ALL"
            ))
            .await;
        insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
            insta::assert_json_snapshot!(series, rows);
        });
    }
    assert_eq!(answer["resources_seen"], 2 + 2 + 3 * 2);
}
