//! Brings the schema up to date at deployment, as a custom resource of CloudFormation's; by hand with `{}`.
//!
//! Invariants: CloudFormation gets an answer whatever happens, be it that the function cannot be made at all, for
//! otherwise a deployment hangs for an hour; nothing is changed while a stack is rolled back, nor where nobody knows
//! whether it is; nothing is ever deleted.

mod request;
mod response;

use std::time::Duration;

use polo_aws::stack_status::stack_status;
use polo_core::Timestamp;
use polo_runtime::{Context, Function, FunctionError, Request, Warm, answer};
use polo_store::collectors::manifests;
use polo_store::migrations::{MigrationError, MigrationReport, Topology, Turn, migrate};
use serde_json::{Value, json};

use crate::request::{Asked, RequestType};
pub use crate::response::Replier;

/// Before the function's time is up, so much is left for the answer to CloudFormation.
const ANSWERING: Duration = Duration::from_secs(20);
/// And before that so much for the release of the lock.
const RELEASING: Duration = Duration::from_secs(20);

/// The function.
pub struct SchemaMigrator {
    context: Context,
}

impl SchemaMigrator {
    async fn migrate(&self, request: &Request) -> Result<MigrationReport, FunctionError> {
        let manifests = manifests().map_err(|error| FunctionError::Refused(error.to_string()))?;
        let mut turn = Turn::of(format!("{} {}", Self::NAME, request.request_id));
        if let Some(left) = left(request, self.context.clock.now()) {
            turn.within = turn.within.min(left.saturating_sub(RELEASING));
        }
        let topology = Topology {
            cluster: self.context.config.cluster.clone(),
        };
        let store = &self.context.store;
        let report = migrate(store, &topology, &turn).await?;
        store.register_collectors(&manifests).await?;
        Ok(report)
    }
}

impl Function for SchemaMigrator {
    const NAME: &'static str = "schema-migrator";
    type Payload = Value;

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
            RequestType::Create | RequestType::Update => {
                let context = &self.context;
                let status = stack_status(&context.aws, &asked.stack_id, &context.backoff).await?;
                if status.contains("ROLLBACK") {
                    return Ok(json!({"outcome": "skipped: rollback", "stack_status": status}));
                }
                match self.migrate(request).await {
                    // Somebody goes back to an older release on purpose, and migrations only add.
                    Err(FunctionError::Migration(
                        error @ MigrationError::Unknown { left: 0, .. },
                    )) => {
                        tracing::warn!(error = %error, "the database is newer than this release");
                        Ok(json!({"outcome": "nothing to do: the database is newer"}))
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
