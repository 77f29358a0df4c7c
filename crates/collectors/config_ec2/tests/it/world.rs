//! An active account with one region in which EC2 is empty, until a test puts something there.

use std::time::Duration;

use config_ec2::ConfigEc2;
use polo_aws::{Backoff, Clock};
use polo_core::Invocation;
use polo_runtime::run::CollectorFunction;
use polo_runtime::{Config, Context, Function, Request};
use polo_store::Store;
use polo_testkit::aws::{FakeAws, Reply, assume_role, ec2_page, regions_page};
use polo_testkit::clickhouse::{engine_url, fresh_store};
use polo_testkit::{accounts, sql};
use serde_json::{Value, json};

/// The account.
pub(crate) const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";
const NEVER: &str = "2099-01-01T00:00:00Z";

/// The listings, each with its list's element.
pub(crate) const LISTINGS: [(&str, &str); 5] = [
    ("DescribeInstances", "reservationSet"),
    ("DescribeVolumes", "volumeSet"),
    ("DescribeSnapshots", "snapshotSet"),
    ("DescribeAddresses", "addressesSet"),
    ("DescribeNatGateways", "natGatewaySet"),
];

/// The world of a test.
pub(crate) struct World {
    /// AWS.
    pub(crate) aws: FakeAws,
    store: Store,
    function: CollectorFunction<ConfigEc2>,
}

impl World {
    /// An account in which there is nothing.
    pub(crate) async fn new() -> Self {
        let store = fresh_store().await;
        accounts::active(&store, ACCOUNT).await;
        let aws = FakeAws::new();
        aws.on("sts", "AssumeRole", |call| assume_role(call, NEVER));
        aws.on("ec2", "DescribeRegions", |_| {
            regions_page(&[(REGION, "opt-in-not-required")])
        });
        for (operation, set) in LISTINGS {
            aws.on("ec2", operation, move |_| {
                ec2_page(operation, set, "", None)
            });
        }
        let config = Config::from_lookup(&|name| match name {
            "CLICKHOUSE_URL" => Some(engine_url().to_owned()),
            "CLICKHOUSE_DATABASE" => Some(store.database().to_owned()),
            _ => None,
        })
        .unwrap();
        let backoff = Backoff {
            attempts: 2,
            base: Duration::ZERO,
            cap: Duration::ZERO,
            ..Backoff::default()
        };
        let context = Context::new("config_ec2", config, aws.config(), Clock::system(), backoff);
        Self {
            aws,
            store,
            function: CollectorFunction::new(context).unwrap(),
        }
    }

    /// One operation answers with this from now on.
    pub(crate) fn answers(&self, operation: &'static str, reply: Reply) {
        self.aws.on("ec2", operation, move |_| reply.clone());
    }

    /// One operation answers with these pages; the token of a page is its number.
    pub(crate) fn answers_pages(&self, operation: &'static str, pages: Vec<Reply>) {
        self.aws.on("ec2", operation, move |call| {
            let asked = call.parameter("NextToken").parse().unwrap_or(0_usize);
            pages[asked].clone()
        });
    }

    /// A run, begun by hand.
    pub(crate) async fn run(&self, request_id: &str) -> Value {
        let invocation = Invocation::parse(&json!({"account_id": ACCOUNT}), request_id).unwrap();
        let request = Request {
            request_id: request_id.to_owned(),
            deadline_at: None,
        };
        self.function.handle(invocation, &request).await.unwrap()
    }

    /// What is there, a JSON object each.
    pub(crate) async fn resources(&self) -> Vec<Value> {
        let rows = sql::lines(
            &self.store,
            "SELECT resource_type, resource_id, arn, name, state, tags, attributes FROM v_resources
             ORDER BY resource_type, resource_id FORMAT JSONEachRow",
        )
        .await;
        rows.iter()
            .map(|row| {
                let mut row: Value = serde_json::from_str(row).unwrap();
                let attributes = row["attributes"].as_str().unwrap();
                row["attributes"] = serde_json::from_str(attributes).unwrap();
                row
            })
            .collect()
    }

    /// The ids of what is there.
    pub(crate) async fn ids(&self) -> Vec<String> {
        let resources = self.resources().await;
        resources
            .iter()
            .map(|row| row["resource_id"].as_str().unwrap().to_owned())
            .collect()
    }
}
