//! A database without a schema, a stack with a status, and the signed address that takes answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::put;
use chrono::TimeDelta;
use futures::FutureExt as _;
use polo_aws::{Backoff, Clock};
use polo_runtime::{Config, Context, Function, FunctionError, Request, Warm};
use polo_store::{Store, StoreConfig};
use polo_testkit::aws::{FakeAws, Reply};
use polo_testkit::clickhouse::{engine_url, fresh_config};
use polo_testkit::sql;
use schema_migrator::{Replier, SchemaMigrator, deliver};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The stack that is being deployed.
pub(crate) const STACK: &str =
    "arn:aws:cloudformation:us-east-1:111122223333:stack/dev-polo/51af3dc0";

/// Repeats as in production, without its pauses.
const BACKOFF: Backoff = Backoff {
    attempts: 3,
    base: Duration::ZERO,
    cap: Duration::ZERO,
    budget: Duration::from_secs(30),
};

/// An answer as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Put {
    pub(crate) content_type: String,
    pub(crate) bytes: usize,
    pub(crate) body: Value,
}

#[derive(Default)]
struct Inbox {
    statuses: VecDeque<u16>,
    puts: Vec<Put>,
}

/// The world of a test.
pub(crate) struct World {
    /// AWS.
    pub(crate) aws: FakeAws,
    /// The database, whatever the function's way to it.
    pub(crate) store: Store,
    environment: Vec<(String, String)>,
    inbox: Arc<Mutex<Inbox>>,
    address: String,
}

impl World {
    /// A stack in this status; the function's environment is right.
    pub(crate) async fn in_status(status: &'static str) -> Self {
        let config = fresh_config();
        let world = Self::bare(&config).await;
        world.aws.on("cloudformation", "DescribeStacks", move |_| {
            Reply::ok(format!(
                "<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">\
                 <DescribeStacksResult><Stacks><member><StackName>dev-polo</StackName><StackId>{STACK}</StackId>\
                 <CreationTime>2026-11-21T10:00:00Z</CreationTime><StackStatus>{status}</StackStatus></member></Stacks>\
                 </DescribeStacksResult></DescribeStacksResponse>"
            ))
        });
        world
    }

    /// An AWS that knows nothing.
    pub(crate) async fn bare(config: &StoreConfig) -> Self {
        let inbox = Arc::<Mutex<Inbox>>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!(
            "http://{}/answer?X-Amz-Signature=secret",
            listener.local_addr().unwrap()
        );
        let app = Router::new()
            .route("/answer", put(take))
            .with_state(Arc::clone(&inbox));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            aws: FakeAws::new(),
            store: Store::new(config),
            environment: vec![
                ("CLICKHOUSE_URL".to_owned(), engine_url().to_owned()),
                ("CLICKHOUSE_DATABASE".to_owned(), config.database.clone()),
            ],
            inbox,
            address,
        }
    }

    /// The same with another value in the function's environment.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment
            .insert(0, (name.to_owned(), value.to_owned()));
        self
    }

    /// The next answers are met with these statuses; those after them with 200.
    pub(crate) fn answers_meet(&self, statuses: &[u16]) {
        lock(&self.inbox).statuses.extend(statuses);
    }

    /// The answers that were taken or refused so far.
    pub(crate) fn puts(&self) -> Vec<Put> {
        lock(&self.inbox).puts.clone()
    }

    /// The one answer that CloudFormation got.
    pub(crate) fn answer(&self) -> Value {
        let puts = self.puts();
        assert_eq!(puts.len(), 1, "{puts:?}");
        puts[0].body.clone()
    }

    /// A request as CloudFormation sends it.
    pub(crate) fn request(&self, request_type: &str) -> Value {
        json!({
            "RequestType": request_type, "ResponseURL": self.address, "StackId": STACK, "RequestId": "5b478341",
            "LogicalResourceId": "Schema", "ResourceType": "Custom::PoloSchema", "PhysicalResourceId": "polo-schema",
            "ResourceProperties": {"ServiceToken": "arn", "ServiceTimeout": "900", "Migrations": "0a1b", "Version": "0.1.0"}
        })
    }

    /// Delivers an event to a function that has never run, with fifteen minutes to go.
    pub(crate) async fn deliver(&self, event: &Value) -> Result<Value, FunctionError> {
        self.deliver_with(event, TimeDelta::minutes(15)).await
    }

    /// The same with so much time to go.
    pub(crate) async fn deliver_with(
        &self,
        event: &Value,
        to_go: TimeDelta,
    ) -> Result<Value, FunctionError> {
        let (environment, aws) = (self.environment.clone(), self.aws.clone());
        let open = move || {
            let (environment, aws) = (environment.clone(), aws.clone());
            async move {
                let config = Config::from_lookup(&|name| {
                    let found = environment.iter().find(|(key, _)| key == name);
                    found.map(|(_, value)| value.clone())
                })?;
                let name = SchemaMigrator::NAME;
                Context::open(name, config, aws.config(), Clock::system(), BACKOFF).await
            }
            .boxed()
        };
        let warm = Warm::new(open, SchemaMigrator::new);
        let now = Clock::system().now();
        let request = Request {
            request_id: "8476a536".to_owned(),
            deadline_at: Some(now + to_go),
        };
        let replier = Replier::with(BACKOFF, Clock::from_fn(move || now)).unwrap();
        deliver(&warm, event, &request, &replier).await
    }

    /// Whether the function has made the database.
    pub(crate) async fn touched(&self) -> bool {
        let config = StoreConfig::new(engine_url(), Some("default"), None, None).unwrap();
        let named = format!(
            "SELECT count() FROM system.databases WHERE name = '{}'",
            self.store.database()
        );
        sql::number(&Store::new(&config), &named).await != 0
    }
}

fn lock(inbox: &Mutex<Inbox>) -> std::sync::MutexGuard<'_, Inbox> {
    inbox.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn take(
    State(inbox): State<Arc<Mutex<Inbox>>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let mut inbox = lock(&inbox);
    let content_type = headers.get("content-type").expect("a content type");
    inbox.puts.push(Put {
        content_type: content_type.to_str().unwrap().to_owned(),
        bytes: body.len(),
        body: serde_json::from_slice(&body).unwrap(),
    });
    let status = inbox.statuses.pop_front().unwrap_or(200);
    StatusCode::from_u16(status).unwrap()
}
