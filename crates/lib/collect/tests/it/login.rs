//! ClickHouse's password in a secret, and rotated while a function is warm.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use polo_aws::{Backoff, Clock};
use polo_collect::CollectorFunction;
use polo_runtime::function::answer;
use polo_runtime::{Config, Context, Function, FunctionError, Request, Warm};
use polo_testkit::aws::Reply;
use polo_testkit::login::Login;
use serde_json::{Value, json};

use crate::shelf::Shelf;
use crate::world::*;

const SECRET: &str = "dev-polo/clickhouse-password";
const OLD: &str = "before-the-rotation";
const NEW: &str = "after-the-rotation";

/// The shelf's world behind a login, whose password is in a secret.
struct Locked {
    world: World,
    login: Login,
    function: Warm<CollectorFunction<Shelf>>,
    secret: Arc<Mutex<Reply>>,
}

impl Locked {
    async fn new() -> Self {
        Self::with(&[("CLICKHOUSE_PASSWORD_SECRET_ID", SECRET)]).await
    }

    /// The same with these variables instead of the secret's name.
    async fn with(environment: &'static [(&'static str, &'static str)]) -> Self {
        let world = World::new().await.shows(EAST, &[("vol-1", "in-use")]);
        let login = Login::to_engine("polo", OLD);
        let secret = Arc::new(Mutex::new(holds(OLD)));
        let held = Arc::clone(&secret);
        world
            .aws
            .on("secretsmanager", "GetSecretValue", move |call| {
                assert_eq!(call.json["SecretId"], SECRET);
                held.lock().unwrap().clone()
            });
        let function = Warm::new(
            opener(&world, &login, environment),
            CollectorFunction::<Shelf>::new,
        );
        Self {
            world,
            login,
            function,
            secret,
        }
    }

    /// What the secret is from now on.
    fn secret_is(&self, reply: Reply) {
        *self.secret.lock().unwrap() = reply;
    }

    /// Delivers the event of a sweep.
    async fn sweep(&self, name: &str) -> Result<Value, FunctionError> {
        let request = Request {
            request_id: name.to_owned(),
            deadline_at: None,
        };
        answer(&self.function, &event(name), &request).await
    }

    /// A sweep that has to end as a refused login, and its sentence.
    async fn refused(&self, name: &str) -> String {
        let error = self.sweep(name).await.unwrap_err();
        assert_eq!(error.error_type(), "ClickHouseLoginRefused");
        let sentence = error.chain();
        assert!(sentence.contains("Code: 516."), "{sentence}");
        for shown in [sentence.clone(), format!("{error:?}")] {
            assert!(!shown.contains(OLD) && !shown.contains(NEW), "{shown}");
        }
        sentence
    }

    /// How often the secret was read.
    fn reads(&self) -> usize {
        self.world.aws.calls_of("GetSecretValue").len()
    }
}

/// Contexts as a cold start makes them, for the engine behind the login.
fn opener(
    world: &World,
    login: &Login,
    environment: &'static [(&'static str, &'static str)],
) -> impl Fn() -> futures::future::BoxFuture<'static, Result<Context, FunctionError>>
+ Send
+ Sync
+ 'static {
    let (url, database) = (login.url(), world.store.database().to_owned());
    let aws = world.aws.config();
    move || {
        let config = Config::from_lookup(&|name| match name {
            "CLICKHOUSE_URL" => Some(url.clone()),
            "CLICKHOUSE_DATABASE" => Some(database.clone()),
            "CLICKHOUSE_USER" => Some("polo".to_owned()),
            _ => environment
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned()),
        });
        let aws = aws.clone();
        Box::pin(async move {
            let backoff = Backoff {
                attempts: 2,
                base: Duration::ZERO,
                cap: Duration::ZERO,
                ..Backoff::default()
            };
            Context::open("shelf", config?, aws, Clock::system(), backoff).await
        })
    }
}

fn holds(text: &str) -> Reply {
    Reply::json(json!({"Name": SECRET, "SecretString": text}))
}

fn denied_secret() -> Reply {
    Reply::error(
        400,
        "AccessDeniedException",
        "User is not authorized to perform: secretsmanager:GetSecretValue",
    )
}

#[tokio::test]
async fn a_rotated_password_costs_one_repetition_and_no_failure() {
    let locked = Locked::new().await;
    locked.function.start().await.unwrap();
    assert_eq!(locked.sweep("one").await.unwrap()["outcome"], "complete");
    assert_eq!((locked.reads(), locked.login.refused()), (1, 0));

    locked.login.rotate(NEW);
    locked.secret_is(holds(
        &json!({"username": "polo", "password": NEW}).to_string(),
    ));
    assert_eq!(locked.sweep("two").await.unwrap()["outcome"], "complete");
    assert_eq!((locked.reads(), locked.login.refused()), (2, 1));
    assert_eq!(locked.sweep("three").await.unwrap()["outcome"], "complete");
    assert_eq!((locked.reads(), locked.login.refused()), (2, 1));
    assert_eq!(
        locked.world.runs().await,
        ["1 complete", "1 complete", "1 complete"]
    );
}

#[tokio::test]
async fn a_run_in_whose_midst_the_password_is_rotated_goes_on_as_its_next_attempt() {
    let locked = Locked::new().await;
    let held = locked.world.aws.hold("DescribeVolumes", EAST);
    let rotation = async {
        held.reached().await;
        locked.login.rotate(NEW);
        locked.secret_is(holds(NEW));
        held.release();
    };
    let (answer, ()) = tokio::join!(locked.sweep("one"), rotation);
    assert_eq!(answer.unwrap()["outcome"], "complete");
    assert_eq!(locked.world.runs().await, ["1 running", "2 complete"]);
    assert_eq!(locked.world.resources().await, ["us-east-1 vol-1 in-use"]);
    assert_eq!(locked.world.changes().await, ["vol-1 appeared"]);
}

#[tokio::test]
async fn a_secret_that_still_holds_the_refused_password_is_told_and_nothing_is_repeated() {
    let locked = Locked::new().await;
    locked.sweep("one").await.unwrap();
    locked.login.rotate(NEW);
    let sentence = locked.refused("two").await;
    assert!(
        sentence.starts_with(&format!(
            "ClickHouse refused the login of \"polo\": secret \"{SECRET}\" still holds the refused password: store"
        )),
        "{sentence}"
    );
    assert_eq!((locked.reads(), locked.login.refused()), (2, 1));

    // Lambda's retry, when the rotation is through.
    locked.secret_is(holds(NEW));
    assert_eq!(locked.sweep("two").await.unwrap()["outcome"], "complete");
}

#[tokio::test]
async fn another_password_that_is_refused_too_is_tried_once() {
    let locked = Locked::new().await;
    locked.sweep("one").await.unwrap();
    locked.login.rotate(NEW);
    locked.secret_is(holds("neither of them"));
    let sentence = locked.refused("two").await;
    assert!(sentence.contains("is refused too"), "{sentence}");
    assert_eq!((locked.reads(), locked.login.refused()), (2, 2));
}

#[tokio::test]
async fn a_password_of_the_environment_is_not_looked_for_elsewhere() {
    let locked = Locked::with(&[("CLICKHOUSE_PASSWORD", "wrong")]).await;
    let sentence = locked.refused("one").await;
    assert!(
        sentence.contains("correct CLICKHOUSE_USER and CLICKHOUSE_PASSWORD"),
        "{sentence}"
    );
    assert!(!sentence.contains("wrong"), "{sentence}");
    assert_eq!((locked.reads(), locked.login.refused()), (0, 1));
}

#[tokio::test]
async fn a_secret_that_cannot_be_used_is_told_by_each_invocation_until_it_can() {
    let locked = Locked::new().await;
    for (reply, told) in [
        (denied_secret(), "secretsmanager:GetSecretValue"),
        (
            Reply::error(400, "ResourceNotFoundException", "no such secret"),
            "there is no secret",
        ),
        (
            Reply::json(json!({"Name": SECRET, "SecretBinary": "aGVsbG8="})),
            "holds bytes",
        ),
        (
            holds("{\"user\": \"polo\"}"),
            "without a text field \"password\"",
        ),
        (holds("\n"), "is empty"),
    ] {
        locked.secret_is(reply);
        let error = locked.sweep("one").await.unwrap_err();
        let sentence = error.chain();
        assert_eq!(error.error_type(), "SecretUnusable", "{sentence}");
        assert!(
            sentence.starts_with("CLICKHOUSE_PASSWORD_SECRET_ID ")
                && sentence.contains(SECRET)
                && sentence.contains(told)
                && !sentence.contains('\n'),
            "{sentence}"
        );
    }
    assert_eq!(locked.world.runs().await, Vec::<String>::new());
    locked.secret_is(holds(OLD));
    assert_eq!(locked.sweep("one").await.unwrap()["outcome"], "complete");
}

#[tokio::test]
async fn a_warm_function_keeps_its_old_login_where_the_secret_cannot_be_read() {
    let locked = Locked::new().await;
    locked.sweep("one").await.unwrap();
    locked.login.rotate(NEW);
    locked.secret_is(denied_secret());
    let error = locked.sweep("two").await.unwrap_err();
    assert_eq!(error.error_type(), "SecretUnusable", "{}", error.chain());
    locked.login.rotate(OLD);
    assert_eq!(locked.sweep("two").await.unwrap()["outcome"], "complete");
}

/// What a page does: several requests at once, no payload and no run.
#[tokio::test]
async fn work_that_is_refused_at_the_same_time_renews_the_login_once() {
    let locked = Locked::new().await;
    let warm = Warm::new(
        opener(
            &locked.world,
            &locked.login,
            &[("CLICKHOUSE_PASSWORD_SECRET_ID", SECRET)],
        ),
        Ok,
    );
    warm.start().await.unwrap();
    locked.login.rotate(NEW);
    locked.secret_is(holds(NEW));
    let begun = AtomicUsize::new(0);
    let work = |context: Arc<Context>| {
        begun.fetch_add(1, Ordering::SeqCst);
        async move { Ok(context.store.accounts().await?.len()) }
    };
    let (one, two) = tokio::join!(warm.run(work), warm.run(work));
    assert_eq!((one.unwrap(), two.unwrap()), (1, 1));
    assert_eq!(begun.load(Ordering::SeqCst), 4);
    assert_eq!((locked.reads(), locked.login.refused()), (2, 2));
}

#[test]
fn both_ways_to_give_a_password_at_once_are_refused_without_showing_it() {
    let error = Config::from_lookup(&|name| match name {
        "CLICKHOUSE_URL" => Some("http://localhost:8123".to_owned()),
        "CLICKHOUSE_PASSWORD" => Some(OLD.to_owned()),
        "CLICKHOUSE_PASSWORD_SECRET_ID" => Some(SECRET.to_owned()),
        _ => None,
    })
    .unwrap_err()
    .to_string();
    assert!(
        error.contains(SECRET) && error.contains("both set") && !error.contains(OLD),
        "{error}"
    );
}
