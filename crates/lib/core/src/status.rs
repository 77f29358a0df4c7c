//! The four statuses of an account. Which one holds is decided by the view `v_accounts` alone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What Polo can do with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoloStatus {
    /// The read role works: collectors run.
    Active,
    /// Discovered, the role has not been there yet.
    PendingSetup,
    /// The role exists or did work, and cannot be assumed.
    NoAccess,
    /// Not monitored: by an operator, by its state in the organization, or out of scope.
    Excluded,
}

impl PoloStatus {
    /// The status as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::PendingSetup => "pending_setup",
            Self::NoAccess => "no_access",
            Self::Excluded => "excluded",
        }
    }
}

impl fmt::Display for PoloStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown account status {0:?}: it is one of active, pending_setup, no_access, excluded")]
pub struct UnknownPoloStatus(pub String);

impl FromStr for PoloStatus {
    type Err = UnknownPoloStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [
            Self::Active,
            Self::PendingSetup,
            Self::NoAccess,
            Self::Excluded,
        ]
        .into_iter()
        .find(|status| status.as_str() == text)
        .ok_or_else(|| UnknownPoloStatus(text.to_owned()))
    }
}
