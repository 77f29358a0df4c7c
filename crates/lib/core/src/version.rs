//! Versions: the database's clock, under which rows are stored.

use std::fmt;

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The database's clock in microseconds since 1970. Of two rows of one key the higher version counts.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(pub u64);

impl Version {
    /// The same as a time.
    pub fn at(self) -> Timestamp {
        i64::try_from(self.0)
            .ok()
            .and_then(DateTime::from_timestamp_micros)
            .unwrap_or_default()
    }

    /// The version before this one, for a row that this one has to replace.
    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The version after this one, for a row that has to replace it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
