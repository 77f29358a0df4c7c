//! A collector whose calls are billed: it reads volumes in every account, and in the payer asks for as many billed
//! pages as AWS has.

use aws_sdk_ec2::Client;
use polo_aws::classify;
use polo_collect::{CollectError, Collector, SeenResource, Sink, Target};
use polo_core::Place;
use serde_json::json;

const VOLUMES: &str = "ec2:DescribeVolumes";
const ADDRESSES: &str = "ec2:DescribeAddresses";
const BILLED: &str = "ec2:DescribeSnapshots";

/// The collector.
pub(crate) struct Till;

impl Collector for Till {
    const ID: &'static str = "till";
    const MANIFEST: &'static str = r#"{
        "id": "till", "description": "volumes, and billed pages", "schedule": "daily", "scope": "account_and_payer",
        "period_hours": 24, "freshness_hours": 36, "memory_mb": 128, "timeout_s": 900,
        "read_actions": ["ec2:DescribeAddresses", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"],
        "tables": ["resources", "resource_changes"],
        "billing": {
            "unit": "request", "usd_per_1000_units": "10.00", "run_units_at_most": 3, "day_usd_at_most": "0.05",
            "source": "https://aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing/"
        }
    }"#;

    fn new() -> Self {
        Self
    }

    async fn collect(&self, target: &Target, sink: &mut Sink<'_>) -> Result<(), CollectError> {
        let client = Client::new(target.aws());
        match target.place() {
            Place::Payer => pages(&client, target, sink).await,
            Place::Account | Place::Region(_) => volumes(&client, target, sink).await,
        }
    }
}

/// Every volume, each with a detail that is asked for with a call of its own.
async fn volumes(
    client: &Client,
    target: &Target,
    sink: &mut Sink<'_>,
) -> Result<(), CollectError> {
    let answer = client.describe_volumes().send().await;
    let answer = answer.map_err(|error| classify(VOLUMES, None, &error))?;
    for id in answer
        .volumes()
        .iter()
        .filter_map(|volume| volume.volume_id())
    {
        let detail = client.describe_addresses().public_ips(id).send().await;
        if let Err(error) = detail {
            sink.missing_detail(classify(ADDRESSES, None, &error));
        }
        sink.resources([resource(target, "ec2_volume", id)]).await?;
    }
    Ok(())
}

async fn pages(client: &Client, target: &Target, sink: &mut Sink<'_>) -> Result<(), CollectError> {
    let mut token = None;
    loop {
        sink.spend(BILLED, 1).await?;
        let page = client
            .describe_snapshots()
            .set_next_token(token)
            .send()
            .await;
        let page = page.map_err(|error| classify(BILLED, None, &error))?;
        for id in page
            .snapshots()
            .iter()
            .filter_map(|snapshot| snapshot.snapshot_id())
        {
            sink.resources([resource(target, "ec2_snapshot", id)])
                .await?;
        }
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            return Ok(());
        }
    }
}

fn resource(target: &Target, resource_type: &'static str, id: &str) -> SeenResource {
    SeenResource {
        resource_type,
        resource_id: id.to_owned(),
        arn: target.arn("ec2", id),
        name: String::new(),
        state: String::new(),
        tags: Vec::new(),
        attributes: json!({}),
    }
}
