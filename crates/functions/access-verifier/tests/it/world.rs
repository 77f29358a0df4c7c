//! A registry of accounts whose roles answer as a test says, and the verifier with a clock that a test moves.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use access_verifier::AccessVerifier;
use chrono::TimeDelta;
use polo_aws::{Backoff, Clock};
use polo_runtime::{Config, Context, Function, FunctionError};
use polo_store::Store;
use polo_testkit::aws::{
    Call, FakeAws, Reply, assume_role, assume_role_answering_for, assume_role_denied,
};
use polo_testkit::clickhouse::{engine_url, fresh_store};
use polo_testkit::delivery::deliver;
use polo_testkit::events::Bus;
use polo_testkit::{accounts, sql};
use serde_json::Value;

/// An account.
pub(crate) const ONE: &str = "111111111111";
/// Another.
pub(crate) const TWO: &str = "222222222222";
const NEVER: &str = "2099-01-01T00:00:00Z";

/// How a role answers AssumeRole.
#[derive(Clone)]
pub(crate) enum Answer {
    /// It is assumed.
    Works,
    /// It is refused, as for a missing role.
    Denied,
    /// It is assumed, but the answer speaks for another account.
    NamesAnother,
    /// Anything else.
    Says(Reply),
}

/// The world of a test.
pub(crate) struct World {
    /// AWS.
    pub(crate) aws: FakeAws,
    /// Its bus.
    pub(crate) bus: Bus,
    /// The database, which the test reaches whatever the function's way to it.
    pub(crate) store: Store,
    function: AccessVerifier,
    minutes: Arc<AtomicI64>,
    answers: Arc<Mutex<BTreeMap<String, Answer>>>,
}

impl World {
    /// No account yet, and an almost empty environment.
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// The same with these variables.
    pub(crate) async fn with(environment: &[(&str, &str)]) -> Self {
        let store = fresh_store().await;
        let aws = FakeAws::new();
        let bus = Bus::of(&aws);
        let config = Config::from_lookup(&|name| {
            let given = environment.iter().find(|(key, _)| *key == name);
            match (name, given) {
                (_, Some((_, value))) => Some((*value).to_owned()),
                ("CLICKHOUSE_URL", _) => Some(engine_url().to_owned()),
                ("CLICKHOUSE_DATABASE", _) => Some(store.database().to_owned()),
                _ => None,
            }
        })
        .unwrap();
        // Repeats as in production, without its pauses.
        let backoff = Backoff {
            attempts: 2,
            base: Duration::ZERO,
            cap: Duration::ZERO,
            ..Backoff::default()
        };
        // The grace of a role's propagation is counted by the server's clock: this one begins when it is over.
        let began_at = Clock::system().now() - TimeDelta::minutes(10);
        let minutes: Arc<AtomicI64> = Arc::default();
        let passed = Arc::clone(&minutes);
        let clock =
            Clock::from_fn(move || began_at + TimeDelta::minutes(passed.load(Ordering::SeqCst)));
        let context = Context::new(AccessVerifier::NAME, config, aws.config(), clock, backoff);
        let answers: Arc<Mutex<BTreeMap<String, Answer>>> = Arc::default();
        let roles = Arc::clone(&answers);
        aws.on("sts", "AssumeRole", move |call| {
            assume(&roles.lock().unwrap(), call)
        });
        Self {
            aws,
            bus,
            store,
            function: AccessVerifier::new(context).unwrap(),
            minutes,
            answers,
        }
    }

    /// Accounts that discovery has found, never checked, each of which pays for itself.
    pub(crate) async fn found(self, ids: &[&str]) -> Self {
        for id in ids {
            accounts::pays_for(&self.store, id, id).await;
        }
        self.found_without_payer(ids).await
    }

    /// The same, but nobody knows who pays.
    pub(crate) async fn found_without_payer(self, ids: &[&str]) -> Self {
        for id in ids {
            accounts::pending(&self.store, id).await;
        }
        self
    }

    /// How an account's read role answers from now on, or any role by its ARN. Without a word a role works.
    pub(crate) fn role(&self, account_or_arn: &str, answer: Answer) {
        let arn = if account_or_arn.starts_with("arn:") {
            account_or_arn.to_owned()
        } else {
            accounts::read_role(account_or_arn)
        };
        self.answers.lock().unwrap().insert(arn, answer);
    }

    /// Lets the function's clock go on.
    pub(crate) fn minutes_pass(&self, minutes: i64) {
        self.minutes.fetch_add(minutes, Ordering::SeqCst);
    }

    /// Delivers a payload.
    pub(crate) async fn deliver(
        &self,
        payload: &Value,
        request_id: &str,
    ) -> Result<Value, FunctionError> {
        deliver(&self.function, payload, request_id).await
    }

    /// The tick of this minute; it has to succeed.
    pub(crate) async fn tick(&self) -> Value {
        let time = format!("minute {}", self.minutes.load(Ordering::SeqCst));
        self.deliver(&tick(&time), &time).await.unwrap()
    }

    /// A request by hand that has to succeed; its payload is its request id.
    pub(crate) async fn by_hand(&self, payload: Value) -> Value {
        self.deliver(&payload, &payload.to_string()).await.unwrap()
    }

    /// The AssumeRole calls so far.
    pub(crate) fn assumed(&self) -> usize {
        self.aws.calls_of("AssumeRole").len()
    }

    /// Lines of a query.
    pub(crate) async fn lines(&self, query: &str) -> Vec<String> {
        sql::lines(&self.store, query).await
    }

    /// `polo_status status_reason` of an account.
    pub(crate) async fn status(&self, id: &str) -> String {
        let query = format!(
            "SELECT concat(polo_status, ' ', status_reason) FROM v_accounts WHERE account_id = '{id}'"
        );
        sql::text(&self.store, &query).await
    }

    /// The status events since the last call, as `account previous -> now`, sorted.
    pub(crate) fn told(&self) -> Vec<String> {
        let mut told: Vec<String> = self
            .bus
            .take()
            .iter()
            .map(|event| {
                format!(
                    "{} {} -> {}",
                    event.text("account_id"),
                    event.text("previous_polo_status"),
                    event.text("polo_status")
                )
            })
            .collect();
        told.sort();
        told
    }
}

/// The tick's firing for a time.
pub(crate) fn tick(time: &str) -> Value {
    polo_testkit::delivery::firing("dev-polo-access-check-tick", time)
}

/// STS's throttling.
pub(crate) fn throttled() -> Answer {
    Answer::Says(Reply::error(400, "Throttling", "Rate exceeded"))
}

fn assume(answers: &BTreeMap<String, Answer>, call: &Call) -> Reply {
    match answers
        .get(&call.parameter("RoleArn"))
        .unwrap_or(&Answer::Works)
    {
        Answer::Works => assume_role(call, NEVER),
        Answer::Denied => assume_role_denied(call),
        Answer::NamesAnother => assume_role_answering_for(call, "999999999999", NEVER),
        Answer::Says(reply) => reply.clone(),
    }
}
