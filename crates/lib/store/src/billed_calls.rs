//! What billed APIs were asked, `billed_calls`: a note per run, action and day, which covers each call before it is made, so that
//! a crash leaves no call uncounted.
//!
//! Invariant: a note is made first and the day's sum read after it. Of two runs that meet at the limit both may stop,
//! but never do both pass.

use chrono::{DateTime, NaiveDate, Utc};
use clickhouse::Row;
use polo_core::{AccountId, CollectorId, Version};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::amount::Amount;
use crate::resources::Origin;
use crate::{Store, StoreError, TableRow};

/// Who makes billed calls of one kind.
#[derive(Debug, Clone)]
pub struct BilledCall<'a> {
    /// The run, in the account whose credentials make the calls, and which is billed.
    pub origin: &'a Origin,
    /// The operation in IAM's words.
    pub action: &'static str,
    /// What is counted.
    pub unit: &'a str,
}

/// A note of calls that are about to be made.
#[derive(Debug, Clone, Copy)]
pub struct Note {
    call_id: Uuid,
    day: NaiveDate,
    noted_at: Version,
}

impl Note {
    /// A new note, of the UTC day of this version.
    pub fn new(version: Version) -> Self {
        Self {
            call_id: Uuid::new_v4(),
            day: version.at().date_naive(),
            noted_at: version,
        }
    }

    /// Its UTC day.
    pub fn day(&self) -> NaiveDate {
        self.day
    }
}

#[derive(Row, Serialize)]
struct CallRow {
    account_id: AccountId,
    collector: CollectorId,
    #[serde(with = "clickhouse::serde::chrono::date")]
    day: NaiveDate,
    #[serde(with = "clickhouse::serde::uuid")]
    call_id: Uuid,
    #[serde(with = "clickhouse::serde::uuid")]
    run_id: Uuid,
    action: String,
    unit: String,
    units: u64,
    cost_usd: Amount,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    noted_at: DateTime<Utc>,
    _version: Version,
}

impl TableRow for CallRow {
    const TABLE: &'static str = "billed_calls";
}

#[derive(Row, Deserialize)]
struct Spent {
    cost_usd: Amount,
}

impl Store {
    /// Notes units and what they cost. The same note again, under a higher version, replaces what it said.
    pub async fn note_billed_units(
        &self,
        call: &BilledCall<'_>,
        note: Note,
        version: Version,
        units: u64,
        cost_usd: Decimal,
    ) -> Result<(), StoreError> {
        let row = CallRow {
            account_id: call.origin.account_id.clone(),
            collector: call.origin.collector.clone(),
            day: note.day,
            call_id: note.call_id,
            run_id: call.origin.run_id,
            action: call.action.to_owned(),
            unit: call.unit.to_owned(),
            units,
            cost_usd: cost_usd.into(),
            noted_at: note.noted_at.at(),
            _version: version,
        };
        self.insert(&[row]).await
    }

    /// What the calls of a collector cost in one account on the UTC day of a note, the note included.
    pub async fn day_usd(&self, origin: &Origin, note: Note) -> Result<Decimal, StoreError> {
        let query = self
            .client()
            .query(
                "SELECT toDecimal128(sum(cost_usd), 18) AS cost_usd FROM billed_calls FINAL
                 WHERE collector = {collector:String} AND account_id = {account:String} AND day = {day:String}",
            )
            .param("collector", origin.collector.as_str())
            .param("account", origin.account_id.as_str())
            .param("day", note.day.to_string());
        let spent = query.fetch_one::<Spent>();
        let spent = self.bounded("read billed_calls", spent).await?;
        Ok(spent.cost_usd.decimal())
    }
}
