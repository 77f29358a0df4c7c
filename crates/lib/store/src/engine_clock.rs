//! The database's clock as one run reads it: asked once, then carried on by the process's monotonic clock.
//!
//! Invariant: it is not ahead of the database's own clock, because the answer was already on its way when counting began. It
//! lags by as long as the question took. So a version that is taken before a call is older than whatever the call sees.

use std::time::Instant;

use polo_core::{Timestamp, Version};

/// The database's clock.
#[derive(Debug, Clone, Copy)]
pub struct EngineClock {
    asked: Version,
    answered: Instant,
}

impl EngineClock {
    pub(crate) fn new(asked: Version) -> Self {
        Self {
            asked,
            answered: Instant::now(),
        }
    }

    /// The version of what is about to be read and written.
    pub fn version(&self) -> Version {
        let passed = u64::try_from(self.answered.elapsed().as_micros()).unwrap_or(u64::MAX);
        Version(self.asked.0.saturating_add(passed))
    }

    /// The same as a time.
    pub fn now(&self) -> Timestamp {
        self.version().at()
    }
}
