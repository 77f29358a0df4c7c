//! Brings the schema up to date at deployment, as a custom resource of CloudFormation's; by hand with `{}`.
//!
//! Invariants: CloudFormation gets an answer whatever happens, be it that the function cannot be made at all, for
//! otherwise a deployment hangs for an hour; the schema is not changed while a stack is rolled back, nor where nobody
//! knows whether it is; nothing is ever deleted. Which collectors are expected to run follows the release that is
//! deployed, where that goes back too.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")
)]

mod request;
mod response;

use std::future::pending;
use std::pin::pin;
use std::time::Duration;

use polo_aws::stack_status::stack_status;
use polo_core::{Field, Timestamp};
use polo_runtime::{Context, Function, FunctionError, Request, Warm, answer};
use polo_store::collectors::manifests;
use polo_store::migrations::{
    MigrationError, MigrationReport, Topology, Turn, digest, migrate_unless,
};
use serde_json::{Value, json};

use crate::request::{Asked, RequestType, ResourceRequest};
pub use crate::response::Replier;

/// Before the function's time is up, so much is left for the answer to CloudFormation.
const ANSWERING: Duration = Duration::from_secs(20);
/// And before that so much for the release of the lock.
const RELEASING: Duration = Duration::from_secs(20);
/// How long to wait for another who migrates: what is left of the function's time then is for the migrations.
const WAITING: Duration = Duration::from_secs(10 * 60);
/// The longest reason in an answer that is none of a failure.
const REASON_CHARACTERS_AT_MOST: usize = 300;

/// The function.
pub struct SchemaMigrator {
    context: Context,
}

impl SchemaMigrator {
    async fn migrate(&self, request: &Request) -> Result<MigrationReport, FunctionError> {
        let mut turn = Turn {
            // Lambda's retries keep the id, and come when the attempt before them has ended.
            unique: true,
            ..Turn::of(format!("{} {}", Self::NAME, request.request_id)).waiting(WAITING)
        };
        if let Some(left) = self.left(request) {
            turn.within = turn.within.min(left);
        }
        let topology = Topology {
            cluster: self.context.config.cluster.clone(),
        };
        let report = migrate_unless(
            &self.context.store,
            &topology,
            &self.context.config.retention.into(),
            &turn,
            pin!(pending()),
        )
        .await?;
        self.register_collectors().await?;
        Ok(report)
    }

    /// This release's collectors are expected from now on, and no others.
    async fn register_collectors(&self) -> Result<(), FunctionError> {
        let manifests = manifests().map_err(|error| FunctionError::Refused(error.to_string()))?;
        Ok(self.context.store.register_collectors(&manifests).await?)
    }

    /// What becomes of the collectors in a rollback. It never fails: a rollback that fails leaves a stack that nobody
    /// can deploy.
    async fn roll_back_collectors(
        &self,
        asked: &ResourceRequest,
        request_type: RequestType,
        request: &Request,
    ) -> String {
        if request_type == RequestType::Create {
            return "not registered: the stack is given up".to_owned();
        }
        if asked.migrations.as_deref() != Some(&digest()) {
            return "not registered: this function is not of the release that the stack goes back to".to_owned();
        }
        let work = self.register_collectors();
        let outcome = match self.left(request) {
            None => work.await,
            Some(left) => tokio::time::timeout(left, work).await.unwrap_or_else(|_| {
                Err(FunctionError::Refused(
                    "the function's time was up".to_owned(),
                ))
            }),
        };
        match outcome {
            Ok(()) => "registered".to_owned(),
            Err(error) => {
                let reason = error.chain();
                tracing::warn!(
                    error = reason,
                    "the collectors of the release before are not registered"
                );
                let reason: String = reason.chars().take(REASON_CHARACTERS_AT_MOST).collect();
                format!(
                    "not registered: {}",
                    reason.split_whitespace().collect::<Vec<_>>().join(" ")
                )
            }
        }
    }

    /// The time that is left for work in the database, where it is known.
    fn left(&self, request: &Request) -> Option<Duration> {
        let left = left(request, self.context.clock.now())?;
        Some(left.saturating_sub(RELEASING))
    }
}

impl Function for SchemaMigrator {
    const NAME: &'static str = "schema-migrator";
    type Payload = Value;
    const TAKES: &'static [Field] = &[];

    fn new(context: Context) -> Result<Self, FunctionError> {
        Ok(Self { context })
    }

    async fn handle(&self, payload: Value, request: &Request) -> Result<Value, FunctionError> {
        let asked = match Asked::parse(&payload)? {
            Asked::ByHand => return Ok(migrated(&self.migrate(request).await?)),
            Asked::ByCloudFormation(asked) => asked,
        };
        match asked.request_type()? {
            RequestType::Delete => Ok(kept()),
            request_type @ (RequestType::Create | RequestType::Update) => {
                let context = &self.context;
                let status = stack_status(&context.aws, &asked.stack_id, &context.backoff).await?;
                if status.contains("ROLLBACK") {
                    let collectors = self
                        .roll_back_collectors(&asked, request_type, request)
                        .await;
                    return Ok(json!({
                        "outcome": "skipped: rollback", "stack_status": status, "collectors": collectors
                    }));
                }
                match self.migrate(request).await {
                    // Somebody goes back to an older release on purpose, and migrations only add.
                    Err(FunctionError::Migration(
                        error @ MigrationError::Unknown { left: 0, .. },
                    )) => {
                        tracing::warn!(error = %error, "the database is newer than this release");
                        self.register_collectors().await?;
                        Ok(json!({
                            "outcome": "nothing to do: the database is newer", "collectors": "registered"
                        }))
                    }
                    outcome => Ok(migrated(&outcome?)),
                }
            }
        }
    }

    async fn deliver(
        warm: &Warm<Self>,
        event: &Value,
        request: &Request,
    ) -> Result<Value, FunctionError> {
        let replier = Replier::new()?;
        deliver(warm, event, request, &replier).await
    }
}

/// One invocation with its answer to CloudFormation, where that asked.
///
/// # Errors
/// Where CloudFormation did not take the answer, so that Lambda tries again. Once it has taken one, a failure is told
/// there, and the invocation ends well: another attempt would meet a stack that is being rolled back.
pub async fn deliver(
    warm: &Warm<SchemaMigrator>,
    event: &Value,
    request: &Request,
    replier: &Replier,
) -> Result<Value, FunctionError> {
    let Asked::ByCloudFormation(asked) = Asked::parse(event)? else {
        return answer(warm, event, request).await;
    };
    let outcome = match asked.request_type() {
        // Needs nothing, so that a stack whose settings are wrong can be deleted.
        Ok(RequestType::Delete) => Ok(kept()),
        Ok(RequestType::Create | RequestType::Update) => {
            in_time(left(request, replier.now()), answer(warm, event, request)).await
        }
        Err(error) => Err(error),
    };
    replier.reply(&asked, &outcome).await?;
    outcome.or_else(|error| {
        tracing::error!(
            function = SchemaMigrator::NAME,
            request.id = request.request_id,
            error_type = error.error_type(),
            error = error.chain(),
            "told to CloudFormation"
        );
        Ok(json!({"told_to_cloudformation": error.chain(), "error_type": error.error_type()}))
    })
}

/// Work, cut off where there is only time left to tell of it.
async fn in_time(
    left: Option<Duration>,
    work: impl Future<Output = Result<Value, FunctionError>>,
) -> Result<Value, FunctionError> {
    let Some(left) = left else {
        return work.await;
    };
    tokio::time::timeout(left, work).await.unwrap_or_else(|_| {
        Err(FunctionError::Refused(
            "the function's time was up before the schema was up to date: deploy again to go on from there"
                .to_owned(),
        ))
    })
}

/// The time that is left for work, where it is known.
fn left(request: &Request, now: Timestamp) -> Option<Duration> {
    let left = (request.deadline_at? - now).to_std().unwrap_or_default();
    Some(left.saturating_sub(ANSWERING))
}

fn migrated(report: &MigrationReport) -> Value {
    json!({
        "outcome": "migrated", "applied": report.applied, "already": report.already, "adopted": report.adopted
    })
}

fn kept() -> Value {
    json!({"outcome": "nothing is deleted: the data stays"})
}
