//! A registry of accounts, Slack, the secret of its webhook, and the notifier with a clock that a test moves.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use coverage_notifier::CoverageNotifier;
use polo_aws::{Backoff, Clock};
use polo_runtime::{Config, Context, Function, FunctionError};
use polo_store::Store;
use polo_testkit::aws::{FakeAws, Reply};
use polo_testkit::clickhouse::{engine_url, fresh_store};
use polo_testkit::delivery::deliver;
use polo_testkit::{accounts, sql};
use serde_json::{Value, json};

use crate::slack::Slack;

/// An account.
pub(crate) const ONE: &str = "111111111111";
/// Another.
pub(crate) const TWO: &str = "222222222222";
/// The secret of the webhook.
pub(crate) const SECRET: &str = "dev-polo/slack-webhook";

/// The world of a test.
pub(crate) struct World {
    /// AWS.
    pub(crate) aws: FakeAws,
    /// Slack.
    pub(crate) slack: Slack,
    /// The database, which the test reaches whatever the function's way to it.
    pub(crate) store: Store,
    start: Box<dyn Fn() -> CoverageNotifier>,
    function: CoverageNotifier,
    minutes: Arc<AtomicI64>,
    secret: Arc<Mutex<Reply>>,
}

impl World {
    /// No account yet; the secret holds the address of the webhook `first`.
    pub(crate) async fn new() -> Self {
        Self::with(engine_url(), &[("POLO_SLACK_WEBHOOK_SECRET_ID", SECRET)]).await
    }

    /// The same with only these variables; the function reaches the engine at `url`.
    pub(crate) async fn with(url: &str, environment: &[(&str, &str)]) -> Self {
        let store = fresh_store().await;
        let slack = Slack::start().await;
        let config = Config::from_lookup(&|name| match name {
            "CLICKHOUSE_URL" => Some(url.to_owned()),
            "CLICKHOUSE_DATABASE" => Some(store.database().to_owned()),
            _ => {
                let given = environment.iter().find(|(key, _)| *key == name);
                given.map(|(_, value)| (*value).to_owned())
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
        let began_at = Clock::system().now();
        let minutes: Arc<AtomicI64> = Arc::default();
        let passed = Arc::clone(&minutes);
        let clock =
            Clock::from_fn(move || began_at + TimeDelta::minutes(passed.load(Ordering::SeqCst)));
        let aws = FakeAws::new();
        let secret = Arc::new(Mutex::new(holds(&slack.hook("first"))));
        let answer = Arc::clone(&secret);
        aws.on("secretsmanager", "GetSecretValue", move |call| {
            assert_eq!(call.parameter("SecretId"), SECRET);
            answer.lock().unwrap().clone()
        });
        let sdk = aws.config();
        let start = move || {
            let (config, clock) = (config.clone(), clock.clone());
            let context = Context::new(CoverageNotifier::NAME, config, sdk.clone(), clock, backoff);
            CoverageNotifier::new(context).unwrap()
        };
        Self {
            function: start(),
            start: Box::new(start),
            aws,
            slack,
            store,
            minutes,
            secret,
        }
    }

    /// The same, without what the function knew.
    pub(crate) fn in_another_process(self) -> Self {
        Self {
            function: (self.start)(),
            ..self
        }
    }

    /// What the secret holds from now on.
    pub(crate) fn put_secret(&self, text: &str) {
        self.secret_answers(holds(text));
    }

    /// How Secrets Manager answers from now on.
    pub(crate) fn secret_answers(&self, reply: Reply) {
        *self.secret.lock().unwrap() = reply;
    }

    /// How often the secret was read.
    pub(crate) fn secret_reads(&self) -> usize {
        self.aws.calls_of("GetSecretValue").len()
    }

    /// An account that was discovered long ago and that nothing was ever done for.
    pub(crate) async fn forgotten(&self, id: &str) {
        accounts::pending(&self.store, id).await;
    }

    /// From now on the account's read role works.
    pub(crate) async fn set_up(&self, id: &str) {
        self.check(id, "success").await;
    }

    /// Its role worked, and is denied for good.
    pub(crate) async fn loses_access(&self, id: &str) {
        self.check(id, "denied").await;
        sql::execute(
            &self.store,
            "INSERT INTO rule_settings (setting, value_seconds) VALUES ('denial_confirmation', 0)",
        )
        .await;
        self.check(id, "denied").await;
    }

    async fn check(&self, id: &str, verdict: &str) {
        let role = accounts::read_role(id);
        sql::execute(
            &self.store,
            &format!(
                "INSERT INTO access_checks (check_id, account_id, role_kind, role_arn, checked_at, verdict, next_check_at, checked_by)
                 VALUES (generateUUIDv4(), '{id}', 'read', '{role}', now64(3), '{verdict}', now64(3) + INTERVAL 1 DAY, 'test')"
            ),
        )
        .await;
    }

    /// A run of a collector in an account that has just ended so.
    pub(crate) async fn ran(&self, id: &str, collector: &str, outcome: &str, class: &str) {
        sql::execute(
            &self.store,
            &format!(
                "INSERT INTO collector_runs (run_id, attempt, sweep_id, account_id, collector, started_at, deadline_at, finished_at,
                    outcome, error_class, reason, _version)
                 VALUES (generateUUIDv4(), 1, generateUUIDv4(), '{id}', '{collector}', now64(3), now64(3), now64(3),
                    '{outcome}', '{class}', 'sts:AssumeRole: no', 1)"
            ),
        )
        .await;
    }

    /// Lets the function's clock go on.
    pub(crate) fn minutes_pass(&self, minutes: i64) {
        self.minutes.fetch_add(minutes, Ordering::SeqCst);
    }

    /// Delivers a payload.
    pub(crate) async fn deliver(&self, payload: &Value) -> Result<Value, FunctionError> {
        deliver(&self.function, payload, &payload.to_string()).await
    }

    /// The tick of this minute; it has to succeed.
    pub(crate) async fn tick(&self) -> Value {
        self.deliver(&self.firing()).await.unwrap()
    }

    /// The tick of this minute fails: with a type and a sentence.
    pub(crate) async fn fails(&self) -> (&'static str, String) {
        let error = self.deliver(&self.firing()).await.unwrap_err();
        (error.error_type(), error.chain())
    }

    /// The schedule's firing for this minute.
    pub(crate) fn firing(&self) -> Value {
        let minutes = TimeDelta::minutes(self.minutes.load(Ordering::SeqCst));
        let time = DateTime::from_timestamp(1_800_000_000, 0).unwrap() + minutes;
        json!({"id": time, "time": time, "rule": "dev-polo-coverage-tick", "detail": {}})
    }

    /// The notices of what was told, as `account kind cause told_times resolution`.
    pub(crate) async fn notices(&self) -> Vec<String> {
        sql::lines(
            &self.store,
            "SELECT concat(account_id, ' ', kind, ' ', cause, ' ', toString(told_times), ' ',
                if(resolved_at IS NULL, 'open', resolution))
             FROM coverage_notices FINAL WHERE told_times > 0 ORDER BY account_id, kind",
        )
        .await
    }
}

fn holds(text: &str) -> Reply {
    Reply::json(json!({"Name": SECRET, "VersionStages": ["AWSCURRENT"], "SecretString": text}))
}
