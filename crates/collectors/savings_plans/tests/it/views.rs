//! What people see: the plans that bind somebody, how well they are used, and those that are wasted.

use polo_testkit::sql;
use serde_json::{Value, json};

use crate::world::*;

#[tokio::test]
async fn a_plan_that_changes_and_one_that_is_gone() {
    let world = without_plans().await;
    has_plans(&world, &[plan("sp-1"), plan("sp-2")]);
    world.run("one").await;
    let mut retired = plan("sp-1");
    retired["state"] = "retired".into();
    has_plans(&world, &[retired]);
    world.run("two").await;
    assert_eq!(world.ids().await, ["sp-1"]);
    assert_eq!(
        world.changes().await,
        [
            "appeared sp-1",
            "appeared sp-2",
            "changed sp-1",
            "gone sp-2"
        ]
    );
}

#[tokio::test]
async fn plans_that_bind_somebody_with_when_they_expire() {
    let world = without_plans().await;
    let in_days =
        |days: i64| format!("SELECT concat(toString(toDate(now('UTC')) + ({days})), 'T12:00:00Z')");
    let end = sql::text(&world.store, &in_days(20)).await;
    let over = sql::text(&world.store, &in_days(-2)).await;
    let with = |id: &str, field: &str, value: &str| {
        let mut plan = plan(id);
        plan[field] = value.into();
        plan
    };
    has_plans(
        &world,
        &[
            with("sp-ends", "end", &end),
            with("sp-over", "end", &over),
            with("sp-queued", "state", "queued"),
            with("sp-retired", "state", "retired"),
            with("sp-returned", "state", "returned"),
            with("sp-withdrawn", "state", "queued-deleted"),
            json!({ "savingsPlanId": "sp-silent", "termDurationInSeconds": 0 }),
        ],
    );
    uses(&world, &[("sp-ends", "37.5")]);
    world.run("one").await;
    let rows = world
        .rows(
            "SELECT savings_plan_id, account_name, state, commitment_per_hour, currency, term_years, days_left, utilization_percent,
                 dateDiff('day', utilization_day, toDate(now('UTC'))) AS told_days_ago
             FROM v_savings_plans ORDER BY savings_plan_id",
        )
        .await;
    let name = format!("account {ACCOUNT}");
    let row = |id: &str, state: &str, days_left: Value, percent: Value, told: Value| {
        json!({
            "savings_plan_id": id, "account_name": name, "state": state, "commitment_per_hour": "2.5", "currency": "USD",
            "term_years": 1, "days_left": days_left, "utilization_percent": percent, "told_days_ago": told
        })
    };
    assert_eq!(
        rows[0],
        row("sp-ends", "active", json!("20"), json!("37.5"), json!("1"))
    );
    assert_eq!(
        rows[1],
        row("sp-over", "active", json!("-2"), Value::Null, Value::Null)
    );
    assert_eq!(rows[2]["savings_plan_id"], "sp-queued");
    assert_eq!(
        rows[3],
        json!({
            "savings_plan_id": "sp-silent", "account_name": name, "state": "", "commitment_per_hour": null, "currency": "",
            "term_years": null, "days_left": null, "utilization_percent": null, "told_days_ago": null
        })
    );
    assert_eq!(
        rows.len(),
        4,
        "what binds nobody any more is not shown: {rows:?}"
    );
}

#[tokio::test]
async fn the_last_day_that_was_told_is_shown() {
    let world = with_a_plan().await;
    world.run("one").await;
    days_pass(&world, 2).await;
    uses(&world, &[("sp-1", "54")]);
    world.run("two").await;
    let latest = "SELECT concat(toString(utilization_percent), ' ', toString(dateDiff('day', utilization_day, toDate(now('UTC'))))) FROM v_savings_plans";
    assert_eq!(sql::text(&world.store, latest).await, "54 1");
}

/// Days that are read again: what AWS changes is changed, and a plan of which it no longer tells is gone from the views.
#[tokio::test]
async fn figures_that_change_or_go() {
    let world = with_a_plan().await;
    uses(&world, &[("sp-1", "30"), ("sp-2", "40")]);
    world.run("one").await;
    uses(&world, &[("sp-1", "31")]);
    world.run("two").await;
    let shown = sql::lines(
        &world.store,
        "SELECT concat(splitByChar('/', savings_plan_arn)[2], ' ', toString(used_commitment), ' ', toString(count()))
         FROM v_savings_plans_plan_utilization GROUP BY savings_plan_arn, used_commitment ORDER BY 1",
    )
    .await;
    assert_eq!(shown, ["sp-1 31 3"]);
}

async fn idle(world: &World) -> Vec<Value> {
    world
        .rows("SELECT * FROM v_idle_resources ORDER BY resource_id")
        .await
}

#[tokio::test]
async fn a_plan_of_which_less_than_four_fifths_are_used_is_waste() {
    let world = without_plans().await;
    let mut named = plan("sp-waste");
    named["tags"] = json!({ "Name": "baseline" });
    let mut retired = plan("sp-retired");
    retired["state"] = "retired".into();
    let mut silent = plan("sp-silent");
    for field in ["commitment", "currency", "savingsPlanType"] {
        silent.as_object_mut().unwrap().remove(field);
    }
    has_plans(
        &world,
        &[
            named,
            plan("sp-used"),
            plan("sp-just"),
            plan("sp-untold"),
            retired,
            silent,
        ],
    );
    uses(
        &world,
        &[
            ("sp-waste", "37.5"),
            ("sp-used", "60"),
            ("sp-just", "48"),
            ("sp-retired", "1"),
            ("sp-silent", "0"),
        ],
    );
    world.run("one").await;

    let days = sql::text(
        &world.store,
        "SELECT concat('From ', toString(min(day)), ' to ', toString(max(day))) FROM v_savings_plans_plan_utilization",
    )
    .await;
    assert_eq!(
        idle(&world).await,
        [
            json!({
                "account_id": ACCOUNT, "region": "global", "resource_type": "savings_plan", "resource_id": "sp-silent",
                "arn": arn("sp-silent"), "name": "", "reason": "savings_plan_underused",
                "why": format!("{days} this Savings Plan used 0 % of its commitment"),
                "since": null, "tags": {}
            }),
            json!({
                "account_id": ACCOUNT, "region": "global", "resource_type": "savings_plan", "resource_id": "sp-waste",
                "arn": arn("sp-waste"), "name": "baseline", "reason": "savings_plan_underused",
                "why": format!(
                    "{days} this Compute Savings Plan used 62.5 % of its commitment of 2.5 USD per hour: 0.9375 USD per hour buys nothing"
                ),
                "since": null, "tags": {"Name": "baseline"}
            }),
        ]
    );
}

#[tokio::test]
async fn waste_is_told_of_the_last_three_days_and_not_of_long_ago() {
    let world = with_a_plan().await;
    uses(&world, &[("sp-1", "0")]);
    world.run("one").await;
    assert_eq!(idle(&world).await.len(), 1);

    // Three well used days since.
    days_pass(&world, 3).await;
    uses(&world, &[("sp-1", "60")]);
    world.run("two").await;
    assert_eq!(idle(&world).await, Vec::<Value>::new());

    // Wasted again, and then the payer tells nothing for long.
    uses(&world, &[("sp-1", "0")]);
    world.run("three").await;
    assert_eq!(idle(&world).await.len(), 1);
    days_pass(&world, 12).await;
    assert_eq!(idle(&world).await, Vec::<Value>::new());
}

#[tokio::test]
async fn without_plans_the_views_are_empty() {
    let world = without_plans().await;
    world.run("one").await;
    for view in [
        "v_savings_plans",
        "v_savings_plans_utilization",
        "v_savings_plans_plan_utilization",
        "v_savings_plans_coverage",
        "savings_plans_idle",
    ] {
        assert_eq!(
            sql::number(&world.store, &format!("SELECT count() FROM {view}")).await,
            0,
            "{view}"
        );
    }
}
