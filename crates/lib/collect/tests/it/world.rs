//! One account, two regions and a shelf in each: what a test sets up, delivers and looks at.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use polo_aws::{Backoff, Clock};
use polo_collect::CollectorFunction;
use polo_core::{CollectorManifest, Invocation, Timestamp};
use polo_runtime::{Config, Context, Function, FunctionError, Request};
use polo_store::Store;
use polo_testkit::aws::{Call, FakeAws, Reply, assume_role, ec2_page, regions_page};
use polo_testkit::clickhouse::{engine_url, fresh_store};
use polo_testkit::{accounts, sql};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::shelf::{MANIFEST, Shelf};

/// The account.
pub(crate) const ACCOUNT: &str = "123456789012";
/// Its enabled regions.
pub(crate) const EAST: &str = "us-east-1";
/// The other one.
pub(crate) const WEST: &str = "eu-west-1";
const NEVER: &str = "2099-01-01T00:00:00Z";

/// Volumes as id and state.
pub(crate) type Volumes<'a> = &'a [(&'a str, &'a str)];

type Pages = Vec<Reply>;

/// What differs between worlds.
pub(crate) struct Plan<'a> {
    /// Where the function finds the engine.
    pub(crate) url: &'a str,
    /// `POLO_REGIONS`.
    pub(crate) fallback_regions: &'a str,
    /// The function's clock.
    pub(crate) clock: Clock,
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Self {
            url: engine_url(),
            fallback_regions: "",
            clock: Clock::system(),
        }
    }
}

/// The world of a test.
pub(crate) struct World {
    /// AWS.
    pub(crate) aws: FakeAws,
    /// The database, which the test reaches whatever the function's way to it.
    pub(crate) store: Store,
    function: CollectorFunction<Shelf>,
    shelves: Arc<Mutex<BTreeMap<String, Pages>>>,
}

impl World {
    /// An active account with two empty regions.
    pub(crate) async fn new() -> Self {
        Self::of(Plan::default()).await
    }

    /// The same with differences.
    pub(crate) async fn of(plan: Plan<'_>) -> Self {
        let store = fresh_store().await;
        accounts::active(&store, ACCOUNT).await;
        let aws = FakeAws::new();
        let config = Config::from_lookup(&|name| match name {
            "CLICKHOUSE_URL" => Some(plan.url.to_owned()),
            "CLICKHOUSE_DATABASE" => Some(store.database().to_owned()),
            "POLO_REGIONS" => Some(plan.fallback_regions.to_owned()),
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
        let context = Context::new("shelf", config, aws.config(), plan.clock, backoff);
        let world = Self {
            aws,
            store,
            function: CollectorFunction::new(context).unwrap(),
            shelves: Arc::default(),
        };
        world
            .aws
            .on("sts", "AssumeRole", |call| assume_role(call, NEVER));
        world.regions_are(&[
            (WEST, "opt-in-not-required"),
            (EAST, "opt-in-not-required"),
            ("af-south-1", "not-opted-in"),
        ]);
        let shelves = Arc::clone(&world.shelves);
        world
            .aws
            .on("ec2", "DescribeVolumes", move |call| shelf(&shelves, call));
        world.shows(EAST, &[]).shows(WEST, &[])
    }

    /// What DescribeRegions answers.
    pub(crate) fn regions_are(&self, regions: &'static [(&str, &str)]) {
        self.aws
            .on("ec2", "DescribeRegions", |_| regions_page(regions));
    }

    /// DescribeRegions answers this, always.
    pub(crate) fn regions_fail(&self, reply: Reply) {
        self.aws
            .on("ec2", "DescribeRegions", move |_| reply.clone());
    }

    /// A region shows these volumes, on one page.
    pub(crate) fn shows(self, region: &str, volumes: Volumes<'_>) -> Self {
        self.now_shows(region, volumes);
        self
    }

    /// A region shows these volumes from now on.
    pub(crate) fn now_shows(&self, region: &str, volumes: Volumes<'_>) {
        self.now_answers(region, vec![page(volumes, None)]);
    }

    /// A region answers a listing with these, page after page.
    pub(crate) fn now_answers(&self, region: &str, pages: Pages) {
        self.shelves
            .lock()
            .unwrap()
            .insert(region.to_owned(), pages);
    }

    /// Delivers a payload.
    pub(crate) async fn deliver(
        &self,
        payload: &Value,
        request_id: &str,
    ) -> Result<Value, FunctionError> {
        self.deliver_until(payload, request_id, None).await
    }

    /// The same, with the function's time.
    pub(crate) async fn deliver_until(
        &self,
        payload: &Value,
        request_id: &str,
        deadline_at: Option<Timestamp>,
    ) -> Result<Value, FunctionError> {
        let invocation = Invocation::parse(payload, request_id, CollectorFunction::<Shelf>::TAKES)?;
        let request = Request {
            request_id: request_id.to_owned(),
            deadline_at,
        };
        self.function.handle(invocation, &request).await
    }

    /// Delivers the event of a sweep for the first time; the request id is the sweep's name.
    pub(crate) async fn sweep(&self, name: &str) -> Result<Value, FunctionError> {
        self.deliver(&event(name), name).await
    }

    /// A sweep whose run has to end as `outcome`.
    pub(crate) async fn sweep_ends(&self, name: &str, outcome: &str) -> Value {
        let answer = self.sweep(name).await.unwrap();
        assert_eq!(answer["outcome"], outcome, "{answer}");
        answer
    }

    /// The resources, gone ones too, as `region id state` or `region id gone`.
    pub(crate) async fn resources(&self) -> Vec<String> {
        self.lines(
            "SELECT concat(region, ' ', resource_id, ' ', if(gone_at IS NULL, state, 'gone'))
             FROM resources FINAL ORDER BY region DESC, resource_id",
        )
        .await
    }

    /// The history as `id change`, each resource's in order.
    pub(crate) async fn changes(&self) -> Vec<String> {
        self.lines(
            "SELECT concat(resource_id, ' ', change) FROM resource_changes FINAL ORDER BY resource_id, changed_at",
        )
        .await
    }

    /// The ledger's attempts as `attempt outcome[(class)]`, oldest first; `running` where there is no finish.
    pub(crate) async fn runs(&self) -> Vec<String> {
        self.lines(
            "SELECT concat(toString(attempt), ' ', if(outcome = '', 'running', outcome),
                 if(error_class = '', '', concat('(', error_class, ')')))
             FROM collector_runs FINAL ORDER BY started_at, attempt",
        )
        .await
    }

    /// The targets of the last run as `region outcome[(class) action]`.
    pub(crate) async fn targets(&self) -> Vec<String> {
        self.lines(
            "SELECT concat(region, ' ', outcome, if(error_class = '', '', concat('(', error_class, ') ', action)))
             FROM run_targets FINAL
             WHERE (run_id, attempt) = (SELECT run_id, attempt FROM collector_runs FINAL ORDER BY started_at DESC, attempt DESC LIMIT 1)
             ORDER BY region DESC",
        )
        .await
    }

    /// `v_accounts.last_scan_error`; empty where nothing is wrong.
    pub(crate) async fn scan_error(&self) -> String {
        self.lines("SELECT last_scan_error FROM v_accounts")
            .await
            .join("\n")
    }

    /// `v_accounts.last_successful_scan`; `\N` where there is none.
    pub(crate) async fn last_scan(&self) -> String {
        sql::text(&self.store, "SELECT last_successful_scan FROM v_accounts").await
    }

    /// Makes this account's collectors be expected: the shelf, and others like it.
    pub(crate) async fn expects(&self, collectors: &[&str]) {
        let manifests: Vec<CollectorManifest> = collectors
            .iter()
            .map(|id| {
                CollectorManifest::parse(id, &MANIFEST.replace("\"shelf\"", &format!("{id:?}")))
                    .unwrap()
            })
            .collect();
        self.store.register_collectors(&manifests).await.unwrap();
    }

    /// How many calls AWS has had so far.
    pub(crate) fn calls(&self) -> usize {
        self.aws.calls().len()
    }

    /// Lines of a query.
    pub(crate) async fn lines(&self, query: &str) -> Vec<String> {
        sql::lines(&self.store, query).await
    }

    /// Runs a statement.
    pub(crate) async fn execute(&self, statement: &str) {
        sql::execute(&self.store, statement).await;
    }

    /// How many rows each table holds.
    pub(crate) async fn row_counts(&self) -> Vec<String> {
        sql::row_counts(&self.store).await
    }
}

/// The dispatcher's event for the account in a sweep, as the rule hands it on.
pub(crate) fn event(sweep: &str) -> Value {
    event_for(ACCOUNT, sweep)
}

/// The same for any account.
pub(crate) fn event_for(account: &str, sweep: &str) -> Value {
    json!({
        "id": format!("event of {sweep}"), "time": "2026-11-21T05:17:00Z", "source": "polo.collection-dispatcher",
        "detail-type": "Collect Account",
        "detail": {
            "account_id": account, "collector": "shelf", "requested_at": "2026-11-21T05:17:00.000Z",
            "sweep_id": Uuid::new_v5(&Uuid::NAMESPACE_OID, sweep.as_bytes())
        }
    })
}

/// A manual payload for the account.
pub(crate) fn manual() -> Value {
    json!({"account_id": ACCOUNT})
}

/// A page of volumes; the token names the next one.
pub(crate) fn page(volumes: Volumes<'_>, next: Option<usize>) -> Reply {
    let items: String = volumes
        .iter()
        .map(|(id, state)| {
            format!("<item><volumeId>{id}</volumeId><status>{state}</status></item>")
        })
        .collect();
    let next = next.map(|next| next.to_string());
    ec2_page("DescribeVolumes", "volumeSet", &items, next.as_deref())
}

/// EC2's throttling.
pub(crate) fn throttled() -> Reply {
    Reply::error(503, "RequestLimitExceeded", "Request limit exceeded.")
}

/// A denial of DescribeVolumes for want of permission.
pub(crate) fn denied() -> Reply {
    denied_action("ec2:DescribeVolumes")
}

/// A denial of an action for want of permission.
pub(crate) fn denied_action(action: &str) -> Reply {
    polo_testkit::aws::ec2_denied(action, "no identity-based policy allows the action")
}

/// A clock that stands still.
pub(crate) fn stopped_clock(at: Timestamp) -> Clock {
    Clock::from_fn(move || at)
}

/// A clock that is off by so many seconds.
pub(crate) fn clock_off_by(seconds: i64) -> Clock {
    let system = Clock::system();
    Clock::from_fn(move || system.now() + TimeDelta::seconds(seconds))
}

fn shelf(shelves: &Mutex<BTreeMap<String, Pages>>, call: &Call) -> Reply {
    let shelves = shelves.lock().unwrap();
    let pages = shelves.get(&call.region).map_or(&[][..], Vec::as_slice);
    let asked: usize = match call.parameter("NextToken").as_str() {
        "" => 0,
        token => token.parse().unwrap(),
    };
    match pages.get(asked) {
        Some(page) => page.clone(),
        None => Reply::error(400, "InvalidPaginationToken", "there is no such page"),
    }
}
