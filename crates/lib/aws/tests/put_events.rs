//! PutEvents: entries that fail within an answer of HTTP 200, and calls that fail as a whole.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

use std::num::NonZeroU32;
use std::time::Duration;

use polo_aws::{Backoff, EntryOutcome, EventEntry, EventPublisher};
use polo_core::ErrorClass;
use polo_testkit::aws::{Call, FakeAws, Reply};
use serde_json::{Value, json};

fn entries(count: usize) -> Vec<EventEntry> {
    (0..count)
        .map(|n| EventEntry {
            source: "polo.collection-dispatcher".into(),
            detail_type: "Collect Account".into(),
            detail: json!({"account_id": format!("{n:012}"), "collector": "config_ec2"}),
            bus: "dev-polo".into(),
        })
        .collect()
}

fn publisher(fake: &FakeAws) -> EventPublisher {
    EventPublisher::new(
        &fake.config(),
        NonZeroU32::new(200).unwrap(),
        Backoff::default(),
    )
}

/// The numbers of the events in a call.
fn numbers(call: &Call) -> Vec<usize> {
    call.json["Entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
            detail["account_id"].as_str().unwrap().parse().unwrap()
        })
        .collect()
}

/// Answers each entry with what `answer` says of its number: an error code, or success.
fn answer(call: &Call, answer: impl Fn(usize) -> Option<&'static str>) -> Reply {
    let results: Vec<Value> = numbers(call)
        .into_iter()
        .map(|n| match answer(n) {
            Some(code) => json!({"ErrorCode": code, "ErrorMessage": format!("{code} of {n}")}),
            None => json!({"EventId": format!("event-{n}")}),
        })
        .collect();
    let failed = results
        .iter()
        .filter(|r| r.get("ErrorCode").is_some())
        .count();
    Reply::json(json!({"FailedEntryCount": failed, "Entries": results}))
}

#[tokio::test(start_paused = true)]
async fn every_entry_is_accepted_in_calls_of_ten() {
    let fake = FakeAws::new();
    fake.on("events", "PutEvents", |call| answer(call, |_| None));
    let report = publisher(&fake).publish(&entries(25)).await;
    assert_eq!(report.accepted(), 25);
    for (n, outcome) in report.outcomes.iter().enumerate() {
        assert_eq!(
            *outcome,
            EntryOutcome::Accepted {
                event_id: format!("event-{n}")
            }
        );
    }
    let calls = fake.calls();
    let mut sizes: Vec<usize> = calls.iter().map(|call| numbers(call).len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [5, 10, 10]);
    let entry = &calls[0].json["Entries"][0];
    assert_eq!(
        (
            &entry["Source"],
            &entry["DetailType"],
            &entry["EventBusName"]
        ),
        (
            &json!("polo.collection-dispatcher"),
            &json!("Collect Account"),
            &json!("dev-polo")
        )
    );
}

#[tokio::test(start_paused = true)]
async fn failed_entries_are_sent_again_alone_and_the_hopeless_ones_are_not() {
    let fake = FakeAws::new();
    let mut calls = 0;
    fake.on("events", "PutEvents", move |call| {
        calls += 1;
        let first = calls == 1;
        answer(call, |n| match n {
            2 => Some("MalformedDetail"),
            3 if first => Some("ThrottlingException"),
            7 if first => Some("InternalFailure"),
            8 => Some("InternalFailure"),
            _ => None,
        })
    });
    let report = publisher(&fake).publish(&entries(10)).await;
    assert_eq!(report.accepted(), 8);
    let rejected: Vec<(usize, ErrorClass, &str)> = report
        .rejected()
        .map(|(index, outcome)| match outcome {
            EntryOutcome::Rejected { class, code, .. } => (index, *class, code.as_str()),
            EntryOutcome::Accepted { .. } => panic!("not rejected"),
        })
        .collect();
    assert_eq!(
        rejected,
        [
            (2, ErrorClass::Config, "MalformedDetail"),
            (8, ErrorClass::Service, "InternalFailure")
        ]
    );
    let sent: Vec<Vec<usize>> = fake.calls().iter().map(numbers).collect();
    assert_eq!(sent[0], (0..10).collect::<Vec<_>>());
    assert_eq!(sent[1], [3, 7, 8]);
    assert!(sent[2..].iter().all(|numbers| numbers == &[8]));
    assert_eq!(sent.len(), 8, "attempts are bounded");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_fails_as_a_whole_counts_for_its_entries() {
    let fake = FakeAws::new();
    let mut calls = 0;
    fake.on("events", "PutEvents", move |call| {
        calls += 1;
        match calls {
            1 => Reply::throttled(),
            2 => Reply::no_answer(),
            _ => answer(call, |_| None),
        }
    });
    let report = publisher(&fake).publish(&entries(3)).await;
    assert_eq!(report.accepted(), 3);
    assert_eq!(fake.calls().len(), 3);

    fake.on("events", "PutEvents", |_| {
        Reply::error(
            400,
            "AccessDeniedException",
            "User: x is not authorized to perform: events:PutEvents",
        )
    });
    let report = publisher(&fake).publish(&entries(12)).await;
    assert_eq!((report.accepted(), report.rejected().count()), (0, 12));
    assert!(
        report
            .rejected()
            .all(|(_, outcome)| matches!(outcome, EntryOutcome::Rejected { class: ErrorClass::Denied, code, .. } if code == "AccessDeniedException"))
    );
    assert_eq!(fake.calls().len(), 5, "a denial is not repeated");
}

#[tokio::test(start_paused = true)]
async fn a_short_answer_accepts_nothing_that_it_does_not_name() {
    let fake = FakeAws::new();
    fake.on("events", "PutEvents", |_| {
        Reply::json(json!({"FailedEntryCount": 0, "Entries": [{"EventId": "event-0"}, {}]}))
    });
    let report = publisher(&fake).publish(&entries(3)).await;
    assert_eq!(report.accepted(), 1);
    assert!(report.rejected().all(|(_, outcome)| matches!(
        outcome,
        EntryOutcome::Rejected {
            class: ErrorClass::Bug,
            ..
        }
    )));
}

#[tokio::test(start_paused = true)]
async fn an_entry_too_large_is_rejected_without_a_call() {
    let fake = FakeAws::new();
    fake.on("events", "PutEvents", |call| answer(call, |_| None));
    let mut events = entries(2);
    events[0].detail = json!({"account_id": "x".repeat(300_000)});
    let report = publisher(&fake).publish(&events).await;
    assert!(
        matches!(&report.outcomes[0], EntryOutcome::Rejected { code, .. } if code == "EntryTooLarge")
    );
    assert!(matches!(&report.outcomes[1], EntryOutcome::Accepted { .. }));
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn calls_are_paced() {
    let fake = FakeAws::new();
    fake.on("events", "PutEvents", |call| answer(call, |_| None));
    let began = tokio::time::Instant::now();
    let report = publisher(&fake).publish(&entries(4_000)).await;
    assert_eq!(report.accepted(), 4_000);
    let took = began.elapsed();
    assert!(
        took >= Duration::from_millis(950) && took <= Duration::from_millis(1_500),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_to_publish_calls_nobody() {
    let fake = FakeAws::new();
    assert_eq!(publisher(&fake).publish(&[]).await.outcomes, []);
    assert!(fake.calls().is_empty());
}
