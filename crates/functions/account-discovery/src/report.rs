//! What a discovery came to: its record, its events, and its answer.

use std::collections::BTreeSet;

use polo_access::checks::{publish, publish_status_changes};
use polo_aws::EventEntry;
use polo_core::organization::OrgTree;
use polo_core::reconcile::Reconciliation;
use polo_core::{AccountId, Timestamp};
use polo_runtime::{Context, FunctionError};
use polo_store::facts::{DiscoveryRun, ListingResult};
use polo_store::registry::Registry;
use serde_json::{Value, json};
use uuid::Uuid;

/// One organization's (or the configured list's) discovery, stored.
pub(crate) struct Discovered {
    pub(crate) organization_id: String,
    pub(crate) accounts_seen: usize,
    pub(crate) reconciliation: Reconciliation,
    /// The accounts that were checked.
    pub(crate) checks: Vec<AccountId>,
    pub(crate) tags_read: usize,
    pub(crate) tree: Option<OrgTree>,
    /// Why the function has to fail though all of this is stored: a partial listing, a mass removal.
    pub(crate) problem: Option<FunctionError>,
}

impl Discovered {
    /// Reads again the accounts of which the registry may say something else now.
    pub(crate) async fn read_again(
        &self,
        context: &Context,
        registry: &mut Registry,
    ) -> Result<(), FunctionError> {
        let facts = self.reconciliation.facts();
        let touched: BTreeSet<&AccountId> = facts
            .map(|facts| &facts.account_id)
            .chain(&self.checks)
            .collect();
        let touched: Vec<&AccountId> = touched.into_iter().collect();
        Ok(context.store.read_again(registry, &touched).await?)
    }
}

/// Tells of new and changed accounts, then of changed statuses.
pub(crate) async fn tell(
    context: &Context,
    sweep_id: Uuid,
    all: &[Discovered],
    registry: &mut Registry,
) -> Result<Value, FunctionError> {
    let mut entries = Vec::new();
    for reconciliation in all.iter().map(|done| &done.reconciliation) {
        for facts in &reconciliation.discovered {
            entries.push(event(
                context,
                "Account Discovered",
                facts_detail(facts, sweep_id),
            ));
        }
        for change in &reconciliation.changed {
            let mut detail = facts_detail(&change.facts, sweep_id);
            detail["changed"] = json!(change.fields);
            entries.push(event(context, "Account Changed", detail));
        }
    }
    let report = publish(context, &entries).await;
    let statuses = publish_status_changes(context, sweep_id, registry).await?;
    Ok(
        json!({ "account_events_accepted": report.accepted(), "account_events": entries.len(), "statuses": statuses }),
    )
}

fn event(context: &Context, detail_type: &str, detail: Value) -> EventEntry {
    EventEntry {
        source: format!("polo.{}", context.function),
        detail_type: detail_type.to_owned(),
        detail,
        bus: context.config.event_bus.clone(),
    }
}

fn facts_detail(facts: &polo_core::reconcile::AccountFacts, sweep_id: Uuid) -> Value {
    json!({
        "account_id": facts.account_id, "account_name": facts.account_name,
        "organization_id": facts.organization_id, "org_unit": facts.org_unit, "org_state": facts.org_state,
        "membership": facts.membership.as_str(), "in_scope": facts.in_scope, "found_by_sweep": sweep_id
    })
}

/// The record of a discovery that ended, however it did.
pub(crate) struct Record<'a> {
    pub(crate) sweep_id: Uuid,
    pub(crate) organization_id: &'a str,
    pub(crate) started_at: Timestamp,
    pub(crate) listing: ListingResult,
    pub(crate) accounts_seen: usize,
    pub(crate) reconciliation: &'a Reconciliation,
    pub(crate) placements_read_at: Option<Timestamp>,
    pub(crate) problem: Option<(String, String)>,
}

/// Stores the record.
pub(crate) async fn record(context: &Context, record: Record<'_>) -> Result<(), FunctionError> {
    let reconciliation = record.reconciliation;
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let (error_class, message) = record.problem.unwrap_or_default();
    let run = DiscoveryRun {
        sweep_id: record.sweep_id,
        organization_id: record.organization_id.to_owned(),
        started_at: record.started_at,
        finished_at: context.clock.now(),
        listing: record.listing,
        counts: [
            count(record.accounts_seen),
            count(reconciliation.discovered.len()),
            count(reconciliation.changed.len()),
            count(reconciliation.left()),
        ],
        placements_read_at: record.placements_read_at,
        error_class,
        message,
    };
    Ok(context.store.write_discovery_run(&run).await?)
}

/// The answer for people.
pub(crate) fn summary(done: &Discovered) -> Value {
    json!({
        "organization_id": done.organization_id, "accounts_seen": done.accounts_seen,
        "discovered": done.reconciliation.discovered.len(), "changed": done.reconciliation.changed.len(),
        "left": done.reconciliation.left(), "unchanged": done.reconciliation.unchanged, "checks": done.checks.len(), "tags_read": done.tags_read
    })
}
