//! How a run stands. Invariant: one without a finish is running until its time is up, and has crashed after that.

use polo_core::{Run, Timestamp};
use polo_store::runs::CRASH_GRACE;

/// What a run can be.
pub const STANDINGS: [&str; 6] = [
    "complete", "partial", "failed", "skipped", "running", "crashed",
];

/// How a run stands: its outcome, or `running` or `crashed`.
pub fn standing(run: &Run, now: Timestamp) -> &'static str {
    match &run.end {
        Some(end) => end.outcome.as_str(),
        None if run.deadline_at + CRASH_GRACE < now => "crashed",
        None => "running",
    }
}
