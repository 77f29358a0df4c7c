//! When the lock of a migration expires.

use std::time::Duration;

/// A lock that is older has no holder any more: it crashed. Longer than a holder works at most, by what releasing may take.
pub const STALE: Duration = Duration::from_secs(20 * 60);
