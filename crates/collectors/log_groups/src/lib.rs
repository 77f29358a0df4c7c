//! The log groups of one region: how long each keeps its events, and how many bytes it holds day by day.
//!
//! Invariant: `fetch` calls AWS and knows no rows, `rows` makes rows and calls nothing. Bytes change with every look:
//! they are a series of their own, never part of a resource.

mod fetch;
pub mod rows;

use aws_sdk_cloudwatchlogs::Client;
use polo_collect::{CollectError, Collector, Sink, Target};

/// The collector.
pub struct LogGroups;

impl Collector for LogGroups {
    const ID: &'static str = "log_groups";
    const MANIFEST: &'static str = include_str!("../collector.json");

    fn new() -> Self {
        Self
    }

    async fn collect(&self, target: &Target, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        fetch::log_groups(&Client::new(target.aws()), target, sink).await
    }
}
