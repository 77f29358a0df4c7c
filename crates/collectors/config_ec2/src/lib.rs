//! EC2's inventory of one region: instances, volumes, own snapshots, Elastic IP addresses and NAT gateways, each with
//! what it costs or wastes on.
//!
//! Invariant: `fetch` calls AWS and knows no rows, `rows` makes rows and calls nothing.

mod fetch;
pub mod rows;

use aws_sdk_ec2::Client;
use polo_collect::{CollectError, Collector, Sink, Target};

/// The collector.
pub struct ConfigEc2;

impl Collector for ConfigEc2 {
    const ID: &'static str = "config_ec2";
    const MANIFEST: &'static str = include_str!("../collector.json");

    fn new() -> Self {
        Self
    }

    async fn collect(&self, target: &Target, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let client = Client::new(target.aws());
        fetch::instances(&client, target, sink).await?;
        fetch::volumes(&client, target, sink).await?;
        fetch::snapshots(&client, target, sink).await?;
        fetch::addresses(&client, target, sink).await?;
        fetch::nat_gateways(&client, target, sink).await
    }
}
