//! Organizations behind a wire, roles that answer as a test says, and discovery with a clock that a test moves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use account_discovery::AccountDiscovery;
use chrono::TimeDelta;
use polo_aws::{Backoff, Clock};
use polo_core::Timestamp;
use polo_runtime::{Config, Context, Function, FunctionError};
use polo_store::Store;
use polo_testkit::aws::{Call, FakeAws, HUB_ACCESS_KEY, Reply, assume_role, assume_role_denied};
use polo_testkit::clickhouse::{engine_url, fresh_store};
use polo_testkit::delivery::deliver;
use polo_testkit::events::Bus;
use polo_testkit::sql;
use serde_json::Value;

use crate::organization::Organization;

/// An account.
pub(crate) const ONE: &str = "111111111111";
/// Another.
pub(crate) const TWO: &str = "222222222222";
/// A third.
pub(crate) const THREE: &str = "333333333333";
/// The organization of most tests.
pub(crate) const ORGANIZATION: &str = "o-exampleorgid";
const NEVER: &str = "2099-01-01T00:00:00Z";
const OPERATIONS: [&str; 8] = [
    "DescribeOrganization",
    "ListAccounts",
    "ListRoots",
    "ListOrganizationalUnitsForParent",
    "ListAccountsForParent",
    "DescribeAccount",
    "ListParents",
    "ListTagsForResource",
];

/// The world of a test.
pub(crate) struct World {
    /// AWS.
    pub(crate) aws: FakeAws,
    /// Its bus.
    pub(crate) bus: Bus,
    /// The database, which the test reaches whatever the function's way to it.
    pub(crate) store: Store,
    function: AccountDiscovery,
    began_at: Timestamp,
    minutes: Arc<AtomicI64>,
    /// Organizations by the access key that sees them.
    organizations: Arc<Mutex<BTreeMap<String, Organization>>>,
    denied: Arc<Mutex<BTreeSet<String>>>,
    faults: Arc<Mutex<Vec<Fault>>>,
}

struct Fault {
    operation: &'static str,
    parameter: (&'static str, String),
    times: usize,
    reply: Reply,
}

impl World {
    /// An organization of these accounts, seen by the hub itself, and an almost empty environment.
    pub(crate) async fn of(accounts: &[&str]) -> Self {
        Self::with(&[], accounts).await
    }

    /// The same with these variables.
    pub(crate) async fn with(environment: &[(&str, &str)], accounts: &[&str]) -> Self {
        let store = fresh_store().await;
        let aws = FakeAws::new();
        let bus = Bus::of(&aws);
        let config = config(environment, &store);
        let began_at = Clock::system().now();
        let minutes: Arc<AtomicI64> = Arc::default();
        let function = function(config, &aws, began_at, &minutes);
        let world = Self {
            aws,
            bus,
            store,
            function,
            began_at,
            minutes,
            organizations: Arc::default(),
            denied: Arc::default(),
            faults: Arc::default(),
        };
        world.shows(HUB_ACCESS_KEY, Organization::of(ORGANIZATION, accounts));
        for operation in OPERATIONS {
            let organizations = Arc::clone(&world.organizations);
            let faults = Arc::clone(&world.faults);
            world.aws.on("organizations", operation, move |call| {
                fault(&mut faults.lock().unwrap(), call)
                    .unwrap_or_else(|| answer(&organizations.lock().unwrap(), call))
            });
        }
        let denied = Arc::clone(&world.denied);
        world.aws.on("sts", "AssumeRole", move |call| {
            if denied.lock().unwrap().contains(&call.parameter("RoleArn")) {
                assume_role_denied(call)
            } else {
                assume_role(call, NEVER)
            }
        });
        world
    }

    /// The function is deployed anew, with other variables.
    pub(crate) fn deploy(&mut self, environment: &[(&str, &str)]) {
        let config = config(environment, &self.store);
        self.function = function(config, &self.aws, self.began_at, &self.minutes);
    }

    /// What whoever has this access key sees.
    pub(crate) fn shows(&self, access_key: &str, organization: Organization) {
        self.organizations
            .lock()
            .unwrap()
            .insert(access_key.to_owned(), organization);
    }

    /// Changes the hub's organization.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Organization)) {
        change(
            self.organizations
                .lock()
                .unwrap()
                .get_mut(HUB_ACCESS_KEY)
                .unwrap(),
        );
    }

    /// A role is refused from now on.
    pub(crate) fn deny(&self, role_arn: &str) {
        self.denied.lock().unwrap().insert(role_arn.to_owned());
    }

    /// The next so many calls of an operation fail like this.
    pub(crate) fn fails(&self, operation: &'static str, times: usize, reply: Reply) {
        self.fails_where(operation, ("", ""), times, reply);
    }

    /// The same for calls in which a parameter has this value.
    pub(crate) fn fails_where(
        &self,
        operation: &'static str,
        (parameter, value): (&'static str, &str),
        times: usize,
        reply: Reply,
    ) {
        self.faults.lock().unwrap().push(Fault {
            operation,
            parameter: (parameter, value.to_owned()),
            times,
            reply,
        });
    }

    /// Nothing fails any more.
    pub(crate) fn heals(&self) {
        self.faults.lock().unwrap().clear();
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

    /// The hourly firing of now.
    pub(crate) async fn try_discover(&self) -> Result<Value, FunctionError> {
        let payload = firing(&format!("minute {}", self.minutes.load(Ordering::SeqCst)));
        self.deliver(&payload, "request").await
    }

    /// The same, which has to succeed.
    pub(crate) async fn discover(&self) -> Value {
        self.try_discover()
            .await
            .unwrap_or_else(|error| panic!("{}", error.chain()))
    }

    /// The same, which has to fail like this.
    pub(crate) async fn discover_fails(&self, error_type: &str) -> String {
        let error = self.try_discover().await.unwrap_err();
        let sentence = error.chain();
        assert_eq!(error.error_type(), error_type, "{sentence}");
        assert!(!sentence.contains('\n'), "{sentence}");
        sentence
    }

    /// The hour passes and discovery runs.
    pub(crate) async fn an_hour_later(&self) -> Value {
        self.minutes_pass(60);
        self.discover().await
    }

    /// Lines of a query.
    pub(crate) async fn lines(&self, query: &str) -> Vec<String> {
        sql::lines(&self.store, query).await
    }

    /// The registry as `account polo_status status_reason`.
    pub(crate) async fn registry(&self) -> Vec<String> {
        self.lines("SELECT concat(account_id, ' ', polo_status, ' ', status_reason) FROM v_accounts ORDER BY account_id")
            .await
    }

    /// The discoveries' records as `organization listing seen discovered changed left class`, oldest first.
    pub(crate) async fn records(&self) -> Vec<String> {
        self.lines(
            "SELECT concat(organization_id, ' ', listing, ' ', toString(accounts_seen), ' ', toString(accounts_discovered), ' ',
                 toString(accounts_changed), ' ', toString(accounts_left), if(error_class = '', '', concat(' ', error_class)))
             FROM discovery_runs FINAL ORDER BY started_at, organization_id",
        )
        .await
    }

    /// The roles asked for so far, in order.
    pub(crate) fn assumed(&self) -> Vec<String> {
        self.aws
            .calls_of("AssumeRole")
            .iter()
            .map(|call| call.parameter("RoleArn"))
            .collect()
    }

    /// How often an operation was called.
    pub(crate) fn count(&self, operation: &str) -> usize {
        self.aws.calls_of(operation).len()
    }

    /// The events since the last call of this, as `detail type: account`, sorted.
    pub(crate) fn told(&self) -> Vec<String> {
        let mut told: Vec<String> = self
            .bus
            .take()
            .iter()
            .map(|event| {
                let what = match event.detail_type.as_str() {
                    "Account Access Changed" => event.text("polo_status"),
                    other => other.trim_start_matches("Account ").to_owned(),
                };
                format!("{} {what}", event.text("account_id"))
            })
            .collect();
        told.sort();
        told
    }
}

fn config(environment: &[(&str, &str)], store: &Store) -> Config {
    Config::from_lookup(&|name| {
        let given = environment.iter().find(|(key, _)| *key == name);
        match (name, given) {
            (_, Some((_, value))) => Some((*value).to_owned()),
            ("CLICKHOUSE_URL", _) => Some(engine_url().to_owned()),
            ("CLICKHOUSE_DATABASE", _) => Some(store.database().to_owned()),
            _ => None,
        }
    })
    .unwrap()
}

fn function(
    config: Config,
    aws: &FakeAws,
    began_at: Timestamp,
    minutes: &Arc<AtomicI64>,
) -> AccountDiscovery {
    // Repeats as in production, without its pauses.
    let backoff = Backoff {
        attempts: 2,
        base: Duration::ZERO,
        cap: Duration::ZERO,
        ..Backoff::default()
    };
    let passed = Arc::clone(minutes);
    let clock =
        Clock::from_fn(move || began_at + TimeDelta::minutes(passed.load(Ordering::SeqCst)));
    let context = Context::new(AccountDiscovery::NAME, config, aws.config(), clock, backoff);
    AccountDiscovery::new(context).unwrap()
}

fn fault(faults: &mut [Fault], call: &Call) -> Option<Reply> {
    let fault = faults.iter_mut().find(|fault| {
        let (parameter, value) = &fault.parameter;
        fault.times > 0
            && fault.operation == call.operation
            && (parameter.is_empty() || call.parameter(parameter) == *value)
    })?;
    fault.times -= 1;
    Some(fault.reply.clone())
}

fn answer(organizations: &BTreeMap<String, Organization>, call: &Call) -> Reply {
    match organizations.get(&call.access_key) {
        Some(organization) => organization.answer(call),
        None => Reply::error(
            400,
            "AWSOrganizationsNotInUseException",
            "Your account is not a member of an organization.",
        ),
    }
}

/// The schedule's firing for a time.
pub(crate) fn firing(time: &str) -> Value {
    polo_testkit::delivery::firing("dev-polo-hourly-discovery", time)
}

/// An account's read role.
pub(crate) fn read_role(id: &str) -> String {
    polo_testkit::accounts::read_role(id)
}

/// Organizations' refusal.
pub(crate) fn denied() -> Reply {
    Reply::error(
        400,
        "AccessDeniedException",
        "You don't have permissions to access this resource.",
    )
}

/// Organizations' throttling.
pub(crate) fn throttled() -> Reply {
    Reply::error(400, "TooManyRequestsException", "Rate exceeded")
}
