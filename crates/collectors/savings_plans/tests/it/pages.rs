//! Every listing to its last page, and none that ends short taken for a whole one.

use polo_testkit::aws::Reply;
use polo_testkit::sql;
use serde_json::{Value, json};

use crate::world::*;

#[tokio::test]
async fn every_page_of_plans_is_read_and_an_empty_one_ends_nothing() {
    let world = without_plans().await;
    world.answers_pages(
        "savingsplans",
        PLANS,
        "nextToken",
        vec![
            plans_page(&[plan("sp-1"), plan("sp-2")], Some("1")),
            plans_page(&[], Some("2")),
            plans_page(&[plan("sp-3")], Some("3")),
            plans_page(&[], None),
        ],
    );
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(world.ids().await, ["sp-1", "sp-2", "sp-3"]);
    let calls = world.aws.calls_of(PLANS);
    assert_eq!(calls.len(), 4);
    assert_eq!(calls[0].json["maxResults"], 1000);
    assert_eq!(calls[0].json.get("states"), None, "plans in every state");
}

#[tokio::test]
async fn a_listing_of_plans_that_names_the_same_page_twice_is_not_a_whole_one() {
    let world = without_plans().await;
    has_plans(&world, &[plan("sp-1"), plan("sp-2")]);
    world.run("one").await;
    world.answers(
        "savingsplans",
        PLANS,
        plans_page(&[plan("sp-1")], Some("1")),
    );
    let answer = world.run("two").await;
    assert_eq!(
        (
            answer["outcome"].as_str(),
            answer["reason"]
                .as_str()
                .map(|reason| reason.contains("savingsplans:DescribeSavingsPlans"))
        ),
        (Some("partial"), Some(true)),
        "{answer}"
    );
    assert!(
        world
            .targets()
            .await
            .contains(&"global failed(bug) savingsplans:DescribeSavingsPlans".to_owned())
    );
    assert_eq!(world.ids().await, ["sp-1", "sp-2"]);
}

/// The two listings of Cost Explorer, each split into three pages of which the second is empty.
#[tokio::test]
async fn every_page_of_the_payer_is_read_and_an_empty_one_ends_nothing() {
    let world = with_a_plan().await;
    world.aws.on("ce", COVERAGE, |call| {
        let page: usize = call.parameter("NextToken").parse().unwrap_or_default();
        let all: Vec<Value> = days(call)
            .map(|day| json!({ "TimePeriod": period(day), "Coverage": { "CoveragePercentage": "75" } }))
            .collect();
        let (on_page, next) = match page {
            0 => (&all[..20], Some("1")),
            1 => (&all[..0], Some("2")),
            _ => (&all[20..], None),
        };
        Reply::json(json!({ "SavingsPlansCoverages": on_page, "NextToken": next }))
    });
    world.aws.on("ce", DETAILS, |call| {
        let page: usize = call.parameter("NextToken").parse().unwrap_or_default();
        match page {
            0 => details_page(call, &[detail("sp-1", "30")], Some("1")),
            1 => details_page(call, &[], Some("2")),
            _ => details_page(call, &[detail("sp-2", "40")], None),
        }
    });
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    for (view, rows) in [
        ("v_savings_plans_coverage", 31),
        ("v_savings_plans_plan_utilization", 6),
    ] {
        assert_eq!(
            sql::number(&world.store, &format!("SELECT count() FROM {view}")).await,
            rows,
            "{view}"
        );
    }
    assert_eq!(of_cost_explorer(&world).len(), 1 + 3 + 3 * 3);
}

#[tokio::test]
async fn a_listing_of_the_payer_that_names_the_same_page_twice_counts_for_nothing() {
    for (operation, view) in [
        (COVERAGE, "v_savings_plans_coverage"),
        (DETAILS, "v_savings_plans_plan_utilization"),
    ] {
        let world = with_a_plan().await;
        world.run("one").await;
        let count = format!("SELECT count() FROM {view}");
        let before = sql::number(&world.store, &count).await;
        world.answers(
            "ce",
            operation,
            Reply::json(json!({
                "SavingsPlansCoverages": [], "SavingsPlansUtilizationDetails": [],
                "TimePeriod": { "Start": "2026-01-01", "End": "2026-01-02" }, "NextToken": "1"
            })),
        );
        let answer = world.run("two").await;
        assert_eq!(answer["outcome"], "partial", "{answer}");
        let target = format!("payer failed(bug) ce:{operation}");
        assert!(
            world.targets().await.contains(&target),
            "{:?}",
            world.targets().await
        );
        assert_eq!(
            sql::number(&world.store, &count).await,
            before,
            "{operation}"
        );
    }
}
