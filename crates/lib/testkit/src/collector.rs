//! A collector under test: an active account, a wire-level AWS, a database of its own, and the run loop itself.
//!
//! Invariant: nothing is mocked but AWS's answers; what a test reads is what the views show.

use std::marker::PhantomData;
use std::time::Duration;

use polo_aws::{Backoff, Clock};
use polo_collect::Collector;
use polo_collect::CollectorFunction;
use polo_core::{CollectorManifest, Scope};
use polo_runtime::{Config, Context, Function, FunctionError};
use polo_store::Store;
use serde_json::{Value, json};

use crate::aws::{FakeAws, Reply, assume_role, regions_page};
use crate::clickhouse::{engine_url, fresh_store};
use crate::{accounts, sql};

/// The account that is collected from.
pub const ACCOUNT: &str = "123456789012";
/// Its one region, until a test says otherwise.
pub const REGION: &str = "us-east-1";
/// When the credentials of a test expire.
pub const NEVER: &str = "2099-01-01T00:00:00Z";

/// The world of one test.
pub struct World<C: Collector> {
    /// AWS: knows AssumeRole and, for a collector by region, DescribeRegions with one region.
    pub aws: FakeAws,
    /// The database.
    pub store: Store,
    function: CollectorFunction<C>,
    _kind: PhantomData<C>,
}

impl<C: Collector> World<C> {
    /// An active account, which pays for itself where the collector asks payers.
    ///
    /// # Panics
    /// Where the manifest is not valid.
    pub async fn new() -> Self {
        Self::with_settings(&[]).await
    }

    /// The same, with settings in the function's environment.
    ///
    /// # Panics
    /// Where the manifest or a setting is not valid.
    pub async fn with_settings(settings: &[(&str, &str)]) -> Self {
        let store = fresh_store().await;
        accounts::active(&store, ACCOUNT).await;
        let manifest = CollectorManifest::parse(C::ID, C::MANIFEST).expect("the manifest is valid");
        let aws = FakeAws::new();
        aws.on("sts", "AssumeRole", |call| assume_role(call, NEVER));
        match manifest.scope {
            Scope::Region => {
                aws.on("ec2", "DescribeRegions", |_| {
                    regions_page(&[(REGION, "opt-in-not-required")])
                });
            }
            Scope::Payer | Scope::AccountAndPayer => {
                accounts::pays_for(&store, ACCOUNT, ACCOUNT).await;
            }
            Scope::Account => {}
        }
        let config = Config::from_lookup(&|name| match name {
            "CLICKHOUSE_URL" => Some(engine_url().to_owned()),
            "CLICKHOUSE_DATABASE" => Some(store.database().to_owned()),
            _ => settings
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned()),
        })
        .expect("the settings are valid");
        let backoff = Backoff {
            attempts: 2,
            base: Duration::ZERO,
            cap: Duration::ZERO,
            ..Backoff::default()
        };
        let context = Context::new(C::ID, config, aws.config(), Clock::system(), backoff);
        Self {
            aws,
            store,
            function: CollectorFunction::new(context).expect("the manifest is valid"),
            _kind: PhantomData,
        }
    }

    /// One operation answers with this from now on.
    pub fn answers(&self, service: &str, operation: &str, reply: Reply) {
        self.aws.on(service, operation, move |_| reply.clone());
    }

    /// One operation answers with these pages: the page whose number is in the parameter `token`, else the first.
    pub fn answers_pages(
        &self,
        service: &str,
        operation: &str,
        token: &'static str,
        pages: Vec<Reply>,
    ) {
        self.aws.on(service, operation, move |call| {
            let asked = call.parameter(token).parse().unwrap_or(0_usize);
            pages[asked].clone()
        });
    }

    /// One operation is throttled once, then answers with this.
    pub fn throttles_once(&self, service: &str, operation: &str, reply: Reply) {
        let mut throttled = false;
        self.aws.on(service, operation, move |_| {
            if std::mem::replace(&mut throttled, true) {
                reply.clone()
            } else {
                Reply::throttled()
            }
        });
    }

    /// A run of the account, begun by hand; the same id again is a redelivery.
    ///
    /// # Panics
    /// Where the run ends in an error, which Lambda would retry.
    pub async fn run(&self, request_id: &str) -> Value {
        self.try_run(request_id)
            .await
            .unwrap_or_else(|error| panic!("the run ended in an error: {}", error.chain()))
    }

    /// The same, where an error is what the test is about.
    pub async fn try_run(&self, request_id: &str) -> Result<Value, FunctionError> {
        self.invoke(&json!({ "account_id": ACCOUNT }), request_id)
            .await
    }

    /// Any payload.
    pub async fn invoke(&self, payload: &Value, request_id: &str) -> Result<Value, FunctionError> {
        crate::delivery::deliver(&self.function, payload, request_id).await
    }

    /// What `v_resources` shows, a JSON object each, attributes parsed, by kind and id.
    ///
    /// # Panics
    /// Where the database does not answer with rows.
    pub async fn resources(&self) -> Vec<Value> {
        let mut rows = self
            .rows(
                "SELECT resource_type, resource_id, arn, name, state, tags, attributes FROM v_resources
                 ORDER BY resource_type, resource_id",
            )
            .await;
        for row in &mut rows {
            let attributes = row["attributes"].as_str().expect("attributes are text");
            row["attributes"] = serde_json::from_str(attributes).expect("attributes are JSON");
        }
        rows
    }

    /// The ids of what `v_resources` shows.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn ids(&self) -> Vec<String> {
        sql::lines(
            &self.store,
            "SELECT resource_id FROM v_resources ORDER BY resource_type, resource_id",
        )
        .await
    }

    /// The rows of a query, a JSON object each; numbers of 64 bits and decimals as text.
    ///
    /// # Panics
    /// Where the database does not answer with rows.
    pub async fn rows(&self, query: &str) -> Vec<Value> {
        let query = format!(
            "{query} FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 1, output_format_json_quote_decimals = 1"
        );
        sql::raw(&self.store, &query)
            .await
            .lines()
            .map(|line| serde_json::from_str(line).expect("a row is JSON"))
            .collect()
    }

    /// How resources changed, as `change resource_id`, in the order in which they did.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn changes(&self) -> Vec<String> {
        sql::lines(
            &self.store,
            "SELECT concat(change, ' ', resource_id) FROM resource_changes FINAL ORDER BY changed_at, resource_type, resource_id, change",
        )
        .await
    }

    /// The targets of all runs as `region outcome[(class) action]`, in the order of the runs, each run's by region.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn targets(&self) -> Vec<String> {
        sql::lines(
            &self.store,
            "SELECT concat(region, ' ', outcome, if(error_class = '', '', concat('(', error_class, ') ', action)))
             FROM run_targets FINAL ORDER BY min(started_at) OVER (PARTITION BY run_id, attempt), region",
        )
        .await
    }
}
