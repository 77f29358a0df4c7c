//! Elastic Load Balancing in one region: load balancers of both generations and target groups, each with how many
//! healthy targets it has.
//!
//! Invariants: `fetch` calls AWS and knows no rows, `rows` makes rows and calls nothing; target groups are read before
//! load balancers, because only they tell what is behind one; a health that could not be read is no number.

mod fetch;
mod health;
mod rows;

use polo_collect::{CollectError, Collector, Sink, Target};

/// The collector.
pub struct ConfigElb;

impl Collector for ConfigElb {
    const ID: &'static str = "config_elb";
    const MANIFEST: &'static str = include_str!("../collector.json");

    fn new() -> Self {
        Self
    }

    async fn collect(&self, target: &Target, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let v2 = aws_sdk_elasticloadbalancingv2::Client::new(target.aws());
        let behind = fetch::v2::target_groups(&v2, target, sink).await?;
        fetch::v2::load_balancers(&v2, target, sink, &behind).await?;
        let classic = aws_sdk_elasticloadbalancing::Client::new(target.aws());
        fetch::classic::load_balancers(&classic, target, sink).await
    }
}
