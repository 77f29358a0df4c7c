//! Publishing events.
//!
//! Invariants: every entry gets an outcome, in the order given; an answer of HTTP 200 with failed entries is a
//! failure of these entries; only what failed is sent again, and delivery is at least once.

use std::num::NonZeroU32;

use aws_config::SdkConfig;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use futures::{StreamExt, stream};
use polo_core::ErrorClass;

use crate::config::without_retries;
use crate::failure::class_of;
use crate::{AwsFailure, Backoff, RateLimit, classify};

/// The action that every failure of this module names.
pub const PUT_EVENTS: &str = "events:PutEvents";

/// Entries in a call at most.
///
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>
const ENTRIES_PER_CALL: usize = 10;

/// Bytes in a call stay below this. The current reference says 1 MB for a call, the older one and that of the China
/// regions 256 KB; ours are some hundred bytes each, so the smaller number costs nothing.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/events/CalculatePutEventsEntrySize.html>
const BYTES_PER_CALL: usize = 256 * 1024;

/// Calls under way at once; the token bucket decides the rate.
const CALLS_AT_ONCE: usize = 8;

/// An event to publish.
#[derive(Debug, Clone, PartialEq)]
pub struct EventEntry {
    /// `polo.<function>`.
    pub source: String,
    /// Title Case: `Collect Account`.
    pub detail_type: String,
    /// A JSON object.
    pub detail: serde_json::Value,
    /// The bus, by name or ARN.
    pub bus: String,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryOutcome {
    /// EventBridge has it.
    Accepted {
        /// Its event id.
        event_id: String,
    },
    /// EventBridge refused it, or it could not be sent.
    Rejected {
        /// Whether another attempt later may help.
        class: ErrorClass,
        /// AWS's code for the entry, or for the whole call.
        code: String,
        /// AWS's message.
        message: String,
    },
}

/// An outcome per entry, in the order of the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "entries may have been rejected"]
pub struct PublishReport {
    /// The outcomes.
    pub outcomes: Vec<EntryOutcome>,
}

impl PublishReport {
    /// How many were accepted.
    pub fn accepted(&self) -> usize {
        self.outcomes.len() - self.rejected().count()
    }

    /// The rejected ones, with their index.
    pub fn rejected(&self) -> impl Iterator<Item = (usize, &EntryOutcome)> {
        self.outcomes
            .iter()
            .enumerate()
            .filter(|(_, outcome)| matches!(outcome, EntryOutcome::Rejected { .. }))
    }
}

/// A publisher with a token bucket of its own.
#[derive(Debug)]
pub struct EventPublisher {
    client: aws_sdk_eventbridge::Client,
    rate: RateLimit,
    backoff: Backoff,
}

impl EventPublisher {
    /// A publisher that makes at most so many PutEvents calls a second.
    pub fn new(config: &SdkConfig, calls_per_second: NonZeroU32, backoff: Backoff) -> Self {
        Self {
            client: aws_sdk_eventbridge::Client::new(&without_retries(config)),
            rate: RateLimit::per_second(calls_per_second),
            backoff,
        }
    }

    /// Publishes the entries, ten in a call and under 256 KB, and repeats what may succeed when repeated.
    ///
    /// A call that fails as a whole counts for all its entries. One that got no answer may have been accepted
    /// nevertheless, and is sent again: consumers see an event at least once.
    ///
    /// Limits: 10 entries a call; 10,000 calls a second in us-east-1, far less in small regions.
    /// Sources: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>,
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>
    pub async fn publish(&self, entries: &[EventEntry]) -> PublishReport {
        let details: Vec<String> = entries
            .iter()
            .map(|entry| entry.detail.to_string())
            .collect();
        let prepared: Vec<Prepared<'_>> = entries
            .iter()
            .zip(&details)
            .map(|(entry, detail)| Prepared { entry, detail })
            .collect();
        let mut outcomes: Vec<Option<EntryOutcome>> = prepared.iter().map(too_large).collect();
        let mut attempt = 1;
        let began = tokio::time::Instant::now();
        loop {
            let pending: Vec<usize> = (0..entries.len())
                .filter(|index| is_open(outcomes[*index].as_ref()))
                .collect();
            if pending.is_empty() {
                break;
            }
            if attempt > 1 {
                let pause = self.backoff.pause(attempt - 1);
                if attempt > self.backoff.attempts || began.elapsed() + pause > self.backoff.budget
                {
                    break;
                }
                tracing::debug!(
                    entries = pending.len(),
                    attempt,
                    pause_ms = pause.as_millis(),
                    "entries sent again"
                );
                tokio::time::sleep(pause).await;
            }
            let answers: Vec<Vec<(usize, EntryOutcome)>> =
                stream::iter(batches(&pending, |i| prepared[i].size()))
                    .map(|batch| async {
                        self.rate.ready().await;
                        self.put(batch, &prepared).await
                    })
                    .buffer_unordered(CALLS_AT_ONCE)
                    .collect()
                    .await;
            for (index, outcome) in answers.into_iter().flatten() {
                outcomes[index] = Some(outcome);
            }
            attempt += 1;
        }
        PublishReport {
            outcomes: outcomes
                .into_iter()
                .map(|outcome| outcome.expect("every entry was sent once at least"))
                .collect(),
        }
    }

    /// One call; the outcomes of its entries by their index in the whole.
    async fn put(&self, batch: Vec<usize>, all: &[Prepared<'_>]) -> Vec<(usize, EntryOutcome)> {
        let answer = self
            .client
            .put_events()
            .set_entries(Some(batch.iter().map(|i| all[*i].request()).collect()))
            .send()
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let failure = classify(PUT_EVENTS, None, &error);
                return batch
                    .into_iter()
                    .map(|index| (index, rejected(&failure)))
                    .collect();
            }
        };
        // "The response Entries array always includes the same number of entries as the request array", in its order.
        batch
            .into_iter()
            .enumerate()
            .map(|(position, index)| {
                let outcome = match answer.entries().get(position) {
                    Some(entry) => match (entry.event_id(), entry.error_code()) {
                        (_, Some(code)) => {
                            let message = entry.error_message().unwrap_or_default();
                            EntryOutcome::Rejected {
                                class: class_of(code, message, None, None),
                                code: code.to_owned(),
                                message: message.to_owned(),
                            }
                        }
                        (Some(event_id), None) => EntryOutcome::Accepted {
                            event_id: event_id.to_owned(),
                        },
                        (None, None) => unanswered("the answer says nothing of this entry"),
                    },
                    None => unanswered("the answer has fewer entries than the request"),
                };
                (index, outcome)
            })
            .collect()
    }
}

struct Prepared<'a> {
    entry: &'a EventEntry,
    detail: &'a str,
}

impl Prepared<'_> {
    /// The size as EventBridge counts it: source, detail type and detail in UTF-8.
    fn size(&self) -> usize {
        self.entry.source.len() + self.entry.detail_type.len() + self.detail.len()
    }

    fn request(&self) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .source(&self.entry.source)
            .detail_type(&self.entry.detail_type)
            .detail(self.detail)
            .event_bus_name(&self.entry.bus)
            .build()
    }
}

fn too_large(prepared: &Prepared<'_>) -> Option<EntryOutcome> {
    (prepared.size() >= BYTES_PER_CALL).then(|| EntryOutcome::Rejected {
        class: ErrorClass::Config,
        code: "EntryTooLarge".to_owned(),
        message: format!(
            "the event has {} bytes, EventBridge takes fewer than {BYTES_PER_CALL}",
            prepared.size()
        ),
    })
}

/// Whether an entry has yet to be sent, or sent again.
fn is_open(outcome: Option<&EntryOutcome>) -> bool {
    match outcome {
        None => true,
        Some(EntryOutcome::Accepted { .. }) => false,
        Some(EntryOutcome::Rejected { class, .. }) => class.retryable(),
    }
}

fn rejected(failure: &AwsFailure) -> EntryOutcome {
    EntryOutcome::Rejected {
        class: failure.class,
        code: failure.code.clone(),
        message: failure.message.clone(),
    }
}

fn unanswered(message: &str) -> EntryOutcome {
    EntryOutcome::Rejected {
        class: ErrorClass::Bug,
        code: "Unreadable".to_owned(),
        message: message.to_owned(),
    }
}

/// Cuts the indexes into calls, by number and by size.
fn batches(indexes: &[usize], size: impl Fn(usize) -> usize) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut bytes = 0;
    for &index in indexes {
        let size = size(index);
        match batches.last_mut() {
            Some(batch) if batch.len() < ENTRIES_PER_CALL && bytes + size < BYTES_PER_CALL => {
                batch.push(index);
                bytes += size;
            }
            _ => {
                batches.push(vec![index]);
                bytes = size;
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_hold_ten_entries_and_stay_below_the_size() {
        let indexes: Vec<usize> = (0..25).collect();
        let by_number = batches(&indexes, |_| 100);
        assert_eq!(
            by_number.iter().map(Vec::len).collect::<Vec<_>>(),
            [10, 10, 5]
        );
        let by_size = batches(&indexes, |_| 100 * 1024);
        assert!(
            by_size
                .iter()
                .all(|batch| batch.len() == 2 || batch.len() == 1)
        );
        assert_eq!(by_size.concat(), indexes);
    }
}
