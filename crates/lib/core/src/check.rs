//! Access checks: what one AssumeRole says about a role, and when to ask again.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{ErrorClass, PoloStatus};

/// Which of the two roles in a member account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleKind {
    /// The read role, which collectors use and which decides the status.
    Read,
    /// The action role, where configured.
    Action,
}

impl RoleKind {
    /// The kind as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Action => "action",
        }
    }
}

/// The text names no kind of role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of role {0:?}: it is read or action")]
pub struct UnknownRoleKind(pub String);

impl FromStr for RoleKind {
    type Err = UnknownRoleKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "read" => Ok(Self::Read),
            "action" => Ok(Self::Action),
            other => Err(UnknownRoleKind(other.to_owned())),
        }
    }
}

/// What a check says of the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Assumed, and the answer names the account that was asked for.
    Success,
    /// Refused.
    Denied,
    /// Nothing learned about the role: never changes a status.
    Inconclusive,
}

impl Verdict {
    /// The verdict that a failed AssumeRole amounts to.
    pub fn of_failure(class: ErrorClass) -> Self {
        match class {
            ErrorClass::Denied
            | ErrorClass::DeniedByScp
            | ErrorClass::DeniedByRcp
            | ErrorClass::WrongAccount => Self::Denied,
            ErrorClass::NotReady
            | ErrorClass::RegionDisabled
            | ErrorClass::Throttled
            | ErrorClass::Timeout
            | ErrorClass::Network
            | ErrorClass::ExpiredToken
            | ErrorClass::InvalidToken
            | ErrorClass::NotFound
            | ErrorClass::Config
            | ErrorClass::Service
            | ErrorClass::Budget
            | ErrorClass::Bug => Self::Inconclusive,
        }
    }

    /// The verdict as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Denied => "denied",
            Self::Inconclusive => "inconclusive",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How long until a role is checked again, given the verdict just reached, the status before it, and how many
/// denials in a row (this one included) there have been.
///
/// A working role is looked at daily. A denial is confirmed soon while the account still counts as active, then
/// asked ever more rarely, daily in the end. What could not be learned is asked again at the next tick.
pub fn next_check_after(
    verdict: Verdict,
    status_before: Option<PoloStatus>,
    denials_in_a_row: u32,
) -> Duration {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    let seconds = match verdict {
        Verdict::Success => 24 * HOUR,
        Verdict::Inconclusive => 5 * MINUTE,
        Verdict::Denied if status_before == Some(PoloStatus::Active) => 5 * MINUTE,
        Verdict::Denied => match denials_in_a_row {
            0..=2 => 5 * MINUTE,
            3..=4 => 15 * MINUTE,
            5..=8 => HOUR,
            9..=12 => 6 * HOUR,
            _ => 24 * HOUR,
        },
    };
    Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_of_the_role_is_a_denial() {
        for class in ErrorClass::ALL {
            let expected = match class {
                ErrorClass::WrongAccount => Verdict::Denied,
                class if class.is_denial() => Verdict::Denied,
                _ => Verdict::Inconclusive,
            };
            assert_eq!(Verdict::of_failure(class), expected, "{class}");
        }
    }

    #[test]
    fn every_account_is_checked_at_least_daily_and_denials_ever_more_rarely() {
        let day = Duration::from_secs(86_400);
        let mut last = Duration::ZERO;
        for denials in 0..100 {
            let wait = next_check_after(Verdict::Denied, Some(PoloStatus::PendingSetup), denials);
            assert!(wait >= last && wait <= day);
            last = wait;
        }
        assert_eq!(last, day);
        assert_eq!(next_check_after(Verdict::Success, None, 0), day);
    }

    #[test]
    fn an_active_accounts_denial_is_confirmed_at_the_next_tick() {
        let wait = next_check_after(Verdict::Denied, Some(PoloStatus::Active), 40);
        assert_eq!(wait, Duration::from_secs(300));
    }
}
