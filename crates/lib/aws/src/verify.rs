//! The access check: one AssumeRole, and what it says of the role. Discovery and verifier share it.
//!
//! Invariants: credentials are never cached ones; every request that goes in comes out with an outcome, a throttled
//! one as inconclusive at worst; checks run while requests still arrive.

use std::num::NonZeroUsize;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use polo_core::{ErrorClass, RoleArn, Timestamp, Verdict};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::Sessions;

/// Checks under way at once, where nothing else is configured: beyond it only the rate counts.
pub const CHECK_CONCURRENCY: NonZeroUsize = NonZeroUsize::new(40).expect("not zero");

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckOutcome {
    /// The role that was checked.
    pub role: RoleArn,
    /// What it says of the role.
    pub verdict: Verdict,
    /// Why not, if it wasn't a success.
    pub class: Option<ErrorClass>,
    /// AWS's error code; empty on success.
    pub code: String,
    /// AWS's message; empty on success.
    pub message: String,
    /// Who the account saw, on success.
    pub assumed_role_arn: Option<String>,
    /// When the check began.
    pub started_at: Timestamp,
    /// How long it took, with its repetitions and its wait for the token bucket.
    pub duration: Duration,
}

/// Checks one role now. Never fails: what went wrong is in the outcome.
pub async fn verify(sessions: &Sessions, role: &RoleArn, session_name: &str) -> CheckOutcome {
    let started_at = sessions.clock().now();
    let began = Instant::now();
    let answer = sessions.assume_fresh(role, session_name).await;
    let duration = began.elapsed();
    match answer {
        Ok(assumed) => CheckOutcome {
            role: role.clone(),
            verdict: Verdict::Success,
            class: None,
            code: String::new(),
            message: String::new(),
            assumed_role_arn: Some(assumed.assumed_role_arn),
            started_at,
            duration,
        },
        Err(failure) => CheckOutcome {
            role: role.clone(),
            verdict: Verdict::of_failure(failure.class),
            class: Some(failure.class),
            code: failure.code,
            message: failure.message,
            assumed_role_arn: None,
            started_at,
            duration,
        },
    }
}

/// A role to check.
#[derive(Debug, Clone)]
pub struct CheckRequest<T> {
    /// The role.
    pub role: RoleArn,
    /// The external id of the account's organization; `None` takes the sessions' own.
    pub external_id: Option<String>,
    /// The session's name, from [`session_name`](crate::session_name).
    pub session_name: String,
    /// Whatever the caller needs beside the outcome.
    pub context: T,
}

/// Outcomes as they come, in no order.
#[derive(Debug)]
pub struct CheckStream<T> {
    outcomes: UnboundedReceiver<(T, CheckOutcome)>,
    driver: Option<JoinHandle<()>>,
}

impl<T> CheckStream<T> {
    /// The next outcome; `None` once the requests' sender is gone and every request has its outcome.
    pub async fn next(&mut self) -> Option<(T, CheckOutcome)> {
        if let Some(outcome) = self.outcomes.recv().await {
            return Some(outcome);
        }
        if let Some(driver) = self.driver.take()
            && let Err(error) = driver.await
            && error.is_panic()
        {
            // A panic must not look like the end of the requests.
            std::panic::resume_unwind(error.into_panic());
        }
        None
    }

    /// All outcomes that are still to come.
    pub async fn collect(mut self) -> Vec<(T, CheckOutcome)> {
        let mut all = Vec::new();
        while let Some(outcome) = self.next().await {
            all.push(outcome);
        }
        all
    }
}

/// Checks the roles that `requests` brings, `concurrency` at once, in a task of its own.
///
/// It is a queue: whoever lists accounts sends and goes on listing, whether a worker is free or not. Dropping the
/// stream ends the checking. Needs a Tokio runtime.
pub fn verify_stream<T: Send + 'static>(
    sessions: &Sessions,
    requests: UnboundedReceiver<CheckRequest<T>>,
    concurrency: NonZeroUsize,
) -> CheckStream<T> {
    let (sender, outcomes) = mpsc::unbounded_channel();
    let driver = tokio::spawn(drive(sessions.clone(), requests, concurrency.get(), sender));
    CheckStream {
        outcomes,
        driver: Some(driver),
    }
}

async fn drive<T: Send + 'static>(
    sessions: Sessions,
    mut requests: UnboundedReceiver<CheckRequest<T>>,
    concurrency: usize,
    outcomes: mpsc::UnboundedSender<(T, CheckOutcome)>,
) {
    let mut under_way = FuturesUnordered::new();
    let mut more = true;
    while more || !under_way.is_empty() {
        tokio::select! {
            request = requests.recv(), if more && under_way.len() < concurrency => match request {
                Some(request) => under_way.push(check(&sessions, request)),
                None => more = false,
            },
            Some(outcome) = under_way.next() => {
                if outcomes.send(outcome).is_err() {
                    // Nobody waits for the rest.
                    return;
                }
            },
        }
    }
}

async fn check<T>(sessions: &Sessions, request: CheckRequest<T>) -> (T, CheckOutcome) {
    let CheckRequest {
        role,
        external_id,
        session_name,
        context,
    } = request;
    let outcome = match external_id {
        Some(id) => {
            let sessions = sessions.with_external_id(Some(id));
            verify(&sessions, &role, &session_name).await
        }
        None => verify(sessions, &role, &session_name).await,
    };
    (context, outcome)
}
