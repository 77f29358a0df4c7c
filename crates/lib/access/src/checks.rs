//! Access checks as functions make them: they begin while accounts still arrive, are stored, and publish changes of status.
//!
//! Invariant: discovery and verifier check through this one place, so a check means the same wherever it was made.

use std::collections::HashSet;

use chrono::TimeDelta;
use polo_aws::{
    CheckOutcome, CheckRequest, EventEntry, PublishReport, session_name, verify_stream,
};
use polo_core::check::next_check_after;
use polo_core::{AccountId, PoloStatus, RoleArn, RoleKind, Verdict, ids};
use polo_runtime::{Context, FunctionError};
use polo_store::accounts::AccountRow;
use polo_store::checks::AccessCheck;
use polo_store::registry::{Registry, StatusChange};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Checks are stored so many at a time.
const STORE_ROWS: usize = 500;

/// One role to check.
#[derive(Debug, Clone)]
pub struct CheckPlan {
    /// The account.
    pub account_id: AccountId,
    /// Which role.
    pub kind: RoleKind,
    /// The role.
    pub role: RoleArn,
    /// The external id of its organization.
    pub external_id: Option<String>,
    /// The status before.
    pub status_before: Option<PoloStatus>,
    /// The denials since it last worked.
    pub denials_before: u32,
}

impl CheckPlan {
    /// The checks that an account of the registry asks for: its read role, and its action role where one is configured.
    pub fn of_account(context: &Context, account: &AccountRow) -> Result<Vec<Self>, FunctionError> {
        let plan = |kind, role| -> Result<Self, FunctionError> {
            Ok(Self {
                account_id: account.id()?,
                kind,
                role,
                external_id: context.config.external_id_of(&account.organization_id),
                status_before: Some(account.status()?),
                denials_before: if kind == RoleKind::Read {
                    account.denials_in_a_row
                } else {
                    0
                },
            })
        };
        let mut plans = vec![plan(RoleKind::Read, account.read_role()?)?];
        if let Some(role) = account.action_role()? {
            plans.push(plan(RoleKind::Action, role)?);
        }
        Ok(plans)
    }
}

/// Checks under way.
pub struct Checks {
    sweep_id: Uuid,
    function: &'static str,
    requests: UnboundedSender<CheckRequest<CheckPlan>>,
    outcomes: JoinHandle<Vec<(CheckPlan, CheckOutcome)>>,
}

impl Checks {
    /// Begins: what is asked from now on is checked at once.
    pub fn begin(context: &Context, sweep_id: Uuid) -> Self {
        let (requests, receiver) = unbounded_channel();
        let stream = verify_stream(
            &context.sessions,
            receiver,
            context.config.check_concurrency,
        );
        Self {
            sweep_id,
            function: context.function,
            requests,
            outcomes: tokio::spawn(stream.collect()),
        }
    }

    /// Asks for a check.
    pub fn ask(&self, plan: CheckPlan) {
        let check_id = ids::check(self.sweep_id, &plan.account_id, plan.kind);
        let request = CheckRequest {
            role: plan.role.clone(),
            external_id: plan.external_id.clone(),
            session_name: session_name(self.function, &check_id.simple().to_string()),
            context: plan,
        };
        // The receiver lives as long as the task below; were it gone, `finish` says so.
        if self.requests.send(request).is_err() {
            tracing::error!("the checks have ended before all were asked");
        }
    }

    /// Waits for all outcomes and stores them.
    pub async fn finish(self, context: &Context) -> Result<Vec<AccessCheck>, FunctionError> {
        drop(self.requests);
        let outcomes = self.outcomes.await.map_err(|error| {
            FunctionError::Refused(format!("the access checks were cut short: {error}"))
        })?;
        let checks: Vec<AccessCheck> = outcomes
            .into_iter()
            .map(|(plan, outcome)| record(self.sweep_id, self.function, plan, outcome))
            .collect();
        for batch in checks.chunks(STORE_ROWS) {
            context.store.write_access_checks(batch).await?;
        }
        Ok(checks)
    }
}

fn record(
    sweep_id: Uuid,
    function: &'static str,
    plan: CheckPlan,
    outcome: CheckOutcome,
) -> AccessCheck {
    let denials = plan.denials_before + u32::from(outcome.verdict == Verdict::Denied);
    let wait = next_check_after(outcome.verdict, plan.status_before, denials);
    AccessCheck {
        check_id: ids::check(sweep_id, &plan.account_id, plan.kind),
        account_id: plan.account_id,
        role: plan.kind,
        role_arn: plan.role.to_string(),
        checked_at: outcome.started_at,
        verdict: outcome.verdict,
        error_class: outcome
            .class
            .map(|class| class.to_string())
            .unwrap_or_default(),
        error_code: outcome.code,
        message: outcome.message,
        assumed_role_arn: outcome.assumed_role_arn.unwrap_or_default(),
        next_check_at: outcome.started_at + TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1)),
        checked_by: function.to_owned(),
        duration_ms: u32::try_from(outcome.duration.as_millis()).unwrap_or(u32::MAX),
    }
}

/// The plans whose check this sweep has not made yet: a repeated delivery asks STS nothing twice.
pub async fn not_yet_made(
    context: &Context,
    sweep_id: Uuid,
    plans: Vec<CheckPlan>,
) -> Result<Vec<CheckPlan>, FunctionError> {
    let id = |plan: &CheckPlan| ids::check(sweep_id, &plan.account_id, plan.kind);
    let all: Vec<(AccountId, Uuid)> = plans
        .iter()
        .map(|plan| (plan.account_id.clone(), id(plan)))
        .collect();
    let made: HashSet<Uuid> = context
        .store
        .checks_already_made(&all)
        .await?
        .into_iter()
        .collect();
    Ok(plans
        .into_iter()
        .filter(|plan| !made.contains(&id(plan)))
        .collect())
}

/// Brings the copy for dashboards up to date with what was read, and publishes the changes of status.
///
/// The copy is made first: events only speed things up, and an event that is lost is made up for by the schedules.
pub async fn publish_status_changes(
    context: &Context,
    sweep_id: Uuid,
    registry: &mut Registry,
) -> Result<Value, FunctionError> {
    let changes = context.store.copy(registry).await?;
    let entries: Vec<EventEntry> = changes
        .iter()
        .map(|change| status_event(context, sweep_id, change))
        .collect();
    let report = publish(context, &entries).await;
    Ok(json!({
        "status_changes": changes.len(),
        "events_accepted": report.accepted(),
        "events_rejected": report.rejected().count()
    }))
}

/// Sends events; what the bus did not take is logged, because the schedules make up for it.
pub async fn publish(context: &Context, entries: &[EventEntry]) -> PublishReport {
    let report = context.publisher.publish(entries).await;
    if let Some((_, rejected)) = report.rejected().next() {
        tracing::error!(rejected = report.rejected().count(), asked = entries.len(), first = ?rejected, "events were not taken");
    }
    report
}

fn status_event(context: &Context, sweep_id: Uuid, change: &StatusChange) -> EventEntry {
    EventEntry {
        source: format!("polo.{}", context.function),
        detail_type: "Account Access Changed".to_owned(),
        detail: json!({
            "account_id": change.account_id, "account_name": change.account_name,
            "organization_id": change.organization_id, "previous_polo_status": change.previous_polo_status,
            "polo_status": change.polo_status, "status_reason": change.status_reason, "found_by_sweep": sweep_id
        }),
        bus: context.config.event_bus.clone(),
    }
}
