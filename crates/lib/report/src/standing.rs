//! How a run stands. Invariant: one without a finish is running until its time is up, and has crashed after that.

use chrono::TimeDelta;
use polo_core::Timestamp;
use polo_store::runs::RunRow;

/// How long after its deadline a run without a finish counts as crashed, as in the view `v_accounts`.
const GRACE: TimeDelta = TimeDelta::minutes(5);

/// How a run stands: its outcome, or `running` or `crashed`.
pub fn standing(run: &RunRow, now: Timestamp) -> &str {
    match run.finished_at {
        Some(_) => &run.outcome,
        None if run.deadline_at + GRACE < now => "crashed",
        None => "running",
    }
}
