//! The smallest collector there is: it puts the volumes of a region on a shelf.

use aws_sdk_ec2::types::Volume;
use polo_aws::classify;
use polo_collect::{CollectError, Collector, SeenResource, Sink, Target};
use serde_json::json;

/// The collector.
pub(crate) struct Shelf;

/// Its manifest.
pub(crate) const MANIFEST: &str = r#"{
    "id": "shelf", "description": "volumes", "schedule": "daily", "scope": "region", "period_hours": 24,
    "freshness_hours": 36, "memory_mb": 128, "timeout_s": 900,
    "read_actions": ["ec2:DescribeRegions", "ec2:DescribeVolumes"], "tables": ["resources", "resource_changes"]
}"#;

impl Collector for Shelf {
    const ID: &'static str = "shelf";
    const MANIFEST: &'static str = MANIFEST;

    fn new() -> Self {
        Self
    }

    async fn collect(&self, target: &Target, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let client = aws_sdk_ec2::Client::new(target.aws());
        let mut pages = client.describe_volumes().into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page
                .map_err(|error| classify("ec2:DescribeVolumes", Some(target.region()), &error))?;
            let volumes = page
                .volumes()
                .iter()
                .filter_map(|volume| seen(target, volume));
            sink.resources(volumes.collect::<Vec<_>>()).await?;
        }
        Ok(())
    }
}

fn seen(target: &Target, volume: &Volume) -> Option<SeenResource> {
    let id = volume.volume_id()?;
    Some(SeenResource {
        resource_type: "ec2_volume",
        resource_id: id.to_owned(),
        arn: target.arn("ec2", &format!("volume/{id}")),
        name: String::new(),
        state: volume
            .state()
            .map(|state| state.as_str().to_owned())
            .unwrap_or_default(),
        tags: Vec::new(),
        attributes: json!({}),
    })
}
