//! What is asked of the payer, of whom, and for which days.

use polo_testkit::{accounts, sql};

use crate::world::*;

#[tokio::test]
async fn a_month_of_totals_and_three_days_of_plans() {
    let world = with_a_plan().await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(world.targets().await, ["global complete", "payer complete"]);
    assert_eq!(
        asked_from(&world, 0),
        [
            "GetSavingsPlansUtilization 1-31",
            "GetSavingsPlansCoverage 1-31",
            "GetSavingsPlansUtilizationDetails 3-3",
            "GetSavingsPlansUtilizationDetails 2-2",
            "GetSavingsPlansUtilizationDetails 1-1"
        ]
    );
    for call in of_cost_explorer(&world) {
        let granularity = call
            .json
            .get("Granularity")
            .and_then(|value| value.as_str());
        assert_eq!(granularity, (call.operation != DETAILS).then_some("DAILY"));
        assert_eq!(call.json.get("GroupBy"), None);
    }
    assert_eq!(
        read_days(&world).await,
        ["coverage 31", "plan_utilization 3", "utilization 31"]
    );
    let noted = sql::text(
        &world.store,
        "SELECT concat(toString(sum(units)), ' ', toString(sum(cost_usd))) FROM billed_calls FINAL",
    )
    .await;
    assert_eq!(noted, "5 0.05");
}

#[tokio::test]
async fn an_outage_heals_itself() {
    let world = with_a_plan().await;
    world.run("one").await;
    days_pass(&world, 6).await;
    world.run("two").await;
    assert_eq!(
        asked_from(&world, 7),
        [
            "GetSavingsPlansUtilizationDetails 6-6",
            "GetSavingsPlansUtilizationDetails 5-5",
            "GetSavingsPlansUtilizationDetails 4-4",
            "GetSavingsPlansUtilizationDetails 3-3",
            "GetSavingsPlansUtilizationDetails 2-2",
            "GetSavingsPlansUtilizationDetails 1-1"
        ]
    );
    assert_eq!(
        read_days(&world).await,
        ["coverage 37", "plan_utilization 9", "utilization 37"]
    );
}

#[tokio::test]
async fn an_account_that_another_one_pays_for_is_asked_for_its_plans_alone() {
    let world = with_a_plan().await;
    sql::execute(
        &world.store,
        &format!(
            "INSERT INTO account_payers (account_id, answered, payer_account_id, asked_at, _version)
             VALUES ('{ACCOUNT}', true, '999999999999', now64(3), 2)"
        ),
    )
    .await;
    accounts::active(&world.store, "999999999999").await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(world.targets().await, ["global complete"]);
    assert_eq!(of_cost_explorer(&world).len(), 0);
    assert_eq!(world.ids().await, ["sp-1"]);
}

/// No Savings Plans in use: Cost Explorer says so with an error, and it is an answer.
#[tokio::test]
async fn a_payer_without_savings_plans_is_complete_and_has_no_rows() {
    let world = without_plans().await;
    let answer = world.run("one").await;
    assert_eq!(
        (
            answer["outcome"].as_str(),
            answer["resources_seen"].as_u64()
        ),
        (Some("complete"), Some(0)),
        "{answer}"
    );
    assert_eq!(world.targets().await, ["global complete", "payer complete"]);
    assert_eq!(
        asked_from(&world, 0),
        [
            "GetSavingsPlansUtilization 1-31",
            "GetSavingsPlansCoverage 1-31"
        ],
        "single plans are not asked for where there are none"
    );
    for (_, table) in TABLES {
        assert_eq!(
            sql::number(&world.store, &format!("SELECT count() FROM {table}")).await,
            0
        );
    }
}

/// The figures of yesterday may not be there yet.
#[tokio::test]
async fn no_data_takes_nothing_away() {
    let world = with_a_plan().await;
    world.run("one").await;
    let count = "SELECT (SELECT count() FROM v_savings_plans_utilization) + (SELECT count() FROM v_savings_plans_coverage)
         + (SELECT count() FROM v_savings_plans_plan_utilization)";
    assert_eq!(sql::number(&world.store, count).await, 31 + 31 + 3);
    for operation in OF_THE_PAYER {
        world.answers("ce", operation, no_data());
    }
    assert_eq!(world.run("two").await["outcome"], "complete");
    assert_eq!(sql::number(&world.store, count).await, 31 + 31 + 3);
}

#[tokio::test]
async fn the_budget_ends_it_and_the_next_day_goes_on() {
    let world = with_settings(&[("POLO_DAY_USD_AT_MOST", "0.03")]).await;
    has_plans(&world, &[plan("sp-1")]);
    uses(&world, &[("sp-1", "30")]);
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "partial", "{answer}");
    let reason = answer["reason"].as_str().unwrap();
    assert!(reason.contains("POLO_DAY_USD_AT_MOST"), "{reason}");
    assert_eq!(
        world.targets().await,
        [
            "global complete",
            "payer failed(budget) ce:GetSavingsPlansUtilizationDetails"
        ]
    );
    assert_eq!(
        read_days(&world).await,
        ["coverage 31", "plan_utilization 1", "utilization 31"]
    );
    let before = of_cost_explorer(&world).len();
    assert_eq!(before, 3);

    days_pass(&world, 1).await;
    world.run("two").await;
    // The day that was read lies four days back now, and the one after it is next.
    assert_eq!(
        asked_from(&world, before)[2..],
        ["GetSavingsPlansUtilizationDetails 3-3"]
    );
}
