//! The tags of one region's resources, of whatever service: what nobody else asks for is found here, by its ARN.
//!
//! Invariant: `fetch` calls AWS and knows no rows, `rows` makes rows and calls nothing.

mod fetch;
pub mod rows;

use aws_sdk_resourcegroupstagging::Client;
use polo_collect::{CollectError, Collector, Sink, Target};

/// The collector.
pub struct Tags;

impl Collector for Tags {
    const ID: &'static str = "tags";
    const MANIFEST: &'static str = include_str!("../collector.json");

    fn new() -> Self {
        Self
    }

    async fn collect(&self, target: &Target, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        fetch::resources(&Client::new(target.aws()), target, sink).await
    }
}
