//! What the payer alone can tell: three series, each recorded day by day when it was read to its end.
//!
//! Invariant: that AWS has no data is an answer, and takes nothing away that was told before.

use aws_sdk_costexplorer::Client as CostExplorer;
use chrono::NaiveDate;
use clickhouse::Row;
use polo_collect::{CollectError, Sink, Target};
use polo_store::StoreError;
use serde::Deserialize;

use crate::days::{self, Range};
use crate::rows;
use crate::tables::Series;
use crate::{actions, fetch};

/// Totals first: of a payer without Savings Plans AWS has none, and then the plans need not be asked for day by day.
pub(crate) async fn read(
    client: &CostExplorer,
    target: &Target,
    sink: &mut Sink<'_>,
) -> Result<(), CollectError> {
    let today = target.look().started_at().date_naive();
    let month = days::totals(today);
    let in_use = utilization(client, target, sink, month).await?;
    coverage(client, target, sink, month).await?;
    if in_use {
        let last_read = last_detail(target, sink).await?;
        // The oldest first: where the budget ends, the days after it are asked for again by the next run.
        for day in days::details(today, last_read).days() {
            details(client, target, sink, Range::day(day)).await?;
        }
    }
    Ok(())
}

async fn utilization(
    client: &CostExplorer,
    target: &Target,
    sink: &mut Sink<'_>,
    month: Range,
) -> Result<bool, CollectError> {
    let Some(answer) = fetch::utilization(client, sink, month).await? else {
        return Ok(false);
    };
    let rows = rows::utilization(target, month, answer.savings_plans_utilizations_by_time())?;
    sink.rows(rows).await?;
    record(target, sink, Series::Utilization, month).await?;
    Ok(true)
}

async fn coverage(
    client: &CostExplorer,
    target: &Target,
    sink: &mut Sink<'_>,
    month: Range,
) -> Result<(), CollectError> {
    let mut pages = fetch::coverage(client, month);
    while pages.more()? {
        sink.spend(actions::COVERAGE, 1).await?;
        let Some(page) = pages.next().await?.flatten() else {
            return Ok(());
        };
        let rows = rows::coverage(target, month, page.savings_plans_coverages())?;
        sink.rows(rows).await?;
    }
    record(target, sink, Series::Coverage, month).await
}

async fn details(
    client: &CostExplorer,
    target: &Target,
    sink: &mut Sink<'_>,
    day: Range,
) -> Result<(), CollectError> {
    let mut pages = fetch::details(client, day);
    while pages.more()? {
        sink.spend(actions::DETAILS, 1).await?;
        let Some(page) = pages.next().await?.flatten() else {
            return Ok(());
        };
        let rows =
            rows::plan_utilization(target, day.first, page.savings_plans_utilization_details())?;
        sink.rows(rows).await?;
    }
    record(target, sink, Series::PlanUtilization, day).await
}

async fn record(
    target: &Target,
    sink: &mut Sink<'_>,
    series: Series,
    range: Range,
) -> Result<(), CollectError> {
    sink.notes(rows::reads(target, series, range)).await?;
    Ok(())
}

#[derive(Debug, Row, Deserialize)]
struct LastDay {
    #[serde(with = "clickhouse::serde::chrono::date::option")]
    day: Option<NaiveDate>,
}

/// The last day for which the single plans were read.
async fn last_detail(target: &Target, sink: &Sink<'_>) -> Result<Option<NaiveDate>, StoreError> {
    let query = sink
        .store()
        .query(
            "SELECT max(toNullable(r.day)) AS day FROM (SELECT * FROM savings_plans_reads FINAL) AS r
             WHERE r.payer_account_id = {payer:String} AND r.series = {series:String}",
        )
        .param("payer", target.account_id().as_str())
        .param("series", Series::PlanUtilization.as_str());
    let rows: Vec<LastDay> = sink
        .store()
        .fetch("read savings_plans_reads", query)
        .await?;
    Ok(rows.into_iter().find_map(|row| row.day))
}
