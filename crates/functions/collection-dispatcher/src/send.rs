//! Asking: noted, sent in random order, and noted again as what it came to.

use std::collections::HashSet;

use polo_aws::{EntryOutcome, EventEntry};
use polo_core::{AccountId, CollectorId, Invocation, ids};
use polo_runtime::{Context, FunctionError};
use polo_store::dispatches::{Dispatch, DispatchOutcome, DispatchState};
use rand::seq::SliceRandom;
use serde_json::{Value, json};

use crate::choose::Wanted;

/// Events are noted and sent so many at a time, so that a crash leaves little in doubt.
const BATCH: usize = 500;

/// Sends one event for each, but for those that this sweep has sent already.
pub(crate) async fn send(
    context: &Context,
    invocation: &Invocation,
    wanted: Vec<Wanted>,
    states: &[DispatchState],
) -> Result<Value, FunctionError> {
    let accepted: HashSet<(&AccountId, &CollectorId)> = states
        .iter()
        .filter(|state| state.last_accepted_sweep == Some(invocation.sweep_id))
        .map(|state| (&state.account_id, &state.collector))
        .collect();
    let requested_at = context.clock.now();
    let asked = wanted.len();
    let accounts: HashSet<AccountId> = wanted.iter().map(|one| one.account_id.clone()).collect();
    let mut dispatches: Vec<Dispatch> = wanted
        .into_iter()
        .filter(|one| !accepted.contains(&(&one.account_id, &one.collector)))
        .map(|one| Dispatch {
            run_id: ids::run(invocation.sweep_id, &one.account_id, &one.collector),
            sweep_id: invocation.sweep_id,
            account_id: one.account_id,
            collector: one.collector,
            trigger: invocation.trigger.as_str().to_owned(),
            requested_at,
            outcome: DispatchOutcome::Requested,
        })
        .collect();
    let sent_before = asked - dispatches.len();
    // One account's collectors all at once would meet that account's API limits, and the same account would always be
    // the first one.
    dispatches.shuffle(&mut rand::rng());

    let mut taken = 0;
    let mut rejected = 0;
    let mut first_rejection = None;
    for batch in dispatches.chunks_mut(BATCH) {
        context.store.write_dispatches(batch).await?;
        let entries: Vec<EventEntry> = batch
            .iter()
            .map(|dispatch| event(context, dispatch))
            .collect();
        let report = context.publisher.publish(&entries).await;
        for (dispatch, outcome) in batch.iter_mut().zip(report.outcomes) {
            dispatch.outcome = match outcome {
                EntryOutcome::Accepted { event_id } => {
                    taken += 1;
                    DispatchOutcome::Accepted { event_id }
                }
                EntryOutcome::Rejected { code, message, .. } => {
                    rejected += 1;
                    first_rejection.get_or_insert_with(|| format!("{code}: {message}"));
                    DispatchOutcome::Rejected { code, message }
                }
            };
        }
        context.store.write_dispatches(batch).await?;
    }
    if let Some(message) = first_rejection {
        // Recorded above; Lambda's retry asks for just these again.
        return Err(FunctionError::EventsRejected {
            rejected,
            asked: dispatches.len(),
            message,
        });
    }
    Ok(json!({
        "sweep_id": invocation.sweep_id, "asked": asked, "accounts": accounts.len(), "accepted": taken,
        "sent_before": sent_before
    }))
}

fn event(context: &Context, dispatch: &Dispatch) -> EventEntry {
    EventEntry {
        source: format!("polo.{}", context.function),
        detail_type: "Collect Account".to_owned(),
        detail: json!({
            "account_id": dispatch.account_id, "collector": dispatch.collector, "sweep_id": dispatch.sweep_id,
            "requested_at": dispatch.requested_at
        }),
        bus: context.config.event_bus.clone(),
    }
}
