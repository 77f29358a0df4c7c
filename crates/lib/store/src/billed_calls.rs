//! What billed APIs were asked, `billed_calls`: noted before each call, so that a crash leaves no call uncounted.
//!
//! Invariant: a note is made first and the day's sum read after it. Of two runs that meet at the limit both may stop,
//! but never do both pass.

use chrono::{DateTime, NaiveDate, Utc};
use clickhouse::Row;
use polo_core::AccountId;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::amount::Amount;
use crate::client::time_of;
use crate::{Store, StoreError, TableRow};

/// One call, or one batch of a call, that is about to be made.
#[derive(Debug, Clone)]
pub struct BilledCall<'a> {
    /// The account whose credentials make it, and which is billed.
    pub account_id: &'a AccountId,
    /// The collector.
    pub collector: &'static str,
    /// The run.
    pub run_id: Uuid,
    /// The operation in IAM's words.
    pub action: &'static str,
    /// What is counted.
    pub unit: &'a str,
    /// How many.
    pub units: u64,
    /// What they cost, in USD.
    pub cost_usd: Decimal,
}

/// A note of a call.
#[derive(Debug, Clone, Copy)]
pub struct Note {
    call_id: Uuid,
    day: NaiveDate,
    version: u64,
}

#[derive(Row, Serialize)]
struct CallRow {
    account_id: String,
    collector: String,
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
    _version: u64,
}

impl TableRow for CallRow {
    const TABLE: &'static str = "billed_calls";
}

#[derive(Row, Deserialize)]
struct Spent {
    cost_usd: Amount,
}

impl Store {
    /// Notes a call; returns the note and what this account's calls of this UTC day cost, this one included.
    pub async fn note_billed_call(
        &self,
        call: &BilledCall<'_>,
    ) -> Result<(Note, Decimal), StoreError> {
        let version = self.version().await?;
        let note = Note {
            call_id: Uuid::new_v4(),
            day: time_of(version).date_naive(),
            version,
        };
        self.write_note(call, note).await?;
        let query = self
            .client()
            .query(
                "SELECT toDecimal128(sum(cost_usd), 18) AS cost_usd FROM billed_calls FINAL
                 WHERE collector = {collector:String} AND account_id = {account:String} AND day = {day:String}",
            )
            .param("collector", call.collector)
            .param("account", call.account_id.as_str())
            .param("day", note.day.to_string());
        let spent: Vec<Spent> = self.fetch("read billed_calls", query).await?;
        let spent = spent
            .first()
            .map(|row| row.cost_usd.decimal())
            .unwrap_or_default();
        Ok((note, spent))
    }

    /// Takes a note back: the call was not made.
    pub async fn withdraw_billed_call(
        &self,
        call: &BilledCall<'_>,
        note: Note,
    ) -> Result<(), StoreError> {
        let none = BilledCall {
            units: 0,
            cost_usd: Decimal::ZERO,
            ..call.clone()
        };
        let note = Note {
            version: note.version + 1,
            ..note
        };
        self.write_note(&none, note).await
    }

    async fn write_note(&self, call: &BilledCall<'_>, note: Note) -> Result<(), StoreError> {
        let row = CallRow {
            account_id: call.account_id.to_string(),
            collector: call.collector.to_owned(),
            day: note.day,
            call_id: note.call_id,
            run_id: call.run_id,
            action: call.action.to_owned(),
            unit: call.unit.to_owned(),
            units: call.units,
            cost_usd: call.cost_usd.into(),
            noted_at: time_of(note.version),
            _version: note.version,
        };
        self.insert("write billed_calls", &[row]).await
    }
}
