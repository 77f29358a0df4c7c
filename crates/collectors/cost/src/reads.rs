//! What was read before: the collector's own tables, from which it tells what is left to do.
//!
//! Invariant: only complete reads are seen here, whatever a run that was cut off has stored beyond them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use clickhouse::Row;
use polo_collect::Target;
use polo_store::{Store, StoreError};
use serde::Deserialize;

use crate::days::Read;
use crate::grouping::Grouping;

#[derive(Debug, Row, Deserialize)]
struct ReadOfDay {
    region: String,
    #[serde(with = "clickhouse::serde::chrono::date")]
    day: NaiveDate,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    read_at: DateTime<Utc>,
    estimated: bool,
}

#[derive(Debug, Row, Deserialize)]
struct SpendOfDay {
    #[serde(with = "clickhouse::serde::chrono::date")]
    day: NaiveDate,
    region: String,
}

/// The last complete reads of a grouping without regions, from a day on.
pub(crate) async fn daily(
    store: &Store,
    target: &Target,
    grouping: Grouping,
    since: NaiveDate,
) -> Result<BTreeMap<NaiveDate, Read>, StoreError> {
    let rows = of_grouping(store, target, grouping, since).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let read = Read {
                on: row.read_at.date_naive(),
                estimated: row.estimated,
            };
            (row.day, read)
        })
        .collect())
}

/// The day of the last complete read of each region and day, from a day on.
pub(crate) async fn detail(
    store: &Store,
    target: &Target,
    since: NaiveDate,
) -> Result<BTreeMap<(String, NaiveDate), NaiveDate>, StoreError> {
    let rows = of_grouping(store, target, Grouping::AccountServiceRegion, since).await?;
    Ok(rows
        .into_iter()
        .map(|row| ((row.region, row.day), row.read_at.date_naive()))
        .collect())
}

/// The regions in which each day cost something, from a day on. A region of which only an earlier detail tells is among
/// them: asked again, it shows that there is nothing any more.
pub(crate) async fn spend(
    store: &Store,
    target: &Target,
    since: NaiveDate,
) -> Result<BTreeMap<NaiveDate, BTreeSet<String>>, StoreError> {
    let query = store
        .query(
            "SELECT DISTINCT c.day AS day, toString(c.region) AS region FROM cost_current AS c
             WHERE c.payer_account_id = {payer:String} AND c.grouping IN ('region', 'account_service_region')
               AND c.day >= toDate({since:String}) AND c.region != ''
               AND (c.unblended_cost != 0 OR c.amortized_cost != 0)",
        )
        .param("payer", target.account_id().as_str())
        .param("since", since.to_string());
    let rows: Vec<SpendOfDay> = store.fetch("read the regions with spend", query).await?;
    let mut spend: BTreeMap<NaiveDate, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        spend.entry(row.day).or_default().insert(row.region);
    }
    Ok(spend)
}

async fn of_grouping(
    store: &Store,
    target: &Target,
    grouping: Grouping,
    since: NaiveDate,
) -> Result<Vec<ReadOfDay>, StoreError> {
    let query = store
        .query(
            "SELECT toString(r.region) AS region, r.day AS day, r.read_at AS read_at, r.estimated AS estimated
             FROM (SELECT * FROM cost_reads FINAL) AS r
             WHERE r.payer_account_id = {payer:String} AND r.grouping = {grouping:String} AND r.day >= toDate({since:String})",
        )
        .param("payer", target.account_id().as_str())
        .param("grouping", grouping.as_str())
        .param("since", since.to_string());
    store.fetch("read cost_reads", query).await
}
