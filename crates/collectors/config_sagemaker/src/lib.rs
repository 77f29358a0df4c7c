//! SageMaker's inventory of one region: notebook instances, endpoints with what runs behind them, endpoint
//! configurations and models.
//!
//! Invariant: `fetch` calls AWS and knows no rows, `rows` makes rows and calls nothing. Notebook instances and models are
//! listed and never described, because their descriptions hold scripts and environment variables.

mod details;
mod fetch;
pub mod rows;
mod variants;

use aws_sdk_sagemaker::Client;
use polo_collect::{CollectError, Collector, Sink, Target};

/// The collector.
pub struct ConfigSagemaker;

impl Collector for ConfigSagemaker {
    const ID: &'static str = "config_sagemaker";
    const MANIFEST: &'static str = include_str!("../collector.json");

    fn new() -> Self {
        Self
    }

    async fn collect(&self, target: &Target, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let client = Client::new(target.aws());
        fetch::notebook_instances(&client, target, sink).await?;
        fetch::models(&client, target, sink).await?;
        let mut configs = fetch::endpoint_configs(&client, target, sink).await?;
        fetch::endpoints(&client, target, sink, &mut configs).await
    }
}
