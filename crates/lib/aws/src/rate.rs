//! A token bucket per API, before any retry: what is never sent can't be throttled.
//!
//! Invariant: first come, first served; over any second at most twice the rate goes out (a full bucket and its
//! refill), which stays below AWS's own bucket of the same shape.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// AssumeRole calls a second. STS allows 600 a second to an account and region, shared by all its callers.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-sts-requests>
pub const STS_CALLS_PER_SECOND: NonZeroU32 = NonZeroU32::new(500).expect("not zero");

/// PutEvents calls a second: half of what the smallest regions allow.
///
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>
pub const PUT_EVENTS_PER_SECOND: NonZeroU32 = NonZeroU32::new(200).expect("not zero");

/// Time as the runtime counts it, so that tests can pause it.
#[derive(Clone)]
struct RuntimeClock {
    origin: Instant,
}

impl GovernorClock for RuntimeClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.origin.elapsed()
    }
}

/// A token bucket that holds one second's worth of calls.
pub struct RateLimit {
    bucket: RateLimiter<NotKeyed, InMemoryState, RuntimeClock, NoOpMiddleware<Duration>>,
    clock: RuntimeClock,
    turn: Mutex<()>,
}

impl RateLimit {
    /// A full bucket, refilled at this rate.
    pub fn per_second(calls: NonZeroU32) -> Self {
        let clock = RuntimeClock {
            origin: Instant::now(),
        };
        Self {
            bucket: RateLimiter::direct_with_clock(Quota::per_second(calls), clock.clone()),
            clock,
            turn: Mutex::new(()),
        }
    }

    /// Waits until one more call may be made.
    pub async fn ready(&self) {
        // One waiter at a time watches the bucket; the others queue in order instead of waking together.
        let _turn = self.turn.lock().await;
        while let Err(not_until) = self.bucket.check() {
            tokio::time::sleep(not_until.wait_time_from(self.clock.now())).await;
        }
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RateLimit")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_full_bucket_lets_one_seconds_worth_go_at_once_and_then_paces() {
        let limit = RateLimit::per_second(NonZeroU32::new(10).unwrap());
        let began = Instant::now();
        for _ in 0..10 {
            limit.ready().await;
        }
        assert!(began.elapsed() < Duration::from_millis(10));
        for _ in 0..20 {
            limit.ready().await;
        }
        let took = began.elapsed();
        assert!(
            took >= Duration::from_millis(1_950) && took <= Duration::from_millis(2_200),
            "{took:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn many_waiters_all_get_their_turn() {
        let limit = RateLimit::per_second(NonZeroU32::new(100).unwrap());
        let began = Instant::now();
        futures::future::join_all((0..300).map(|_| limit.ready())).await;
        let took = began.elapsed();
        assert!(
            took >= Duration::from_millis(1_950) && took <= Duration::from_millis(2_400),
            "{took:?}"
        );
    }
}
