//! An active account whose alias a test chooses.

use std::time::Duration;

use account_alias::AccountAlias;
use polo_aws::{Backoff, Clock};
use polo_core::Invocation;
use polo_runtime::run::CollectorFunction;
use polo_runtime::{Config, Context, Function, FunctionError, Request};
use polo_store::Store;
use polo_testkit::aws::{FakeAws, Reply, assume_role};
use polo_testkit::clickhouse::{engine_url, fresh_store};
use polo_testkit::{accounts, sql};
use serde_json::{Value, json};

/// The account.
pub(crate) const ACCOUNT: &str = "123456789012";
const NEVER: &str = "2099-01-01T00:00:00Z";

/// The world of a test.
pub(crate) struct World {
    /// AWS.
    pub(crate) aws: FakeAws,
    /// The database.
    pub(crate) store: Store,
    function: CollectorFunction<AccountAlias>,
}

impl World {
    /// An account whose IAM answers with these pages; the marker of a page is its number.
    pub(crate) async fn answering(pages: Vec<Reply>) -> Self {
        let store = fresh_store().await;
        accounts::active(&store, ACCOUNT).await;
        let aws = FakeAws::new();
        aws.on("sts", "AssumeRole", |call| assume_role(call, NEVER));
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
        let context = Context::new(
            "account_alias",
            config,
            aws.config(),
            Clock::system(),
            backoff,
        );
        let world = Self {
            aws,
            store,
            function: CollectorFunction::new(context).unwrap(),
        };
        world.now_answers(pages);
        world
    }

    /// IAM answers with these pages from now on.
    pub(crate) fn now_answers(&self, pages: Vec<Reply>) {
        self.aws.on("iam", "ListAccountAliases", move |call| {
            let asked = call.parameter("Marker").parse().unwrap_or(0_usize);
            pages[asked].clone()
        });
    }

    /// A run, begun by hand.
    pub(crate) async fn run(&self, request_id: &str) -> Result<Value, FunctionError> {
        self.invoke(&json!({"account_id": ACCOUNT}), request_id)
            .await
    }

    /// Any payload.
    pub(crate) async fn invoke(
        &self,
        payload: &Value,
        request_id: &str,
    ) -> Result<Value, FunctionError> {
        let invocation = Invocation::parse(payload, request_id)?;
        let request = Request {
            request_id: request_id.to_owned(),
            deadline_at: None,
        };
        self.function.handle(invocation, &request).await
    }

    /// The stored rows as `account region alias`.
    pub(crate) async fn rows(&self) -> Vec<String> {
        sql::lines(
            &self.store,
            "SELECT concat(account_id, ' ', region, ' ', alias) FROM account_alias_aliases FINAL",
        )
        .await
    }

    /// The targets of all runs as `region outcome[(class) action]`, in the order of their starts.
    pub(crate) async fn targets(&self) -> Vec<String> {
        sql::lines(
            &self.store,
            "SELECT concat(region, ' ', outcome, if(error_class = '', '', concat('(', error_class, ') ', action)))
             FROM run_targets FINAL ORDER BY started_at",
        )
        .await
    }
}

/// A page of IAM's ListAccountAliases.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html>
pub(crate) fn page(aliases: &[&str], marker: Option<&str>) -> Reply {
    let members: String = aliases
        .iter()
        .map(|alias| format!("<member>{alias}</member>"))
        .collect();
    let truncated = marker.is_some();
    let marker = marker
        .map(|marker| format!("<Marker>{marker}</Marker>"))
        .unwrap_or_default();
    Reply::ok(format!(
        "<ListAccountAliasesResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ListAccountAliasesResult>\
         <IsTruncated>{truncated}</IsTruncated>{marker}<AccountAliases>{members}</AccountAliases>\
         </ListAccountAliasesResult><ResponseMetadata><RequestId>c5a076e9-f1b0-11df-8fbe-45274EXAMPLE</RequestId>\
         </ResponseMetadata></ListAccountAliasesResponse>"
    ))
}
