//! Access checks: the verdicts, and the stream that runs many of them while requests still arrive.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use polo_aws::{
    Backoff, CheckOutcome, CheckRequest, Clock, SessionSettings, Sessions, verify, verify_stream,
};
use polo_core::{ErrorClass, RoleArn, Timestamp, Verdict};
use polo_testkit::aws::{
    FakeAws, Reply, assume_role, assume_role_answering_for, assume_role_denied,
};
use tokio::sync::mpsc;

const IN_AN_HOUR: &str = "2027-01-15T09:00:00Z";

fn sessions(fake: &FakeAws) -> Sessions {
    let clock = Clock::from_fn(|| Timestamp::from_timestamp(1_800_000_000, 0).unwrap());
    Sessions::new(&fake.config(), SessionSettings::default(), clock)
}

fn request(n: usize) -> CheckRequest<usize> {
    CheckRequest {
        role: role(n),
        external_id: None,
        session_name: "polo-test".into(),
        context: n,
    }
}

fn role(n: usize) -> RoleArn {
    format!("arn:aws:iam::{n:012}:role/dev-PoloReadRole")
        .parse()
        .unwrap()
}

fn at_once(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

fn verdicts(outcomes: &[(usize, CheckOutcome)]) -> HashMap<Verdict, usize> {
    let mut counts = HashMap::new();
    for (_, outcome) in outcomes {
        *counts.entry(outcome.verdict).or_default() += 1;
    }
    counts
}

#[tokio::test(start_paused = true)]
async fn every_answer_has_its_verdict() {
    let scp = "not authorized with an explicit deny in a resource control policy";
    type Answer = fn(&polo_testkit::aws::Call) -> Reply;
    let cases: [(Answer, Verdict, Option<ErrorClass>); 6] = [
        (|call| assume_role(call, IN_AN_HOUR), Verdict::Success, None),
        (
            assume_role_denied,
            Verdict::Denied,
            Some(ErrorClass::Denied),
        ),
        (
            |call| assume_role_answering_for(call, "999999999999", IN_AN_HOUR),
            Verdict::Denied,
            Some(ErrorClass::WrongAccount),
        ),
        (
            |_| Reply::throttled(),
            Verdict::Inconclusive,
            Some(ErrorClass::Throttled),
        ),
        (
            |_| Reply::no_answer(),
            Verdict::Inconclusive,
            Some(ErrorClass::Timeout),
        ),
        (
            |_| Reply::with_status(403, "<html>a proxy's page</html>"),
            Verdict::Inconclusive,
            Some(ErrorClass::Bug),
        ),
    ];
    for (answer, verdict, class) in cases {
        let fake = FakeAws::new();
        fake.on("sts", "AssumeRole", answer);
        let outcome = verify(&sessions(&fake), &role(1), "polo-test").await;
        assert_eq!((outcome.verdict, outcome.class), (verdict, class));
        assert_eq!(
            outcome.assumed_role_arn.is_some(),
            verdict == Verdict::Success
        );
        assert_eq!(outcome.started_at.timestamp(), 1_800_000_000);
    }
    let fake = FakeAws::new();
    fake.on("sts", "AssumeRole", move |_| {
        Reply::error(403, "AccessDenied", scp)
    });
    let outcome = verify(&sessions(&fake), &role(1), "polo-test").await;
    assert_eq!(outcome.class, Some(ErrorClass::DeniedByRcp));
    assert_eq!(outcome.message, scp);
}

#[tokio::test(start_paused = true)]
async fn a_stream_never_has_more_under_way_than_it_may_and_uses_what_it_may() {
    let fake = FakeAws::new();
    fake.on("sts", "AssumeRole", |call| assume_role(call, IN_AN_HOUR))
        .latency(Duration::from_millis(20));
    let (sender, requests) = mpsc::unbounded_channel();
    let stream = verify_stream(&sessions(&fake), requests, at_once(7));
    for n in 0..100 {
        sender.send(request(n)).unwrap();
    }
    drop(sender);
    let outcomes = stream.collect().await;
    assert_eq!(
        verdicts(&outcomes),
        HashMap::from([(Verdict::Success, 100)])
    );
    assert_eq!(fake.most_at_once(), 7);
}

#[tokio::test(start_paused = true)]
async fn throttling_loses_nobody_and_denies_nobody() {
    let fake = FakeAws::new();
    // Every other answer is a throttle, and every tenth account is really denied.
    let mut answers = 0_usize;
    fake.on("sts", "AssumeRole", move |call| {
        answers += 1;
        if answers.is_multiple_of(2) {
            return Reply::throttled();
        }
        if call.parameter("RoleArn").contains("0:role/") {
            assume_role_denied(call)
        } else {
            assume_role(call, IN_AN_HOUR)
        }
    })
    .latency(Duration::from_millis(15));
    let (sender, requests) = mpsc::unbounded_channel();
    let stream = verify_stream(&sessions(&fake), requests, at_once(40));
    for n in 0..500 {
        sender.send(request(n)).unwrap();
    }
    drop(sender);
    let mut outcomes = stream.collect().await;
    outcomes.sort_by_key(|(n, _)| *n);
    assert_eq!(
        outcomes.iter().map(|(n, _)| *n).collect::<Vec<_>>(),
        (0..500).collect::<Vec<_>>()
    );
    for (n, outcome) in &outcomes {
        assert_eq!(outcome.role, role(*n));
        let truth = if n % 10 == 0 {
            Verdict::Denied
        } else {
            Verdict::Success
        };
        assert!(
            outcome.verdict == truth || outcome.verdict == Verdict::Inconclusive,
            "{n}: {outcome:?}"
        );
    }
    let inconclusive = outcomes
        .iter()
        .filter(|(_, outcome)| outcome.verdict == Verdict::Inconclusive)
        .count();
    // Eight attempts, half of them throttled: one in 256 stays unknown, and is asked again at the next tick.
    assert!(inconclusive < 25, "{inconclusive}");
}

#[tokio::test(start_paused = true)]
async fn throttling_without_end_is_inconclusive_after_a_bounded_time() {
    let fake = FakeAws::new();
    fake.on("sts", "AssumeRole", |_| Reply::throttled());
    let (sender, requests) = mpsc::unbounded_channel();
    let began = tokio::time::Instant::now();
    let stream = verify_stream(&sessions(&fake), requests, at_once(40));
    for n in 0..40 {
        sender.send(request(n)).unwrap();
    }
    drop(sender);
    let outcomes = stream.collect().await;
    assert_eq!(
        verdicts(&outcomes),
        HashMap::from([(Verdict::Inconclusive, 40)])
    );
    assert!(
        outcomes
            .iter()
            .all(|(_, outcome)| outcome.class == Some(ErrorClass::Throttled))
    );
    assert!(began.elapsed() <= Backoff::default().budget + Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn checks_run_while_the_requests_still_arrive() {
    let fake = FakeAws::new();
    fake.on("sts", "AssumeRole", |call| assume_role(call, IN_AN_HOUR))
        .latency(Duration::from_millis(20));
    let (sender, requests) = mpsc::unbounded_channel();
    let mut stream = verify_stream(&sessions(&fake), requests, at_once(40));

    sender.send(request(0)).unwrap();
    let (first, outcome) = stream.next().await.unwrap();
    assert_eq!((first, outcome.verdict), (0, Verdict::Success));

    // Ten pages of 20, one every 16 ms: the last outcome comes one check after the last page, not 200 checks later.
    let began = tokio::time::Instant::now();
    let lister = tokio::spawn(async move {
        for page in 0..10 {
            tokio::time::sleep(Duration::from_millis(16)).await;
            for n in 0..20 {
                sender.send(request(1 + page * 20 + n)).unwrap();
            }
        }
    });
    let outcomes = stream.collect().await;
    lister.await.unwrap();
    assert_eq!(outcomes.len(), 200);
    let took = began.elapsed();
    assert!(took <= Duration::from_millis(160 + 20 + 10), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn the_senders_pace_is_not_the_workers() {
    let fake = FakeAws::new();
    fake.on("sts", "AssumeRole", |call| assume_role(call, IN_AN_HOUR))
        .latency(Duration::from_secs(1));
    let (sender, requests) = mpsc::unbounded_channel();
    let stream = verify_stream(&sessions(&fake), requests, at_once(1));
    let began = tokio::time::Instant::now();
    for n in 0..30 {
        sender.send(request(n)).unwrap();
        tokio::task::yield_now().await;
    }
    drop(sender);
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "sending must not wait for a free worker"
    );
    assert_eq!(stream.collect().await.len(), 30);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_stream_ends_the_checking() {
    let fake = FakeAws::new();
    fake.on("sts", "AssumeRole", |call| assume_role(call, IN_AN_HOUR))
        .latency(Duration::from_millis(10));
    let (sender, requests) = mpsc::unbounded_channel();
    let mut stream = verify_stream(&sessions(&fake), requests, at_once(1));
    for n in 0..100 {
        sender.send(request(n)).unwrap();
    }
    stream.next().await.unwrap();
    drop(stream);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(fake.calls().len() <= 3, "{}", fake.calls().len());
}

#[tokio::test(start_paused = true)]
async fn each_request_carries_its_organizations_external_id() {
    let fake = FakeAws::new();
    fake.on("sts", "AssumeRole", |call| assume_role(call, IN_AN_HOUR));
    let (sender, requests) = mpsc::unbounded_channel();
    let shared = sessions(&fake).with_external_id(Some("first".into()));
    let stream = verify_stream(&shared, requests, at_once(1));
    sender.send(request(1)).unwrap();
    sender
        .send(CheckRequest {
            external_id: Some("second".into()),
            ..request(2)
        })
        .unwrap();
    drop(sender);
    stream.collect().await;
    let asked: Vec<String> = fake
        .calls()
        .iter()
        .map(|call| call.parameter("ExternalId"))
        .collect();
    assert_eq!(asked, ["first", "second"]);
}
