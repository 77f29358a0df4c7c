//! Rows from answers of the shape that the Cost Explorer API reference publishes, a day of which AWS says next to nothing
//! among them.
//!
//! Source: <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html>

use chrono::TimeDelta;
use polo_testkit::aws::{Call, Reply};
use serde_json::json;

use crate::world::{ACCOUNT, Bill};
use crate::world::{OPERATION, Question, World, asked_from, group, payer, result};

const ACCOUNT_SERVICE: &str = include_str!("../fixtures/account_service.json");
const REGION: &str = include_str!("../fixtures/region.json");

/// A fixture, its days counted back from the last day that is asked for.
fn fixture(text: &str, call: &Call) -> Reply {
    let question = Question::of(call);
    let mut text = text.replace("DAY+1", &question.end.to_string());
    for ago in 0..7 {
        let day = question.end - TimeDelta::days(1 + ago);
        text = text.replace(&format!("DAY-{ago}"), &day.to_string());
    }
    Reply::ok(text)
}

/// The newest range of each grouping is answered by the fixtures, what is older is empty.
async fn published() -> World {
    let world = payer(Bill::of(Vec::new())).await;
    let mut seen = std::collections::BTreeSet::new();
    world.aws.on("ce", OPERATION, move |call| {
        let question = Question::of(call);
        if !seen.insert(question.grouping()) && question.region.is_empty() {
            return Reply::json(json!({ "ResultsByTime": [] }));
        }
        match question.grouping() {
            "account_service" => fixture(ACCOUNT_SERVICE, call),
            "region" => fixture(REGION, call),
            _ => {
                let day = question.end - TimeDelta::days(1);
                let keys = [ACCOUNT.to_owned(), format!("in {}", question.region)];
                Reply::json(json!({
                    "ResultsByTime": [result(day, true, vec![group(&keys, "0.4", "0.4")])]
                }))
            }
        }
    });
    world
}

#[tokio::test]
async fn rows_are_what_aws_wrote() {
    let world = published().await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    let rows = world
        .rows(
            "SELECT payer_account_id, grouping, dateDiff('day', day, toDate(collected_at)) AS days_ago, account_id, service,
                 region, currency, unblended_cost, amortized_cost, estimated
             FROM cost_daily FINAL ORDER BY grouping, days_ago, account_id, service, region",
        )
        .await;
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_json_snapshot!("rows", rows);
    });
    assert_eq!(answer["resources_seen"], rows.len());
}

/// A day of which AWS says nothing was read all the same; that it is final was not said.
#[tokio::test]
async fn every_day_that_was_asked_for_is_recorded() {
    let world = published().await;
    world.run("one").await;
    let reads = world
        .rows(
            "SELECT grouping, count() AS days, sum(estimated) AS estimates, min(dateDiff('day', day, toDate(read_at))) AS newest,
                 max(dateDiff('day', day, toDate(read_at))) AS oldest
             FROM cost_reads FINAL WHERE grouping != 'account_service_region' GROUP BY grouping ORDER BY grouping",
        )
        .await;
    assert_eq!(
        reads,
        [
            // The day before, and the one of which AWS gave the period alone, are final.
            json!({"grouping": "account_service", "days": "31", "estimates": "29", "newest": "0", "oldest": "30"}),
            json!({"grouping": "region", "days": "31", "estimates": "31", "newest": "0", "oldest": "30"}),
        ]
    );
}

/// Credits alone, and what is amortized alone, are spend; a row of zeroes is none.
#[tokio::test]
async fn regions_are_asked_for_as_aws_names_them_where_they_have_spend() {
    let world = published().await;
    world.run("one").await;
    let asked = asked_from(&world, 10);
    assert_eq!(
        asked,
        [
            "account_service_region/NoRegion 6-6",
            "account_service_region/eu-west-1 6-6",
            "account_service_region/global 6-6"
        ]
    );
}
