//! What the tests of the built program share: a fresh database with some accounts, the program itself, and a Lambda
//! API that answers what the test says and records what it was asked.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test uses its own part, and stops where it cannot go on"
)]

use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use polo_core::reconcile::{AccountFacts, Membership};
use polo_store::Store;
use polo_testkit::clickhouse::{engine_url, fresh_store};
use polo_testkit::sql;
use serde_json::{Value, json};

pub(crate) const SHOP: &str = "111111111111";
pub(crate) const BROKEN: &str = "222222222222";
pub(crate) const SUSPENDED: &str = "333333333333";
pub(crate) const STRANGER: &str = "999999999999";

/// A fresh database and the environment in which the program works on it.
#[derive(Clone)]
pub(crate) struct Database {
    pub(crate) store: Store,
    environment: Vec<(String, String)>,
}

/// How the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The program's JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Fails unless the program did what it was asked.
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// The one sentence with which the program refused, and its exit code.
    pub(crate) fn refused(&self, code: i32) -> &str {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{self:?}");
        let sentence = self.stderr.trim_end();
        assert!(
            sentence.starts_with("polo: ") && !sentence.contains('\n'),
            "{self:?}"
        );
        sentence
    }
}

impl Database {
    /// The schema and no account.
    pub(crate) async fn empty() -> Self {
        let store = fresh_store().await;
        let environment = [
            ("CLICKHOUSE_URL", engine_url()),
            ("CLICKHOUSE_DATABASE", store.database()),
            ("USER", "ada"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            // Nothing listens there.
            ("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:9"),
        ];
        let environment = environment
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        Self { store, environment }
    }

    /// Three accounts: one that works, one that never did, one that AWS has suspended.
    pub(crate) async fn with_accounts() -> Self {
        let database = Self::empty().await;
        let facts = [
            facts(SHOP, "shop", "ACTIVE"),
            facts(BROKEN, "broken", "ACTIVE"),
            facts(SUSPENDED, "old", "SUSPENDED"),
        ];
        let version = database.store.version().await.unwrap();
        database
            .store
            .write_account_facts(version, &facts)
            .await
            .unwrap();
        database.sql(&check(SHOP, "success", "")).await;
        database
            .sql(&check(
                BROKEN,
                "denied",
                "User is not authorized to perform: sts:AssumeRole",
            ))
            .await;
        database
    }

    pub(crate) async fn sql(&self, statement: &str) {
        sql::execute(&self.store, statement).await;
    }

    /// The same with one more variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The variables, the later of two with one name counts.
    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// The same with these variables.
    pub(crate) fn with_environment(self, environment: Vec<(String, String)>) -> Self {
        Self {
            environment,
            ..self
        }
    }

    /// Runs the program.
    pub(crate) async fn polo(&self, arguments: &[&str]) -> Ended {
        polo(&self.environment, arguments).await
    }

    /// An account's status and reason.
    pub(crate) async fn status(&self, account: &str) -> (String, String) {
        let row = self.store.account(&account.parse().unwrap()).await.unwrap();
        (row.polo_status, row.status_reason)
    }

    /// The rows of `account_settings`, as `setting=value|reason|author`.
    pub(crate) async fn settings(&self) -> Vec<String> {
        let sql = "SELECT concat(account_id, ' ', setting, '=', value, '|', reason, '|', author)
                   FROM account_settings FINAL ORDER BY account_id, setting";
        sql::lines(&self.store, sql).await
    }
}

/// Runs the program with this environment and nothing else.
pub(crate) async fn polo(environment: &[(String, String)], arguments: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_polo"));
    command
        .args(arguments)
        .env_clear()
        .envs(environment.iter().cloned());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    Ended {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn facts(id: &str, name: &str, state: &str) -> AccountFacts {
    AccountFacts {
        account_id: id.parse().unwrap(),
        organization_id: "o-test".into(),
        partition: "aws".into(),
        account_name: name.into(),
        account_email: format!("{name}@example.com"),
        org_state: state.into(),
        membership: Membership::Member,
        in_scope: true,
        is_management: false,
        parents: vec!["r-ab12".into(), "ou-ab12-prod".into()],
        org_unit: "Root/Production".into(),
        joined_at: Some("2024-01-02T03:04:05Z".parse().unwrap()),
        joined_method: "CREATED".into(),
        read_role_arn: format!("arn:aws:iam::{id}:role/dev-PoloReadRole")
            .parse()
            .unwrap(),
        action_role_arn: None,
        reinstated_at: None,
        left_at: None,
    }
}

/// The INSERT of an access check, made now.
pub(crate) fn check(account: &str, verdict: &str, message: &str) -> String {
    let (class, code) = if verdict == "success" {
        ("", "")
    } else {
        ("denied", "AccessDenied")
    };
    format!(
        "INSERT INTO access_checks SELECT generateUUIDv4(), '{account}', 'read',
            'arn:aws:iam::{account}:role/dev-PoloReadRole', now64(3), '{verdict}', '{class}', '{code}', '{message}', '',
            now64(3) + INTERVAL 1 DAY, 'access-verifier', 12"
    )
}

/// What the Lambda API is to answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: StatusCode,
    headers: Vec<(&'static str, &'static str)>,
    body: Value,
    statement: Option<String>,
}

impl Answer {
    /// The function's answer.
    pub(crate) fn ok(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            headers: vec![],
            body,
            statement: None,
        }
    }

    /// The function's error.
    pub(crate) fn function_error(error_type: &str, message: &str) -> Self {
        let body = json!({"errorType": error_type, "errorMessage": message});
        Self {
            headers: vec![("x-amz-function-error", "Unhandled")],
            ..Self::ok(body)
        }
    }

    /// Lambda's own refusal.
    pub(crate) fn refusal(status: u16, code: &'static str, message: &str) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap(),
            headers: vec![("x-amzn-errortype", code)],
            body: json!({"Message": message}),
            statement: None,
        }
    }

    /// What the function writes to the database before it answers.
    pub(crate) fn after(self, statement: String) -> Self {
        Self {
            statement: Some(statement),
            ..self
        }
    }
}

/// A Lambda API that gives every invocation the same answer.
pub(crate) struct Lambda {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
}

#[derive(Clone)]
struct Played {
    answer: Answer,
    store: Option<Store>,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Lambda {
    pub(crate) async fn start(answer: Answer, store: Option<&Store>) -> Self {
        let calls: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
        let played = Played {
            answer,
            store: store.cloned(),
            calls: Arc::clone(&calls),
        };
        let routes = Router::new()
            .route("/2015-03-31/functions/{name}/invocations", post(invoke))
            .route("/2021-10-31/functions/{name}/url", get(look_up))
            .with_state(played);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, calls }
    }

    /// What was asked: function and payload.
    pub(crate) fn calls(&self) -> Vec<(String, Value)> {
        self.calls.lock().unwrap().clone()
    }
}

/// GetFunctionUrlConfig: the same answer, which for most tests is a refusal.
async fn look_up(State(played): State<Played>) -> Response {
    let mut response = (played.answer.status, played.answer.body.to_string()).into_response();
    for (name, value) in &played.answer.headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}

async fn invoke(
    State(played): State<Played>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    // The default of the operation: the caller waits for the answer.
    let kind = headers
        .get("x-amz-invocation-type")
        .map(|value| value.to_str().unwrap().to_owned());
    assert!(
        matches!(kind.as_deref(), None | Some("RequestResponse")),
        "{kind:?}"
    );
    played
        .calls
        .lock()
        .unwrap()
        .push((name, serde_json::from_str(&body).unwrap()));
    if let (Some(statement), Some(store)) = (&played.answer.statement, &played.store) {
        sql::execute(store, statement).await;
    }
    let mut response = (played.answer.status, played.answer.body.to_string()).into_response();
    for (name, value) in &played.answer.headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}
