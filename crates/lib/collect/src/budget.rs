//! The cap on calls that AWS bills, for a run and for a day.
//!
//! Invariants: a billed call is noted in the database before it is made, so that it counts even if the function dies with the
//! answer in its hands. What the budget does not allow is never asked. Of two runs that meet at the limit both may stop, but
//! never do both pass, because the day's sum is read after the note is written.
//!
//! A run has one note per action and UTC day, which grows. It covers more units than the next call needs: as many as the run
//! has asked for so far, but no more than a tenth of its cap. So many calls need few statements. What is left at the end is
//! taken back, however the run ends; a process that dies leaves it counted.

use std::collections::BTreeMap;

use polo_aws::AwsFailure;
use polo_core::manifest::Billing;
use polo_core::{ErrorClass, Version};
use polo_store::billed_calls::{BilledCall, Note};
use polo_store::resources::Origin;
use polo_store::{EngineClock, Store, StoreError};
use rust_decimal::Decimal;
use tokio::sync::Mutex;

use crate::error::CollectError;

/// What one run may still ask.
pub(crate) struct Budget<'a> {
    store: &'a Store,
    clock: EngineClock,
    origin: &'a Origin,
    /// None if the manifest declares nothing that is billed.
    billing: Option<&'a Billing>,
    /// What all runs of this account and day may cost; the manifest's own cap unless the deployment sets another.
    day_usd_at_most: Decimal,
    spent: Mutex<Spent>,
}

#[derive(Default)]
struct Spent {
    /// Units that the run has asked for, refused ones included.
    asked: u64,
    /// Whether the day has no room for more than what the next call needs.
    is_tight: bool,
    /// The note of each action.
    notes: BTreeMap<&'static str, Noted>,
}

/// What one note covers. It is entered here before it is written, so that a note that is cut off can be taken back.
struct Noted {
    note: Note,
    units: u64,
    used: u64,
}

impl Spent {
    /// The note of an action; a new one of this version's day if there is none.
    fn of(&mut self, action: &'static str, version: Version) -> &mut Noted {
        self.notes.entry(action).or_insert_with(|| Noted {
            note: Note::new(version),
            units: 0,
            used: 0,
        })
    }
}

impl<'a> Budget<'a> {
    pub(crate) fn new(
        store: &'a Store,
        clock: EngineClock,
        origin: &'a Origin,
        billing: Option<&'a Billing>,
        day_usd_at_most: Option<Decimal>,
    ) -> Self {
        Self {
            store,
            clock,
            origin,
            billing,
            day_usd_at_most: day_usd_at_most
                .or(billing.map(|billing| billing.day_usd_at_most))
                .unwrap_or_default(),
            spent: Mutex::default(),
        }
    }

    /// Takes units out of the budget, before the call that is billed for them.
    pub(crate) async fn spend(&self, action: &'static str, units: u64) -> Result<(), CollectError> {
        let Some(billing) = self.billing else {
            return Err(AwsFailure::new(
                ErrorClass::Bug,
                action,
                "NotDeclared",
                "the call is billed, but the manifest declares no billing",
            )
            .into());
        };
        let mut spent = self.spent.lock().await;
        let asked_before = spent.asked;
        spent.asked += units;
        if spent.asked > billing.run_units_at_most {
            let reached = format!(
                "this run may ask {} {}s at most (run_units_at_most in collector.json)",
                billing.run_units_at_most, billing.unit
            );
            return Err(over_budget(action, reached));
        }
        let now = self.clock.version();
        let is_of_another_day = |noted: &&Noted| noted.note.day() != now.at().date_naive();
        if let Some(earlier) = spent.notes.get(action).filter(is_of_another_day) {
            self.write(billing, action, earlier.note, earlier.used)
                .await?;
            spent.notes.remove(action);
        }
        let extra = asked_before.min(billing.run_units_at_most / 10);
        let extra = extra.min(billing.run_units_at_most - spent.asked);
        let noted = spent.of(action, now);
        let needed = noted.used + units;
        if needed > noted.units {
            let wanted = if spent.is_tight {
                needed
            } else {
                needed + extra
            };
            self.note(billing, action, &mut spent, needed, wanted)
                .await?;
        }
        spent.of(action, now).used = needed;
        Ok(())
    }

    /// Notes `wanted` units, or only the `needed` ones if the day has no room for more.
    async fn note(
        &self,
        billing: &Billing,
        action: &'static str,
        spent: &mut Spent,
        needed: u64,
        wanted: u64,
    ) -> Result<(), CollectError> {
        let noted = spent.of(action, self.clock.version());
        let (note, used) = (noted.note, noted.used);
        noted.units = wanted;
        self.write(billing, action, note, wanted).await?;
        if self.store.day_usd(self.origin, note).await? <= self.day_usd_at_most {
            return Ok(());
        }
        // From now on only what is needed is noted, and what is not used is room.
        spent.is_tight = true;
        self.take_back(billing, spent, Some(action)).await?;
        self.set(billing, action, spent, needed).await?;
        let day_usd = self.store.day_usd(self.origin, note).await?;
        if day_usd <= self.day_usd_at_most {
            return Ok(());
        }
        self.set(billing, action, spent, used).await?;
        let reached = format!(
            "{} of account {} may cost {} USD a day, and this call would make it {}: raise POLO_DAY_USD_AT_MOST of the \
             function, or wait for the next day (UTC)",
            self.origin.collector,
            self.origin.account_id,
            self.day_usd_at_most.normalize(),
            day_usd.normalize()
        );
        Err(over_budget(action, reached))
    }

    async fn set(
        &self,
        billing: &Billing,
        action: &'static str,
        spent: &mut Spent,
        units: u64,
    ) -> Result<(), StoreError> {
        let noted = spent.of(action, self.clock.version());
        self.write(billing, action, noted.note, units).await?;
        noted.units = units;
        Ok(())
    }

    /// Takes back what was noted and not used.
    pub(crate) async fn settle(&self) -> Result<(), StoreError> {
        let Some(billing) = self.billing else {
            return Ok(());
        };
        let mut spent = self.spent.lock().await;
        self.take_back(billing, &mut spent, None).await
    }

    async fn take_back(
        &self,
        billing: &Billing,
        spent: &mut Spent,
        except: Option<&'static str>,
    ) -> Result<(), StoreError> {
        for (action, noted) in &mut spent.notes {
            if Some(*action) != except && noted.units > noted.used {
                self.write(billing, action, noted.note, noted.used).await?;
                noted.units = noted.used;
            }
        }
        Ok(())
    }

    async fn write(
        &self,
        billing: &Billing,
        action: &'static str,
        note: Note,
        units: u64,
    ) -> Result<(), StoreError> {
        let call = BilledCall {
            origin: self.origin,
            action,
            unit: &billing.unit,
        };
        let version = self.clock.version();
        self.store
            .note_billed_units(&call, note, version, units, billing.usd(units))
            .await
    }
}

fn over_budget(action: &'static str, reached: String) -> CollectError {
    AwsFailure::new(ErrorClass::Budget, action, "BudgetReached", reached).into()
}
