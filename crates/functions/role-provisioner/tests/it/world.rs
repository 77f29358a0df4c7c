//! A registry of accounts that wait for their role, a StackSet that does what a test says, and the provisioner with a
//! clock that a test moves.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use polo_aws::{Backoff, Clock};
use polo_core::Timestamp;
use polo_runtime::config::ConfigProblem;
use polo_runtime::{Config, Context, Function, FunctionError};
use polo_store::Store;
use polo_testkit::aws::{Call, FakeAws, Reply, assume_role};
use polo_testkit::clickhouse::{engine_url, fresh_store};
use polo_testkit::delivery::deliver;
use polo_testkit::sql;
use role_provisioner::RoleProvisioner;
use serde_json::Value;

/// An account beneath the targeted OU.
pub(crate) const ONE: &str = "111111111111";
/// Another.
pub(crate) const TWO: &str = "222222222222";
/// One more.
pub(crate) const THREE: &str = "333333333333";
const NEVER: &str = "2099-01-01T00:00:00Z";

/// Account, status and reason.
type AccountResult = (String, String, String);

/// What the StackSet holds and knows.
#[derive(Default)]
pub(crate) struct StackSet {
    /// Status and detailed status by account.
    pub(crate) instances: BTreeMap<String, (String, String)>,
    /// Status and results (account, status, reason) by operation.
    pub(crate) operations: BTreeMap<String, (String, Vec<AccountResult>)>,
    /// What an operation is answered instead, by the call's name.
    pub(crate) instead: BTreeMap<&'static str, Reply>,
    /// The same, where it is carried out nevertheless; one reply a call.
    pub(crate) lost: BTreeMap<&'static str, VecDeque<Reply>>,
}

/// The world of a test.
pub(crate) struct World {
    /// AWS.
    pub(crate) aws: FakeAws,
    /// The database.
    pub(crate) store: Store,
    /// The StackSet.
    pub(crate) stack_set: Arc<Mutex<StackSet>>,
    function: RoleProvisioner,
    minutes: Arc<AtomicI64>,
}

/// The settings of a deployment in the management account.
pub(crate) const SETTINGS: [(&str, &str); 3] = [
    ("POLO_STACK_SET_NAME", "polo-roles"),
    ("POLO_ROLLOUT_OUS", "ou-ab12-workloads"),
    ("POLO_ROLE_REGION", "us-east-1"),
];

impl World {
    /// No account yet.
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// The same with these variables besides [`SETTINGS`].
    pub(crate) async fn with(more: &[(&str, &str)]) -> Self {
        let store = fresh_store().await;
        let minutes: Arc<AtomicI64> = Arc::default();
        let aws = FakeAws::new();
        let stack_set: Arc<Mutex<StackSet>> = Arc::default();
        answer(&aws, &stack_set);
        let environment: Vec<(&str, &str)> = SETTINGS.iter().chain(more).copied().collect();
        let context = context(&store, &aws, &environment, Arc::clone(&minutes)).unwrap();
        Self {
            function: RoleProvisioner::new(context).unwrap(),
            aws,
            store,
            stack_set,
            minutes,
        }
    }

    /// Accounts beneath the targeted OU, found yesterday, whose role was never there.
    pub(crate) async fn waiting(self, ids: &[&str]) -> Self {
        for id in ids {
            self.waits(id, "1 DAY").await;
        }
        self
    }

    /// One that was found so long ago, as `1 DAY`.
    pub(crate) async fn waits(&self, id: &str, ago: &str) {
        let role = polo_testkit::accounts::read_role(id);
        self.sql(&format!(
            "INSERT INTO account_facts (account_id, organization_id, partition, account_name, org_state, membership,
                 in_scope, parents, read_role_arn, _version)
             VALUES ('{id}', 'o-exampleorgid', 'aws', 'account {id}', 'ACTIVE', 'member', true,
                 ['r-ab12', 'ou-ab12-workloads', 'ou-ab12-production'], '{role}', 1)"
        ))
        .await;
        self.sql(&format!(
            "INSERT INTO account_discoveries (account_id, discovered_at) VALUES ('{id}', now64(3) - INTERVAL {ago})"
        ))
        .await;
        self.sql(&format!(
            "INSERT INTO access_checks (check_id, account_id, role_kind, role_arn, checked_at, verdict, next_check_at, checked_by)
             VALUES (generateUUIDv4(), '{id}', 'read', '{role}', now64(3), 'denied', now64(3) + INTERVAL 1 DAY, 'test')"
        ))
        .await;
    }

    /// Changes what discovery says of an account.
    pub(crate) async fn fact(&self, id: &str, replace: &str) {
        self.sql(&format!(
            "INSERT INTO account_facts SELECT * REPLACE ({replace}, _version + 1 AS _version)
             FROM account_facts FINAL WHERE account_id = '{id}'"
        ))
        .await;
    }

    pub(crate) async fn sql(&self, statement: &str) {
        sql::execute(&self.store, statement).await;
    }

    /// The attempt that an invocation noted before it was cut off.
    pub(crate) async fn noted(&self, id: &str, operation_id: &str) {
        self.sql(&format!(
            "INSERT INTO provisioning_attempts (account_id, operation_id, stack_set_name, action, asked_at, outcome, _version)
             VALUES ('{id}', '{operation_id}', 'polo-roles', 'create', now64(3), 'asked', 1)"
        ))
        .await;
    }

    /// The StackSet has an instance of this status in an account.
    pub(crate) fn instance(&self, id: &str, status: &str, detailed: &str) {
        self.stack_set
            .lock()
            .unwrap()
            .instances
            .insert(id.to_owned(), (status.to_owned(), detailed.to_owned()));
    }

    /// A call of this name is answered so from now on.
    pub(crate) fn instead(&self, operation: &'static str, reply: Option<Reply>) {
        let instead = &mut self.stack_set.lock().unwrap().instead;
        match reply {
            Some(reply) => instead.insert(operation, reply),
            None => instead.remove(operation),
        };
    }

    /// The next calls of this name are carried out, and answered so.
    pub(crate) fn lost(&self, operation: &'static str, replies: impl IntoIterator<Item = Reply>) {
        let replies = replies.into_iter().collect();
        self.stack_set
            .lock()
            .unwrap()
            .lost
            .insert(operation, replies);
    }

    /// An operation ends with these results.
    pub(crate) fn ends(&self, operation_id: &str, status: &str, results: &[(&str, &str, &str)]) {
        let results = results
            .iter()
            .map(|(id, status, reason)| {
                ((*id).to_owned(), (*status).to_owned(), (*reason).to_owned())
            })
            .collect();
        self.stack_set
            .lock()
            .unwrap()
            .operations
            .insert(operation_id.to_owned(), (status.to_owned(), results));
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

    /// The tick of this minute.
    pub(crate) async fn tick(&self) -> Result<Value, FunctionError> {
        let time = format!("minute {}", self.minutes.load(Ordering::SeqCst));
        self.deliver(&tick(&time), &time).await
    }

    /// A request by hand; its payload is its request id.
    pub(crate) async fn by_hand(&self, payload: Value) -> Result<Value, FunctionError> {
        self.deliver(&payload, &payload.to_string()).await
    }

    /// The attempts, as `account action outcome reason`.
    pub(crate) async fn attempts(&self) -> Vec<String> {
        sql::lines(
            &self.store,
            "SELECT concat(account_id, ' ', action, ' ', outcome, if(reason = '', '', concat(' ', reason)))
             FROM provisioning_attempts FINAL ORDER BY asked_at, account_id, action",
        )
        .await
    }

    /// The calls that began or would have begun an operation, as `operation accounts`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.aws
            .calls()
            .iter()
            .filter(|call| {
                call.operation.ends_with("StackInstances") && !call.operation.starts_with("List")
            })
            .map(|call| format!("{} {}", call.operation, accounts(call).join(",")))
            .collect()
    }
}

/// The function's parts.
pub(crate) fn context(
    store: &Store,
    aws: &FakeAws,
    environment: &[(&str, &str)],
    minutes: Arc<AtomicI64>,
) -> Result<Context, ConfigProblem> {
    let config = Config::from_lookup(&|name| {
        let given = environment.iter().find(|(key, _)| *key == name);
        match (name, given) {
            (_, Some((_, value))) => Some((*value).to_owned()),
            ("CLICKHOUSE_URL", _) => Some(engine_url().to_owned()),
            ("CLICKHOUSE_DATABASE", _) => Some(store.database().to_owned()),
            _ => None,
        }
    })?;
    // Repeats as in production, without its pauses.
    let backoff = Backoff {
        attempts: 2,
        base: Duration::ZERO,
        cap: Duration::ZERO,
        ..Backoff::default()
    };
    let began_at: Timestamp = Clock::system().now();
    let clock =
        Clock::from_fn(move || began_at + TimeDelta::minutes(minutes.load(Ordering::SeqCst)));
    Ok(Context::new(
        RoleProvisioner::NAME,
        config,
        aws.config(),
        clock,
        backoff,
    ))
}

/// The tick's firing for a time.
pub(crate) fn tick(time: &str) -> Value {
    polo_testkit::delivery::firing("dev-polo-provisioning-tick", time)
}

/// The accounts that an operation names.
pub(crate) fn accounts(call: &Call) -> Vec<String> {
    (1..)
        .map(|n| call.parameter(&format!("DeploymentTargets.Accounts.member.{n}")))
        .take_while(|account| !account.is_empty())
        .collect()
}

/// A CloudFormation error.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Option<Reply> {
    Some(Reply::error(status, code, message))
}

/// The StackSet's answers: an operation that it takes is running until a test ends it.
fn answer(aws: &FakeAws, stack_set: &Arc<Mutex<StackSet>>) {
    aws.on("sts", "AssumeRole", |call| assume_role(call, NEVER));
    let rule = |operation: &'static str, body: fn(&mut StackSet, &Call) -> Reply| {
        let stack_set = Arc::clone(stack_set);
        aws.on("cloudformation", operation, move |call| {
            let mut stack_set = stack_set.lock().unwrap();
            match stack_set.instead.get(operation) {
                Some(reply) => reply.clone(),
                None => {
                    let reply = body(&mut stack_set, call);
                    let lost = stack_set.lost.get_mut(operation);
                    lost.and_then(VecDeque::pop_front).unwrap_or(reply)
                }
            }
        });
    };
    rule("ListStackInstances", |stack_set, _| {
        let members: String = stack_set
            .instances
            .iter()
            .map(|(account, (status, detailed))| {
                format!(
                    "<member><Account>{account}</Account><Region>us-east-1</Region><Status>{status}</Status>\
                     <StackInstanceStatus><DetailedStatus>{detailed}</DetailedStatus></StackInstanceStatus></member>\
                     <member><Account>{account}</Account><Region>eu-west-1</Region><Status>CURRENT</Status></member>"
                )
            })
            .collect();
        body(
            "ListStackInstances",
            &format!("<Summaries>{members}</Summaries>"),
        )
    });
    for operation in ["CreateStackInstances", "UpdateStackInstances"] {
        rule(operation, |stack_set, call| {
            let id = call.parameter("OperationId");
            if stack_set.operations.contains_key(&id) {
                let code = "OperationIdAlreadyExistsException";
                return Reply::error(409, code, "the operation exists");
            }
            let results = accounts(call)
                .into_iter()
                .map(|account| (account, "PENDING".to_owned(), String::new()))
                .collect();
            stack_set
                .operations
                .insert(id.clone(), ("RUNNING".into(), results));
            body(&call.operation, &format!("<OperationId>{id}</OperationId>"))
        });
    }
    rule(
        "DescribeStackSetOperation",
        |stack_set, call| match stack_set.operations.get(&call.parameter("OperationId")) {
            None => Reply::error(404, "OperationNotFoundException", "no such operation"),
            Some((status, _)) => body(
                &call.operation,
                &format!("<StackSetOperation><Status>{status}</Status></StackSetOperation>"),
            ),
        },
    );
    rule("ListStackSetOperationResults", |stack_set, call| {
        let (_, results) = &stack_set.operations[&call.parameter("OperationId")];
        let members: String = results
            .iter()
            .map(|(account, status, reason)| {
                format!(
                    "<member><Account>{account}</Account><Region>us-east-1</Region><Status>{status}</Status>\
                     <StatusReason>{reason}</StatusReason></member>"
                )
            })
            .collect();
        body(
            &call.operation,
            &format!("<Summaries>{members}</Summaries>"),
        )
    });
}

fn body(operation: &str, result: &str) -> Reply {
    Reply::ok(format!(
        "<{operation}Response xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">\
         <{operation}Result>{result}</{operation}Result>\
         <ResponseMetadata><RequestId>fake-request-id</RequestId></ResponseMetadata></{operation}Response>"
    ))
}
