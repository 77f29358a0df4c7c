//! S3's general purpose buckets of one account, wherever they are, each with what decides its cost: versioning,
//! lifecycle rules, encryption, public access.
//!
//! Invariants: `fetch` calls AWS and knows no rows, `rows` makes rows and calls nothing; a bucket is asked in its own
//! region; a detail that cannot be read leaves the bucket's row with what is known, and names the detail.

mod clients;
mod details;
mod fetch;
mod lifecycle;
mod rows;

use polo_collect::{CollectError, Collector, Sink, Target};

/// The collector.
pub struct ConfigS3;

impl Collector for ConfigS3 {
    const ID: &'static str = "config_s3";
    const MANIFEST: &'static str = include_str!("../collector.json");

    fn new() -> Self {
        Self
    }

    async fn collect(&self, target: &Target, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let clients = clients::Clients::new(target.aws());
        fetch::buckets(&clients, target, sink).await
    }
}
