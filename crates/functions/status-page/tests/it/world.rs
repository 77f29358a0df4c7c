//! A small organization in a fresh database, and requests to the page over it.
//!
//! Invariant: a status is never written, only what the status rule reads.

use lambda_http::{Body, Request, Response};
use polo_runtime::Warm;
use polo_store::{Store, StoreConfig};
use polo_testkit::clickhouse::fresh_store;
use polo_testkit::sql;
use serde_json::Value;
use status_page::{Answer, Route, StatusPage};

pub(crate) const SHOP: &str = "111111111111";
pub(crate) const BROKEN: &str = "222222222222";
pub(crate) const SUSPENDED: &str = "333333333333";
pub(crate) const STANDALONE: &str = "444444444444";
pub(crate) const PARTLY: &str = "555555555555";

/// What an account could be called, if somebody wanted to do harm.
pub(crate) const HOSTILE: &str = r#"<script>alert("1")</script>"#;

pub(crate) struct World {
    pub(crate) store: Store,
    page: StatusPage,
}

impl World {
    /// The schema and no account.
    pub(crate) async fn empty() -> Self {
        let store = fresh_store().await;
        Self {
            page: StatusPage::over(store.clone()),
            store,
        }
    }

    /// Five accounts: one that is well, one that was shut out, one suspended, one outside any OU, one with a gap.
    pub(crate) async fn organization() -> Self {
        let world = Self::empty().await;
        for (id, name, parent) in [
            ("r-ab12", "Root", ""),
            ("ou-ab12-work", "Workloads", "r-ab12"),
            ("ou-ab12-prod", "Production", "ou-ab12-work"),
            ("ou-ab12-gone", "Nobody's", "r-ab12"),
            // A circle, which nothing of Polo's writes: others write the table too.
            ("ou-ab12-aaaa", "A", "ou-ab12-bbbb"),
            ("ou-ab12-bbbb", "B", "ou-ab12-aaaa"),
        ] {
            let kind = if parent.is_empty() {
                "root"
            } else {
                "organizational_unit"
            };
            world
                .sql(&format!(
                    "INSERT INTO hierarchy_nodes (node_id, node_type, node_name, parent_id, hierarchy, _version)
                     VALUES ('{id}', '{kind}', '{}', '{parent}', 'aws_account', 1)",
                    name.replace('\'', "''")
                ))
                .await;
        }
        let prod = "['r-ab12', 'ou-ab12-work', 'ou-ab12-prod']";
        world.account(SHOP, "shop", prod, "ACTIVE").await;
        world.account(BROKEN, HOSTILE, prod, "ACTIVE").await;
        world
            .account(SUSPENDED, "old", "['r-ab12']", "SUSPENDED")
            .await;
        world.account(STANDALONE, "alone", "[]", "ACTIVE").await;
        world
            .account(PARTLY, "partly", "['r-ab12', 'ou-ab12-bbbb']", "ACTIVE")
            .await;
        world
            .sql(
                "INSERT INTO collectors (collector, scope, schedule, period_hours, freshness_hours, timeout_s, expected, _version)
                 VALUES ('config_ec2', 'region', 'daily', 24, 36, 900, true, 1), ('account_alias', 'account', 'daily', 24, 36, 60, true, 1)",
            )
            .await;
        for account in [SHOP, PARTLY] {
            world.check(account, "success", "", 3).await;
            world.all_collected(account).await;
        }
        world.check(BROKEN, "success", "", 120).await;
        let refused = "User is not authorized to perform: sts:AssumeRole on <that role>";
        world.check(BROKEN, "denied", refused, 40).await;
        world.check(BROKEN, "denied", refused, 3).await;
        world
            .sql(&format!(
                "INSERT INTO run_targets (run_id, attempt, account_id, collector, region, started_at, finished_at, outcome,
                     error_class, action, message, _version)
                 SELECT run_id, 1, account_id, collector, 'eu-west-1', started_at, now64(3), 'denied', 'denied_by_scp',
                     'ec2:DescribeInstances', 'explicit deny in a service control policy', 1
                 FROM collector_runs WHERE account_id = '{PARTLY}' AND collector = 'config_ec2'"
            ))
            .await;
        world
            .sql(&format!(
                "INSERT INTO account_settings (account_id, setting, value, reason, author)
                 VALUES ('{SHOP}', 'owner', 'team <b>shop</b>', '', 'ada')"
            ))
            .await;
        world
            .sql(
                "INSERT INTO discovery_runs (sweep_id, organization_id, started_at, finished_at, listing, _version)
                 VALUES (generateUUIDv4(), 'o-test', now64(3) - INTERVAL 12 MINUTE, now64(3), 'complete', 1)",
            )
            .await;
        world
    }

    pub(crate) async fn sql(&self, statement: &str) {
        sql::execute(&self.store, statement).await;
    }

    async fn account(&self, id: &str, name: &str, parents: &str, state: &str) {
        let organization = if parents == "[]" { "" } else { "o-test" };
        self.sql(&format!(
            "INSERT INTO account_facts (account_id, organization_id, partition, account_name, org_state, membership, in_scope,
                 parents, read_role_arn, _version)
             VALUES ('{id}', '{organization}', 'aws', '{}', '{state}', 'member', true, {parents},
                 'arn:aws:iam::{id}:role/dev-PoloReadRole', 1)",
            name.replace('\'', "''")
        ))
        .await;
    }

    async fn check(&self, id: &str, verdict: &str, message: &str, minutes_ago: u32) {
        let (class, code) = match verdict {
            "success" => ("", ""),
            _ => ("denied", "AccessDenied"),
        };
        self.sql(&format!(
            "INSERT INTO access_checks (check_id, account_id, role_kind, role_arn, checked_at, verdict, error_class, error_code,
                 message, next_check_at, checked_by)
             VALUES (generateUUIDv4(), '{id}', 'read', 'arn:aws:iam::{id}:role/dev-PoloReadRole',
                 now64(3) - INTERVAL {minutes_ago} MINUTE, '{verdict}', '{class}', '{code}', '{message}',
                 now64(3) + INTERVAL 1 DAY, 'access-verifier')"
        ))
        .await;
    }

    /// A complete run of every expected collector, two hours ago.
    async fn all_collected(&self, id: &str) {
        self.sql(&format!(
            "INSERT INTO collector_runs (run_id, attempt, sweep_id, account_id, collector, trigger, started_at, deadline_at,
                 finished_at, outcome, targets, targets_conclusive, resources_seen, _version)
             SELECT generateUUIDv4(), 1, generateUUIDv4(), '{id}', collector, 'schedule', now64(3) - INTERVAL 2 HOUR,
                 now64(3) - INTERVAL 1 HOUR, now64(3) - INTERVAL 2 HOUR + INTERVAL 5 SECOND, 'complete', 1, 1, 7, 1
             FROM (SELECT * FROM collectors FINAL WHERE expected)"
        ))
        .await;
    }

    /// What a route answers; the database does not fail.
    pub(crate) async fn answer(&self, route: &Route) -> Answer {
        self.page.answer(route).await.unwrap()
    }

    /// The body of a GET that is answered with this status.
    pub(crate) async fn get(&self, status: u16, target: &str) -> String {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let route = Route::of("GET", path, query).unwrap();
        let answer = self.answer(&route).await;
        assert_eq!(answer.status, status, "{target}: {}", answer.body);
        answer.body
    }

    /// The JSON of a GET.
    pub(crate) async fn json(&self, target: &str) -> Value {
        serde_json::from_str(&self.get(200, target).await).unwrap()
    }
}

/// A page over a database that is not there.
pub(crate) fn without_database() -> Warm<StatusPage> {
    let url = "http://127.0.0.1:9/";
    over(StoreConfig::new(url, None, Some("reader"), Some("a-password")).unwrap())
}

/// A page over a database, made at the first request.
pub(crate) fn over(store: StoreConfig) -> Warm<StatusPage> {
    Warm::new(
        move || {
            let store = store.clone();
            Box::pin(async { context(store) })
        },
        StatusPage::new,
    )
}

fn context(store: StoreConfig) -> Result<polo_runtime::Context, polo_runtime::FunctionError> {
    let lookup = |name: &str| (name == "CLICKHOUSE_URL").then(|| "http://127.0.0.1:9/".to_owned());
    let mut config = polo_runtime::Config::from_lookup(&lookup)?;
    config.store = store;
    Ok(polo_runtime::Context::new(
        "status-page",
        config,
        polo_testkit::aws::FakeAws::new().config(),
        polo_aws::Clock::system(),
        polo_aws::Backoff::default(),
    ))
}

/// A request as Lambda's HTTP events become one.
pub(crate) fn request(method: &str, target: &str) -> Request {
    lambda_http::http::Request::builder()
        .method(method)
        .uri(format!("https://page.example.com{target}"))
        .body(Body::Empty)
        .unwrap()
}

/// A response's status and text.
pub(crate) fn told(response: &Response<Body>) -> (u16, &str) {
    let Body::Text(text) = response.body() else {
        panic!("no text: {response:?}")
    };
    (response.status().as_u16(), text)
}
