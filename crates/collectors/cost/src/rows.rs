//! From Cost Explorer's words to rows. Pure.
//!
//! Invariant: an amount is the decimal that AWS wrote, in the currency that AWS named beside it. What is not of the shape
//! that AWS documents is an error that names the value: a figure of a bill is never guessed and never left out.

use std::collections::BTreeMap;

use aws_sdk_costexplorer::types::{Group, MetricValue, ResultByTime};
use chrono::{DateTime, NaiveDate, Utc};
use clickhouse::Row;
use polo_aws::AwsFailure;
use polo_collect::Target;
use polo_core::{ErrorClass, Version};
use polo_store::{Amount, TableRow};
use serde::Serialize;
use uuid::Uuid;

use crate::days::Range;
use crate::grouping::Grouping;
use crate::question::{ACTION, Question};

/// What is asked of each day: as it is invoiced, and with upfront payments spread over what they pay for.
pub(crate) const METRICS: [&str; 2] = ["UnblendedCost", "AmortizedCost"];

/// A row of `cost_daily`.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize)]
pub(crate) struct CostRow {
    payer_account_id: String,
    grouping: String,
    #[serde(with = "clickhouse::serde::chrono::date")]
    day: NaiveDate,
    account_id: String,
    service: String,
    region: String,
    currency: String,
    unblended_cost: Amount,
    amortized_cost: Amount,
    estimated: bool,
    #[serde(with = "clickhouse::serde::uuid")]
    run_id: Uuid,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    collected_at: DateTime<Utc>,
    _version: Version,
}

impl TableRow for CostRow {
    const TABLE: &'static str = "cost_daily";
}

/// A row of `cost_reads`.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize)]
pub(crate) struct ReadRow {
    payer_account_id: String,
    grouping: String,
    region: String,
    #[serde(with = "clickhouse::serde::chrono::date")]
    day: NaiveDate,
    estimated: bool,
    #[serde(with = "clickhouse::serde::uuid")]
    run_id: Uuid,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    read_at: DateTime<Utc>,
    _version: Version,
}

impl TableRow for ReadRow {
    const TABLE: &'static str = "cost_reads";
}

/// Which of the days asked for AWS calls an estimate.
#[derive(Debug)]
pub(crate) struct DayEstimates(BTreeMap<NaiveDate, Option<bool>>);

impl DayEstimates {
    /// Of a question that was not answered yet.
    pub(crate) fn of(range: Range) -> Self {
        Self(range.days().map(|day| (day, None)).collect())
    }

    /// Takes what one page tells.
    pub(crate) fn take(&mut self, results: &[ResultByTime]) {
        for result in results {
            let day = result
                .time_period()
                .and_then(|period| period.start.parse().ok());
            if let Some(told) = day.and_then(|day: NaiveDate| self.0.get_mut(&day)) {
                *told = Some(told.unwrap_or_default() || result.estimated());
            }
        }
    }
}

/// The costs on one page.
pub(crate) fn costs(
    target: &Target,
    question: Question<'_>,
    results: &[ResultByTime],
) -> Result<Vec<CostRow>, AwsFailure> {
    let mut rows = Vec::new();
    for result in results {
        let day = day(question, result)?;
        for group in result.groups() {
            rows.push(cost(target, question, day, result.estimated(), group)?);
        }
    }
    Ok(rows)
}

/// The record of a question that was read to its end. A day that AWS did not mention is one without cost; whether it
/// is an estimate is not known, so it counts as one.
pub(crate) fn reads(
    target: &Target,
    question: Question<'_>,
    estimates: &DayEstimates,
) -> Vec<ReadRow> {
    let look = target.look();
    let days = estimates.0.iter().map(|(day, estimated)| ReadRow {
        payer_account_id: target.account_id().to_string(),
        grouping: question.grouping.as_str().to_owned(),
        region: question.region.to_owned(),
        day: *day,
        estimated: estimated.unwrap_or(true),
        run_id: target.origin().run_id,
        read_at: look.started_at(),
        _version: look.version,
    });
    days.collect()
}

fn day(question: Question<'_>, result: &ResultByTime) -> Result<NaiveDate, AwsFailure> {
    let start = result.time_period().map_or("", |period| period.start());
    let day: Option<NaiveDate> = start.parse().ok();
    day.filter(|day| question.range.holds(*day)).ok_or_else(|| {
        unreadable(format!(
            "a result begins on {start:?}, which is none of the days from {} to {} that were asked for",
            question.range.first, question.range.last
        ))
    })
}

fn cost(
    target: &Target,
    question: Question<'_>,
    day: NaiveDate,
    estimated: bool,
    group: &Group,
) -> Result<CostRow, AwsFailure> {
    let key = |index: usize| group.keys().get(index).cloned().unwrap_or_default();
    let expected = question.grouping.keys();
    if group.keys().len() != expected.len() {
        return Err(unreadable(format!(
            "a group of {day} has the keys {:?}, but was asked for by {expected:?}",
            group.keys()
        )));
    }
    let (account_id, service, region) = match question.grouping {
        Grouping::AccountService => (key(0), key(1), String::new()),
        Grouping::Region => (String::new(), String::new(), key(0)),
        Grouping::AccountServiceRegion => (key(0), key(1), question.region.to_owned()),
    };
    let [(unblended_cost, currency), (amortized_cost, other)] = [
        metric(day, group, METRICS[0])?,
        metric(day, group, METRICS[1])?,
    ];
    if currency != other {
        return Err(unreadable(format!(
            "{} of {:?} on {day} is in {currency}, but {} in {other}",
            METRICS[0],
            group.keys(),
            METRICS[1]
        )));
    }
    let look = target.look();
    Ok(CostRow {
        payer_account_id: target.account_id().to_string(),
        grouping: question.grouping.as_str().to_owned(),
        day,
        account_id,
        service,
        region,
        currency: currency.to_owned(),
        unblended_cost,
        amortized_cost,
        estimated,
        run_id: target.origin().run_id,
        collected_at: look.started_at(),
        _version: look.version,
    })
}

/// One metric of a group, with its currency.
fn metric<'a>(
    day: NaiveDate,
    group: &'a Group,
    name: &str,
) -> Result<(Amount, &'a str), AwsFailure> {
    let metric = group.metrics().and_then(|metrics| metrics.get(name));
    let text = metric.and_then(MetricValue::amount).unwrap_or_default();
    let currency = metric.and_then(MetricValue::unit).unwrap_or_default();
    let amount: Option<Amount> = text.parse().ok();
    match amount.filter(|_| !currency.is_empty()) {
        Some(amount) => Ok((amount, currency)),
        None => Err(unreadable(format!(
            "{name} of {:?} on {day} is {text:?} in the currency {currency:?}, which is no amount of money",
            group.keys()
        ))),
    }
}

fn unreadable(message: String) -> AwsFailure {
    AwsFailure::new(ErrorClass::Bug, ACTION, "UnreadableAnswer", message)
}
