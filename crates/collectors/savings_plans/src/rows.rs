//! From Cost Explorer's words to rows. Pure.
//!
//! Invariant: a figure is the decimal that AWS wrote, and NULL where it wrote none. What is not of the shape that AWS
//! documents is an error that names the value.

use aws_sdk_costexplorer::types::{
    DateInterval, SavingsPlansAmortizedCommitment, SavingsPlansCoverage, SavingsPlansSavings,
    SavingsPlansUtilization, SavingsPlansUtilizationByTime, SavingsPlansUtilizationDetail,
};
use chrono::NaiveDate;
use polo_aws::AwsFailure;
use polo_collect::Target;
use polo_core::ErrorClass;
use polo_store::Amount;

use crate::actions::{COVERAGE, DETAILS, UTILIZATION};
use crate::days::Range;
use crate::tables::{CoverageRow, PlanUtilizationRow, ReadRow, Series, UtilizationRow};

/// All plans together, a row per day.
pub(crate) fn utilization(
    target: &Target,
    range: Range,
    by_time: &[SavingsPlansUtilizationByTime],
) -> Result<Vec<UtilizationRow>, AwsFailure> {
    let rows = by_time.iter().map(|told| {
        let day = day(UTILIZATION, range, told.time_period())?;
        let figures = Figures::of(
            UTILIZATION,
            &day.to_string(),
            told.utilization(),
            told.savings(),
            told.amortized_commitment(),
        )?;
        let look = target.look();
        Ok(UtilizationRow {
            payer_account_id: target.account_id().to_string(),
            day,
            total_commitment: figures.total_commitment,
            used_commitment: figures.used_commitment,
            unused_commitment: figures.unused_commitment,
            utilization_percent: figures.utilization_percent,
            net_savings: figures.net_savings,
            on_demand_cost_equivalent: figures.on_demand_cost_equivalent,
            amortized_recurring_commitment: figures.amortized_recurring_commitment,
            amortized_upfront_commitment: figures.amortized_upfront_commitment,
            total_amortized_commitment: figures.total_amortized_commitment,
            run_id: target.origin().run_id,
            collected_at: look.started_at(),
            _version: look.version,
        })
    });
    rows.collect()
}

/// Each plan on one day. A plan's ARN names the account that it belongs to.
pub(crate) fn plan_utilization(
    target: &Target,
    day: NaiveDate,
    details: &[SavingsPlansUtilizationDetail],
) -> Result<Vec<PlanUtilizationRow>, AwsFailure> {
    let rows = details.iter().map(|told| {
        let arn = told.savings_plan_arn().filter(|arn| !arn.is_empty());
        let arn = arn.ok_or_else(|| {
            unreadable(
                DETAILS,
                format!("the figures of a plan on {day} name no plan"),
            )
        })?;
        let figures = Figures::of(
            DETAILS,
            &format!("{arn} on {day}"),
            told.utilization(),
            told.savings(),
            told.amortized_commitment(),
        )?;
        let look = target.look();
        Ok(PlanUtilizationRow {
            payer_account_id: target.account_id().to_string(),
            day,
            savings_plan_arn: arn.to_owned(),
            account_id: arn.split(':').nth(4).unwrap_or_default().to_owned(),
            total_commitment: figures.total_commitment,
            used_commitment: figures.used_commitment,
            unused_commitment: figures.unused_commitment,
            utilization_percent: figures.utilization_percent,
            net_savings: figures.net_savings,
            on_demand_cost_equivalent: figures.on_demand_cost_equivalent,
            amortized_recurring_commitment: figures.amortized_recurring_commitment,
            amortized_upfront_commitment: figures.amortized_upfront_commitment,
            total_amortized_commitment: figures.total_amortized_commitment,
            run_id: target.origin().run_id,
            collected_at: look.started_at(),
            _version: look.version,
        })
    });
    rows.collect()
}

/// What plans covered, a row per day.
pub(crate) fn coverage(
    target: &Target,
    range: Range,
    coverages: &[SavingsPlansCoverage],
) -> Result<Vec<CoverageRow>, AwsFailure> {
    let rows = coverages.iter().map(|told| {
        let day = day(COVERAGE, range, told.time_period())?;
        let data = told.coverage();
        let of = day.to_string();
        let figure = |name, text| figure(COVERAGE, &of, name, text);
        let look = target.look();
        Ok(CoverageRow {
            payer_account_id: target.account_id().to_string(),
            day,
            spend_covered: figure(
                "SpendCoveredBySavingsPlans",
                data.and_then(|data| data.spend_covered_by_savings_plans()),
            )?,
            on_demand_cost: figure("OnDemandCost", data.and_then(|data| data.on_demand_cost()))?,
            total_cost: figure("TotalCost", data.and_then(|data| data.total_cost()))?,
            coverage_percent: figure(
                "CoveragePercentage",
                data.and_then(|data| data.coverage_percentage()),
            )?,
            run_id: target.origin().run_id,
            collected_at: look.started_at(),
            _version: look.version,
        })
    });
    rows.collect()
}

/// The record of a series that was read to its end.
pub(crate) fn reads(target: &Target, series: Series, range: Range) -> Vec<ReadRow> {
    let look = target.look();
    let days = range.days().map(|day| ReadRow {
        payer_account_id: target.account_id().to_string(),
        series: series.as_str().to_owned(),
        day,
        run_id: target.origin().run_id,
        read_at: look.started_at(),
        _version: look.version,
    });
    days.collect()
}

/// What both series of utilisation tell.
struct Figures {
    total_commitment: Option<Amount>,
    used_commitment: Option<Amount>,
    unused_commitment: Option<Amount>,
    utilization_percent: Option<Amount>,
    net_savings: Option<Amount>,
    on_demand_cost_equivalent: Option<Amount>,
    amortized_recurring_commitment: Option<Amount>,
    amortized_upfront_commitment: Option<Amount>,
    total_amortized_commitment: Option<Amount>,
}

impl Figures {
    fn of(
        action: &str,
        of: &str,
        used: Option<&SavingsPlansUtilization>,
        savings: Option<&SavingsPlansSavings>,
        amortized: Option<&SavingsPlansAmortizedCommitment>,
    ) -> Result<Self, AwsFailure> {
        let figure = |name, text| figure(action, of, name, text);
        Ok(Self {
            total_commitment: figure(
                "TotalCommitment",
                used.and_then(|used| used.total_commitment()),
            )?,
            used_commitment: figure(
                "UsedCommitment",
                used.and_then(|used| used.used_commitment()),
            )?,
            unused_commitment: figure(
                "UnusedCommitment",
                used.and_then(|used| used.unused_commitment()),
            )?,
            utilization_percent: figure(
                "UtilizationPercentage",
                used.and_then(|used| used.utilization_percentage()),
            )?,
            net_savings: figure("NetSavings", savings.and_then(|saved| saved.net_savings()))?,
            on_demand_cost_equivalent: figure(
                "OnDemandCostEquivalent",
                savings.and_then(|saved| saved.on_demand_cost_equivalent()),
            )?,
            amortized_recurring_commitment: figure(
                "AmortizedRecurringCommitment",
                amortized.and_then(|cost| cost.amortized_recurring_commitment()),
            )?,
            amortized_upfront_commitment: figure(
                "AmortizedUpfrontCommitment",
                amortized.and_then(|cost| cost.amortized_upfront_commitment()),
            )?,
            total_amortized_commitment: figure(
                "TotalAmortizedCommitment",
                amortized.and_then(|cost| cost.total_amortized_commitment()),
            )?,
        })
    }
}

fn figure(
    action: &str,
    of: &str,
    name: &str,
    text: Option<&str>,
) -> Result<Option<Amount>, AwsFailure> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match text.parse() {
        Ok(amount) => Ok(Some(amount)),
        Err(_) => Err(unreadable(
            action,
            format!("{name} of {of} is {text:?}, which is no number"),
        )),
    }
}

fn day(action: &str, range: Range, period: Option<&DateInterval>) -> Result<NaiveDate, AwsFailure> {
    let start = period.map_or("", |period| period.start());
    let day: Option<NaiveDate> = start.parse().ok();
    day.filter(|day| range.holds(*day)).ok_or_else(|| {
        let message = format!(
            "a result begins on {start:?}, which is none of the days from {} to {} that were asked for",
            range.first, range.last
        );
        unreadable(action, message)
    })
}

fn unreadable(action: &str, message: String) -> AwsFailure {
    AwsFailure::new(ErrorClass::Bug, action, "UnreadableAnswer", message)
}
