//! Waiting between attempts: exponential with full jitter, bounded in number and in time.
//!
//! Invariant: within this crate, and only here, a call is made again. The clients of this crate have the SDK's own
//! retries switched off, because those pass by the token bucket.

use std::future::Future;
use std::time::Duration;

use polo_core::ErrorClass;
use rand::Rng;
use tokio::time::Instant;

use crate::AwsFailure;

/// How often and how long a call is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Attempts at most, the first one included.
    pub attempts: u32,
    /// The longest possible first pause; it doubles with every attempt.
    pub base: Duration,
    /// No pause is longer.
    pub cap: Duration,
    /// No attempt begins later than this after the first one.
    pub budget: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            attempts: 8,
            base: Duration::from_millis(100),
            cap: Duration::from_secs(5),
            budget: Duration::from_secs(30),
        }
    }
}

impl Backoff {
    /// A pause before attempt `attempt + 1`, drawn evenly from zero to the doubled bound ("full jitter").
    ///
    /// Source: <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
    pub fn pause(&self, attempt: u32) -> Duration {
        let factor = 2_u32.saturating_pow(attempt.saturating_sub(1).min(20));
        let bound = self.base.saturating_mul(factor).min(self.cap);
        rand::rng().random_range(Duration::ZERO..=bound)
    }

    /// Makes the call until it succeeds, fails for a reason that another attempt won't mend, or attempts or time
    /// run out; then the last failure stands.
    pub async fn retry<T, F, Fut>(&self, mut call: F) -> Result<T, AwsFailure>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, AwsFailure>>,
    {
        let began = Instant::now();
        let mut attempt = 1;
        loop {
            let failure = match call().await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            if attempt >= self.attempts || !worth_repeating(failure.class) {
                return Err(failure);
            }
            let pause = self.pause(attempt);
            if began.elapsed() + pause > self.budget {
                return Err(failure);
            }
            tracing::debug!(
                action = failure.action,
                class = %failure.class,
                attempt,
                pause_ms = pause.as_millis(),
                "call repeated"
            );
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }
}

/// Whether the same call, made again at once with the same credentials, may succeed.
fn worth_repeating(class: ErrorClass) -> bool {
    // Expired credentials are retryable for the next invocation, not for this one.
    class.retryable() && class != ErrorClass::ExpiredToken
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn failure(class: ErrorClass) -> AwsFailure {
        AwsFailure::new(class, "sts:AssumeRole", "Code", "message")
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_call_is_repeated_until_it_succeeds() {
        let calls = Cell::new(0);
        let answer = Backoff::default()
            .retry(|| {
                calls.set(calls.get() + 1);
                let call = calls.get();
                async move {
                    if call < 4 {
                        Err(failure(ErrorClass::Throttled))
                    } else {
                        Ok(call)
                    }
                }
            })
            .await;
        assert_eq!(answer, Ok(4));
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_are_bounded_and_the_last_failure_stands() {
        let calls = Cell::new(0);
        let answer: Result<(), _> = Backoff::default()
            .retry(|| {
                calls.set(calls.get() + 1);
                async { Err(failure(ErrorClass::Throttled)) }
            })
            .await;
        assert_eq!(answer.unwrap_err().class, ErrorClass::Throttled);
        assert_eq!(calls.get(), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn time_is_bounded() {
        let began = Instant::now();
        let backoff = Backoff {
            attempts: 10_000,
            ..Backoff::default()
        };
        let answer: Result<(), _> = backoff
            .retry(|| async { Err(failure(ErrorClass::Network)) })
            .await;
        assert!(answer.is_err());
        assert!(began.elapsed() <= backoff.budget);
    }

    #[tokio::test(start_paused = true)]
    async fn what_another_attempt_cannot_mend_is_not_repeated() {
        for class in ErrorClass::ALL {
            let calls = Cell::new(0);
            let answer: Result<(), _> = Backoff::default()
                .retry(|| {
                    calls.set(calls.get() + 1);
                    async move { Err(failure(class)) }
                })
                .await;
            assert!(answer.is_err());
            let repeated = matches!(
                class,
                ErrorClass::Throttled
                    | ErrorClass::Timeout
                    | ErrorClass::Network
                    | ErrorClass::Service
            );
            assert_eq!(calls.get() > 1, repeated, "{class}");
        }
    }

    #[test]
    fn pauses_double_up_to_the_cap() {
        let backoff = Backoff::default();
        for attempt in 1..100 {
            assert!(backoff.pause(attempt) <= backoff.cap);
        }
        assert!((0..100).all(|_| backoff.pause(1) <= backoff.base));
    }
}
