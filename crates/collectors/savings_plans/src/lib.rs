//! Savings Plans: what each account has committed itself to, and, as the payer tells it, how well that is used and how
//! much of the cost it covers.
//!
//! Invariant: in every account its own plans are listed and nothing is billed; what Cost Explorer bills is asked of the
//! payer alone.

mod actions;
mod days;
mod fetch;
mod payer;
mod plans;
mod rows;
mod tables;

use aws_sdk_costexplorer::Client as CostExplorer;
use aws_sdk_savingsplans::Client;
use polo_collect::{CollectError, Collector, Sink, Target};
use polo_core::Place;

/// The collector.
pub struct SavingsPlans;

impl Collector for SavingsPlans {
    const ID: &'static str = "savings_plans";
    const MANIFEST: &'static str = include_str!("../collector.json");

    fn new() -> Self {
        Self
    }

    async fn collect(&self, target: &Target, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        match target.place() {
            Place::Payer => payer::read(&CostExplorer::new(target.aws()), target, sink).await,
            Place::Account | Place::Region(_) => {
                fetch::plans(&Client::new(target.aws()), target, sink).await
            }
        }
    }
}
