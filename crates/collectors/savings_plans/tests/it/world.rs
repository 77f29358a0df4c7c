//! An account that pays for itself, without Savings Plans until a test gives it some.

use chrono::{NaiveDate, TimeDelta};
use polo_testkit::aws::{Call, Reply};
use polo_testkit::{collector, sql};
use savings_plans::SavingsPlans;
use serde_json::{Value, json};

pub(crate) use polo_testkit::collector::ACCOUNT;

/// The world of a test.
pub(crate) type World = collector::World<SavingsPlans>;

pub(crate) const PLANS: &str = "DescribeSavingsPlans";
pub(crate) const UTILIZATION: &str = "GetSavingsPlansUtilization";
pub(crate) const DETAILS: &str = "GetSavingsPlansUtilizationDetails";
pub(crate) const COVERAGE: &str = "GetSavingsPlansCoverage";

/// Each call that is asked of the payer.
pub(crate) const OF_THE_PAYER: [&str; 3] = [UTILIZATION, COVERAGE, DETAILS];

/// The tables that the payer's answers fill, each with its series and its view.
pub(crate) const TABLES: [(&str, &str); 3] = [
    ("utilization", "savings_plans_utilization"),
    ("coverage", "savings_plans_coverage"),
    ("plan_utilization", "savings_plans_plan_utilization"),
];

/// An account that has no plans, of which Cost Explorer has no data.
pub(crate) async fn without_plans() -> World {
    with_settings(&[]).await
}

pub(crate) async fn with_settings(settings: &[(&str, &str)]) -> World {
    let world = World::with_settings(settings).await;
    has_plans(&world, &[]);
    for operation in OF_THE_PAYER {
        world.answers("ce", operation, no_data());
    }
    world
}

/// What Cost Explorer answers where no Savings Plans are in use.
pub(crate) fn no_data() -> Reply {
    Reply::error(
        400,
        "DataUnavailableException",
        "The requested data is unavailable.",
    )
}

/// An account that has one plan, and a payer that tells of it on every day.
pub(crate) async fn with_a_plan() -> World {
    let world = without_plans().await;
    has_plans(&world, &[plan("sp-1")]);
    uses(&world, &[("sp-1", "37.5")]);
    world
}

/// The account has these plans from now on.
pub(crate) fn has_plans(world: &World, plans: &[Value]) {
    world.answers("savingsplans", PLANS, plans_page(plans, None));
}

/// The payer tells of every day that these plans, each of 2.5 USD per hour, used so much of their 60.
pub(crate) fn uses(world: &World, plans: &[(&str, &str)]) {
    world.aws.on("ce", UTILIZATION, |call| {
        let days: Vec<Value> = days(call)
            .map(|day| json!({ "TimePeriod": period(day), "Utilization": { "TotalCommitment": "60" } }))
            .collect();
        Reply::json(json!({ "SavingsPlansUtilizationsByTime": days }))
    });
    world.aws.on("ce", COVERAGE, |call| {
        let days: Vec<Value> = days(call)
            .map(|day| json!({ "TimePeriod": period(day), "Coverage": { "CoveragePercentage": "75" } }))
            .collect();
        Reply::json(json!({ "SavingsPlansCoverages": days }))
    });
    let used: Vec<Value> = plans.iter().map(|(id, used)| detail(id, used)).collect();
    world.aws.on("ce", DETAILS, move |call| {
        assert_eq!(days(call).count(), 1, "a longer period is added up");
        details_page(call, &used, None)
    });
}

/// A page of GetSavingsPlansUtilizationDetails.
pub(crate) fn details_page(call: &Call, details: &[Value], token: Option<&str>) -> Reply {
    Reply::json(json!({
        "SavingsPlansUtilizationDetails": details, "NextToken": token, "TimePeriod": call.json["TimePeriod"]
    }))
}

/// What one plan used on one day.
pub(crate) fn detail(id: &str, used: &str) -> Value {
    json!({
        "SavingsPlanArn": arn(id),
        "Utilization": {
            "TotalCommitment": "60", "UsedCommitment": used, "UtilizationPercentage": used
        }
    })
}

/// A page of DescribeSavingsPlans.
pub(crate) fn plans_page(plans: &[Value], token: Option<&str>) -> Reply {
    Reply::json(json!({ "savingsPlans": plans, "nextToken": token }))
}

/// An active plan.
pub(crate) fn plan(id: &str) -> Value {
    json!({
        "savingsPlanId": id, "savingsPlanArn": arn(id), "state": "active", "savingsPlanType": "Compute",
        "paymentOption": "No Upfront", "commitment": "2.50", "currency": "USD", "termDurationInSeconds": 31_536_000,
        "start": "2026-03-01T00:00:00.000Z", "end": "2027-03-01T00:00:00.000Z"
    })
}

pub(crate) fn arn(id: &str) -> String {
    format!("arn:aws:savingsplans::{ACCOUNT}:savingsplan/{id}")
}

/// The days that a call asks for.
pub(crate) fn days(call: &Call) -> impl Iterator<Item = NaiveDate> + use<> {
    let [start, end] = ["Start", "End"].map(|name| date(&call.json["TimePeriod"][name]));
    start.iter_days().take_while(move |day| *day < end)
}

fn date(value: &Value) -> NaiveDate {
    value.as_str().unwrap().parse().unwrap()
}

pub(crate) fn period(day: NaiveDate) -> Value {
    json!({ "Start": day.to_string(), "End": (day + TimeDelta::days(1)).to_string() })
}

/// What was asked of Cost Explorer from call number `from` on, as `operation newest-oldest[ token]`, in days before the
/// day on which the last period of all ends, which is today.
pub(crate) fn asked_from(world: &World, from: usize) -> Vec<String> {
    let calls: Vec<Call> = of_cost_explorer(world);
    let today = calls
        .iter()
        .map(|call| date(&call.json["TimePeriod"]["End"]))
        .max();
    calls[from..]
        .iter()
        .map(|call| {
            let ago = |day: NaiveDate| (today.unwrap() - day).num_days();
            let of: Vec<NaiveDate> = days(call).collect();
            let text = format!(
                "{} {}-{} {}",
                call.operation,
                ago(of[of.len() - 1]),
                ago(of[0]),
                call.parameter("NextToken")
            );
            text.trim_end().to_owned()
        })
        .collect()
}

/// The calls that are billed.
pub(crate) fn of_cost_explorer(world: &World) -> Vec<Call> {
    let calls = world.aws.calls();
    calls
        .into_iter()
        .filter(|call| call.service == "ce")
        .collect()
}

/// As if this many days had gone by since everything that is stored was stored.
pub(crate) async fn days_pass(world: &World, days: u32) {
    for (table, times) in [
        ("savings_plans_utilization", "collected_at"),
        ("savings_plans_plan_utilization", "collected_at"),
        ("savings_plans_coverage", "collected_at"),
        ("savings_plans_reads", "read_at"),
        ("billed_calls", "noted_at"),
    ] {
        for statement in [
            format!("CREATE TABLE {table}_then AS {table}"),
            format!(
                "INSERT INTO {table}_then SELECT * REPLACE(day - {days} AS day, {times} - toIntervalDay({days}) AS {times}) FROM {table} FINAL"
            ),
            format!("EXCHANGE TABLES {table}_then AND {table}"),
            format!("DROP TABLE {table}_then"),
        ] {
            sql::execute(&world.store, &statement).await;
        }
    }
}

/// How many days of each series were read to their end, as `series days`.
pub(crate) async fn read_days(world: &World) -> Vec<String> {
    sql::lines(
        &world.store,
        "SELECT concat(series, ' ', toString(count())) FROM savings_plans_reads FINAL GROUP BY series ORDER BY series",
    )
    .await
}
