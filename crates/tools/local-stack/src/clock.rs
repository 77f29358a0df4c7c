//! The wall clock, read here and nowhere else. INVARIANT: only what other programs compare with their own clocks uses it (deadlines, event
//! times, records); everything that the stack itself measures uses tokio's monotonic one.

use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};

/// The current time, for a deadline.
#[expect(
    clippy::disallowed_methods,
    reason = "the emulator stands for AWS, whose clock functions cannot set either"
)]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// The current time as EventBridge writes it.
pub(crate) fn event_now() -> String {
    event_time(now().into())
}

/// A time as EventBridge writes it: UTC, whole seconds, `Z`.
pub(crate) fn event_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The current time as Lambda writes it into records.
pub(crate) fn record_now() -> String {
    DateTime::<Utc>::from(now()).to_rfc3339_opts(SecondsFormat::Millis, true)
}
