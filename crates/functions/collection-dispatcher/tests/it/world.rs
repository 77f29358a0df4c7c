//! A registry with accounts in several statuses, a bus, and the dispatcher: what a test sets up, delivers, looks at.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use collection_dispatcher::CollectionDispatcher;
use polo_aws::{Backoff, Clock};
use polo_core::{CollectorManifest, Scope, Timestamp};
use polo_runtime::{Config, Context, Function, FunctionError};
use polo_store::Store;
use polo_store::collectors::manifests;
use polo_testkit::aws::FakeAws;
use polo_testkit::clickhouse::{engine_url, fresh_store};
use polo_testkit::delivery::deliver;
use polo_testkit::events::{Bus, Event};
use polo_testkit::{accounts, sql};
use serde_json::{Value, json};

/// An active account.
pub(crate) const ONE: &str = "111111111111";
/// Another.
pub(crate) const TWO: &str = "222222222222";
/// One that was never set up.
pub(crate) const PENDING: &str = "333333333333";
/// One that works and that an operator excluded.
pub(crate) const EXCLUDED: &str = "444444444444";

/// The world of a test.
pub(crate) struct World {
    /// AWS.
    pub(crate) aws: FakeAws,
    /// Its bus.
    pub(crate) bus: Bus,
    /// The database, which the test reaches whatever the function's way to it.
    pub(crate) store: Store,
    function: CollectionDispatcher,
    began_at: Timestamp,
    minutes: Arc<AtomicI64>,
}

impl World {
    /// Two active accounts, one pending, one excluded.
    pub(crate) async fn new() -> Self {
        let world = Self::empty(engine_url()).await;
        for id in [ONE, TWO, EXCLUDED] {
            accounts::active(&world.store, id).await;
        }
        accounts::pending(&world.store, PENDING).await;
        accounts::exclude(&world.store, EXCLUDED).await;
        world
    }

    /// No account; the function reaches the engine at `url`.
    pub(crate) async fn empty(url: &str) -> Self {
        let store = fresh_store().await;
        let aws = FakeAws::new();
        let bus = Bus::of(&aws);
        let config = Config::from_lookup(&|name| match name {
            "CLICKHOUSE_URL" => Some(url.to_owned()),
            "CLICKHOUSE_DATABASE" => Some(store.database().to_owned()),
            _ => None,
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
        let context = Context::new(
            CollectionDispatcher::NAME,
            config,
            aws.config(),
            clock,
            backoff,
        );
        Self {
            aws,
            bus,
            store,
            function: CollectionDispatcher::new(context).unwrap(),
            began_at,
            minutes,
        }
    }

    /// Lets the function's clock go on.
    pub(crate) fn minutes_pass(&self, minutes: i64) {
        self.minutes.fetch_add(minutes, Ordering::SeqCst);
    }

    /// The function's time in ClickHouse's words, so many minutes from now.
    pub(crate) fn in_minutes(&self, minutes: i64) -> String {
        let at = self.began_at + TimeDelta::minutes(self.minutes.load(Ordering::SeqCst) + minutes);
        format!("fromUnixTimestamp64Milli({})", at.timestamp_millis())
    }

    /// Delivers a payload.
    pub(crate) async fn deliver(
        &self,
        payload: &Value,
        request_id: &str,
    ) -> Result<Value, FunctionError> {
        deliver(&self.function, payload, request_id).await
    }

    /// Delivers what has to succeed; the events that it sent as `account collector`, sorted.
    pub(crate) async fn sends(&self, payload: &Value, request_id: &str) -> Vec<String> {
        let answer = self.deliver(payload, request_id).await.unwrap();
        let sent = asked(&self.bus.take());
        assert_eq!(answer["accepted"], sent.len(), "{answer}");
        sent
    }

    /// The dispatches as `account collector outcome`, sorted.
    pub(crate) async fn dispatches(&self) -> Vec<String> {
        sql::lines(
            &self.store,
            "SELECT concat(account_id, ' ', collector, ' ', outcome) AS line FROM dispatches FINAL ORDER BY line",
        )
        .await
    }
}

/// The daily sweep's firing of a day.
pub(crate) fn sweep(day: u32) -> Value {
    json!({
        "id": format!("firing of day {day}"), "time": format!("2026-11-{day:02}T05:17:00Z"), "rule": "dev-polo-daily-sweep",
        "detail": {"mode": "sweep", "schedule": "daily"}
    })
}

/// The reconciling tick's firing, the `n`-th.
pub(crate) fn tick(n: u32) -> Value {
    json!({
        "id": format!("tick {n}"), "time": format!("2026-11-21T{n:02}:00:00Z"), "rule": "dev-polo-dispatch-tick",
        "detail": {"mode": "reconcile"}
    })
}

/// The event that an account has become active, as the rule hands it on.
pub(crate) fn activated(account: &str, event_id: &str) -> Value {
    json!({
        "id": event_id, "time": "2026-11-21T05:17:00Z", "source": "polo.access-verifier",
        "detail-type": "Account Access Changed", "detail": {"account_id": account, "polo_status": "active"}
    })
}

/// Events as `account collector`, sorted.
pub(crate) fn asked(events: &[Event]) -> Vec<String> {
    let mut asked: Vec<String> = events
        .iter()
        .map(|event| format!("{} {}", event.text("account_id"), event.text("collector")))
        .collect();
    asked.sort();
    asked
}

/// `account collector` for these accounts and every collector of this build that a sweep asks an ordinary account for.
pub(crate) fn every_collector(accounts: &[&str]) -> Vec<String> {
    with_outcome(accounts, "")
}

/// The same as the dispatches show it.
pub(crate) fn with_outcome(accounts: &[&str], outcome: &str) -> Vec<String> {
    lines(accounts, outcome, |collector| collector.after.is_empty())
}

/// `account collector` for these accounts and every collector, those too that work on what others find: by hand.
pub(crate) fn every_one_at_once(accounts: &[&str]) -> Vec<String> {
    lines(accounts, "", |_| true)
}

fn lines(accounts: &[&str], outcome: &str, asked: fn(&CollectorManifest) -> bool) -> Vec<String> {
    let collectors: Vec<CollectorManifest> = manifests()
        .unwrap()
        .into_iter()
        .filter(|collector| collector.scope != Scope::Payer && asked(collector))
        .collect();
    let mut lines: Vec<String> = accounts
        .iter()
        .flat_map(|account| {
            collectors.iter().map(move |collector| {
                format!("{account} {} {outcome}", collector.id)
                    .trim_end()
                    .to_owned()
            })
        })
        .collect();
    lines.sort();
    lines
}
