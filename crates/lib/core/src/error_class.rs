//! What kind of trouble an AWS call met. The classes are data: they are stored, shown and decided upon.
//! Only `polo-aws` reads AWS error codes; everyone else sees these.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The class of a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// The caller is not allowed; for AssumeRole also: no such role, another trust policy or external id.
    Denied,
    /// A service control policy denies the call, and the answer says so.
    DeniedByScp,
    /// A resource control policy denies the call, and the answer says so.
    DeniedByRcp,
    /// The account is too young for the call, or the service was never subscribed to.
    NotReady,
    /// The region is not enabled in the account.
    RegionDisabled,
    /// Asked too fast.
    Throttled,
    /// No answer in time.
    Timeout,
    /// No connection.
    Network,
    /// The credentials ran out.
    ExpiredToken,
    /// The credentials were refused as such.
    InvalidToken,
    /// The answer speaks for another account than the one asked for.
    WrongAccount,
    /// What was asked for does not exist.
    NotFound,
    /// Our own settings or input are wrong.
    Config,
    /// The service failed (5xx).
    Service,
    /// Our own cap on billed calls: the call was not made.
    Budget,
    /// An answer that this code does not understand.
    Bug,
}

impl ErrorClass {
    /// Every class, for tables and tests.
    pub const ALL: [Self; 16] = [
        Self::Denied,
        Self::DeniedByScp,
        Self::DeniedByRcp,
        Self::NotReady,
        Self::RegionDisabled,
        Self::Throttled,
        Self::Timeout,
        Self::Network,
        Self::ExpiredToken,
        Self::InvalidToken,
        Self::WrongAccount,
        Self::NotFound,
        Self::Config,
        Self::Service,
        Self::Budget,
        Self::Bug,
    ];

    /// Whether the same call may succeed when it is simply made again.
    pub fn retryable(self) -> bool {
        match self {
            Self::Throttled
            | Self::Timeout
            | Self::Network
            | Self::ExpiredToken
            | Self::Service => true,
            Self::Denied
            | Self::DeniedByScp
            | Self::DeniedByRcp
            | Self::NotReady
            | Self::RegionDisabled
            | Self::InvalidToken
            | Self::WrongAccount
            | Self::NotFound
            | Self::Config
            | Self::Budget
            | Self::Bug => false,
        }
    }

    /// Whether a failure that one resource's call met awaits the calls for all others too, so that going on is in vain:
    /// the rate of the account is used up, or the credentials are.
    pub fn awaits_every_call(self) -> bool {
        match self {
            Self::Throttled | Self::ExpiredToken => true,
            Self::Denied
            | Self::DeniedByScp
            | Self::DeniedByRcp
            | Self::NotReady
            | Self::RegionDisabled
            | Self::Timeout
            | Self::Network
            | Self::InvalidToken
            | Self::WrongAccount
            | Self::NotFound
            | Self::Config
            | Self::Service
            | Self::Budget
            | Self::Bug => false,
        }
    }

    /// Whether the call was refused for want of permission.
    pub fn is_denial(self) -> bool {
        match self {
            Self::Denied | Self::DeniedByScp | Self::DeniedByRcp => true,
            Self::NotReady
            | Self::RegionDisabled
            | Self::Throttled
            | Self::Timeout
            | Self::Network
            | Self::ExpiredToken
            | Self::InvalidToken
            | Self::WrongAccount
            | Self::NotFound
            | Self::Config
            | Self::Service
            | Self::Budget
            | Self::Bug => false,
        }
    }

    /// The class in words: a clause without a period. It says what AWS said, never more.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Denied => "AWS denied the call",
            Self::DeniedByScp => "a service control policy (SCP) denies it",
            Self::DeniedByRcp => "a resource control policy (RCP) denies it",
            Self::NotReady => "the account is too new for the service, or not subscribed to it",
            Self::RegionDisabled => "the region is not enabled in the account",
            Self::Throttled => "AWS throttled the calls",
            Self::Timeout => "AWS did not answer in time",
            Self::Network => "AWS could not be reached",
            Self::ExpiredToken => "the credentials expired",
            Self::InvalidToken => "AWS refused the credentials",
            Self::WrongAccount => "another account answered",
            Self::NotFound => "AWS found no such resource",
            Self::Config => "Polo's settings are wrong for this call",
            Self::Service => "the AWS service failed",
            Self::Budget => "the day's budget for billed calls is used up",
            Self::Bug => "Polo did not understand AWS's answer",
        }
    }

    /// The class as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::DeniedByScp => "denied_by_scp",
            Self::DeniedByRcp => "denied_by_rcp",
            Self::NotReady => "not_ready",
            Self::RegionDisabled => "region_disabled",
            Self::Throttled => "throttled",
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::ExpiredToken => "expired_token",
            Self::InvalidToken => "invalid_token",
            Self::WrongAccount => "wrong_account",
            Self::NotFound => "not_found",
            Self::Config => "config",
            Self::Service => "service",
            Self::Budget => "budget",
            Self::Bug => "bug",
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no error class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown error class {0:?}")]
pub struct UnknownErrorClass(pub String);

impl FromStr for ErrorClass {
    type Err = UnknownErrorClass;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|class| class.as_str() == text)
            .ok_or_else(|| UnknownErrorClass(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_names_are_distinct_and_read_back() {
        for class in ErrorClass::ALL {
            assert_eq!(class.as_str().parse(), Ok(class));
        }
        assert!("denied_by_magic".parse::<ErrorClass>().is_err());
    }

    #[test]
    fn every_class_has_words_of_its_own() {
        let words: std::collections::BTreeSet<_> = ErrorClass::ALL
            .map(ErrorClass::in_words)
            .into_iter()
            .collect();
        assert_eq!(words.len(), ErrorClass::ALL.len());
    }

    #[test]
    fn no_denial_is_retried() {
        assert!(
            ErrorClass::ALL
                .into_iter()
                .all(|class| !(class.is_denial() && class.retryable()))
        );
    }
}
