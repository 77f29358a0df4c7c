//! The cap on calls that AWS bills: so much in a run, so much in a day.
//!
//! Invariant: a billed call is noted in the database before it is made. What was made is counted even if the function
//! dies with the answer in its hands, and what the budget does not allow is never asked.

use std::sync::atomic::{AtomicU64, Ordering};

use polo_aws::AwsFailure;
use polo_core::manifest::Billing;
use polo_core::{AccountId, ErrorClass};
use polo_store::Store;
use polo_store::billed_calls::BilledCall;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::CollectError;

/// What one run may still ask.
pub(crate) struct Budget<'a> {
    pub(crate) store: &'a Store,
    pub(crate) account_id: &'a AccountId,
    pub(crate) collector: &'static str,
    pub(crate) run_id: Uuid,
    /// None where the manifest declares nothing that is billed.
    pub(crate) billing: Option<&'a Billing>,
    /// What all runs of this account and day may cost; the manifest's own cap unless the deployment sets another.
    pub(crate) day_usd_at_most: Decimal,
    asked: AtomicU64,
}

impl<'a> Budget<'a> {
    pub(crate) fn new(
        store: &'a Store,
        account_id: &'a AccountId,
        collector: &'static str,
        run_id: Uuid,
        billing: Option<&'a Billing>,
        day_usd_at_most: Option<Decimal>,
    ) -> Self {
        Self {
            store,
            account_id,
            collector,
            run_id,
            billing,
            day_usd_at_most: day_usd_at_most
                .or(billing.map(|billing| billing.day_usd_at_most))
                .unwrap_or_default(),
            asked: AtomicU64::new(0),
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
        let asked = self.asked.fetch_add(units, Ordering::SeqCst) + units;
        if asked > billing.run_units_at_most {
            let reached = format!(
                "this run may ask {} {}s at most (run_units_at_most in collector.json)",
                billing.run_units_at_most, billing.unit
            );
            return Err(over_budget(action, reached));
        }
        let call = BilledCall {
            account_id: self.account_id,
            collector: self.collector,
            run_id: self.run_id,
            action,
            unit: &billing.unit,
            units,
            cost_usd: billing.usd(units),
        };
        let (note, day_usd) = self.store.note_billed_call(&call).await?;
        if day_usd <= self.day_usd_at_most {
            return Ok(());
        }
        self.store.withdraw_billed_call(&call, note).await?;
        let reached = format!(
            "{} of account {} may cost {} USD a day, and this call would make it {}: raise POLO_DAY_USD_AT_MOST of the \
             function, or wait for the next day (UTC)",
            self.collector,
            self.account_id,
            self.day_usd_at_most.normalize(),
            day_usd.normalize()
        );
        Err(over_budget(action, reached))
    }
}

fn over_budget(action: &'static str, reached: String) -> CollectError {
    AwsFailure::new(ErrorClass::Budget, action, "BudgetReached", reached).into()
}
