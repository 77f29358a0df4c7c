//! Cost Explorer bills by the request: what the budget does not allow is not asked, and what was read stays.

use polo_testkit::aws::Reply;
use polo_testkit::sql;

use crate::world::*;

/// Enough for this many requests a day.
async fn with_budget(usd: &str, bill: Bill) -> World {
    let world = World::with_settings(&[("POLO_DAY_USD_AT_MOST", usd)]).await;
    bills(&world, bill);
    world
}

#[tokio::test]
async fn a_day_whose_budget_is_used_up_is_partial_and_keeps_what_was_read() {
    let world = with_budget("0.03", Bill::example()).await;
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("partial"), Some("")),
        "{answer}"
    );
    let reason = answer["reason"].as_str().unwrap();
    assert!(
        reason.contains("POLO_DAY_USD_AT_MOST") && reason.contains("0.03 USD a day"),
        "{reason}"
    );
    assert_eq!(
        world.targets().await,
        ["payer failed(budget) ce:GetCostAndUsage"]
    );
    assert_eq!(
        asked_from(&world, 0),
        [
            "account_service 0-6",
            "account_service 7-13",
            "account_service 14-20"
        ]
    );
    assert_eq!(read_days(&world).await, ["account_service 21"]);
    assert_eq!(
        sql::number(&world.store, "SELECT count() FROM v_cost_daily").await,
        4 * 21
    );

    // The same day has nothing left.
    world.run("two").await;
    assert_eq!(calls(&world), 3);
}

#[tokio::test]
async fn the_days_that_follow_go_on_where_it_ended() {
    let world = with_budget("0.06", Bill::example()).await;
    let mut runs = 0;
    loop {
        let before = calls(&world);
        let answer = world.run(&format!("day {runs}")).await;
        assert!(calls(&world) - before <= 6, "{answer}");
        if runs == 0 {
            assert_eq!(asked_from(&world, before)[5], "region 0-6");
        }
        if runs == 1 {
            assert_eq!(
                asked_from(&world, before)[..3],
                ["account_service 0-3", "region 0-3", "region 8-14"],
                "the month of accounts by services was read to its end"
            );
        }
        if answer["outcome"] == "complete" {
            break;
        }
        assert_eq!(answer["outcome"], "partial", "{answer}");
        runs += 1;
        assert!(runs < 15, "it never ends: {:?}", read_days(&world).await);
        days_pass(&world, 1).await;
    }
    // Of the detail the days of the last week may wait for their week to be full.
    let days = sql::lines(
        &world.store,
        "SELECT concat(grouping, ' ', if(uniqExact(day) = dateDiff('day', min(day), max(day)) + 1 AND uniqExact(day) > 24, 'whole', 'with holes'))
         FROM cost_current GROUP BY grouping ORDER BY grouping",
    )
    .await;
    assert_eq!(
        days,
        [
            "account_service whole",
            "account_service_region whole",
            "region whole"
        ]
    );
}

/// What the manifest allows a run ends it in the middle of a range, which then was not read.
#[tokio::test]
async fn a_range_that_was_not_read_to_its_end_counts_for_nothing() {
    let endless = Bill {
        pages: 1000,
        ..Bill::example()
    };
    let world = with_budget("100", endless).await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "partial", "{answer}");
    let reason = answer["reason"].as_str().unwrap();
    assert!(reason.contains("run_units_at_most"), "{reason}");
    assert_eq!(calls(&world), 300);
    assert_eq!(read_days(&world).await, Vec::<String>::new());
    assert!(sql::number(&world.store, "SELECT count() FROM cost_daily").await > 0);
    assert_eq!(
        sql::number(&world.store, "SELECT count() FROM cost_current").await,
        0
    );
}

/// A call that the SDK makes again because it was throttled is one call of ours.
#[tokio::test]
async fn a_call_is_paid_for_before_it_is_made() {
    let world = payer(Bill::example()).await;
    world.answers(
        "ce",
        OPERATION,
        Reply::error(400, "AccessDeniedException", "not authorized"),
    );
    world.run("one").await;
    let noted = sql::text(
        &world.store,
        "SELECT toString(sum(units)) FROM billed_calls FINAL",
    )
    .await;
    assert_eq!(noted, "1");
}
