//! Why an account has its status, in words for people. The view `v_accounts` alone decides which reason holds.
//!
//! Invariant: the one place where a reason's words are written; command line, status page and messages take them from here.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::{AccountId, ErrorClass, PoloStatus};

/// A value of `status_reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StatusReason {
    /// The read role could be assumed.
    RoleWorks,
    /// It worked, and the latest denial has not been repeated yet.
    DenialNotConfirmed,
    /// It worked before, and is denied for good.
    DeniedAfterSuccess,
    /// The StackSet says that it is there, and it is denied.
    DeployedButDenied,
    /// The StackSet has just deployed it.
    Propagating,
    /// The StackSet has an instance that did not deploy it.
    DeploymentNotCurrent,
    /// Nothing has deployed it.
    NeverSetUp,
    /// STS gave no answer that says anything.
    CheckInconclusive,
    /// No check was made, or none that counts.
    NotChecked,
    /// An operator's exclusion is in force.
    ExcludedByOperator,
    /// AWS has suspended the account.
    Suspended,
    /// The account is being closed.
    PendingClosure,
    /// The account is closed.
    Closed,
    /// The account has left its organization.
    LeftOrganization,
    /// The OU filters do not admit it.
    OutOfScope,
}

impl StatusReason {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::RoleWorks,
        Self::DenialNotConfirmed,
        Self::DeniedAfterSuccess,
        Self::DeployedButDenied,
        Self::Propagating,
        Self::DeploymentNotCurrent,
        Self::NeverSetUp,
        Self::CheckInconclusive,
        Self::NotChecked,
        Self::ExcludedByOperator,
        Self::Suspended,
        Self::PendingClosure,
        Self::Closed,
        Self::LeftOrganization,
        Self::OutOfScope,
    ];

    /// The reason as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RoleWorks => "role_works",
            Self::DenialNotConfirmed => "denial_not_confirmed",
            Self::DeniedAfterSuccess => "denied_after_success",
            Self::DeployedButDenied => "deployed_but_denied",
            Self::Propagating => "propagating",
            Self::DeploymentNotCurrent => "deployment_not_current",
            Self::NeverSetUp => "never_set_up",
            Self::CheckInconclusive => "check_inconclusive",
            Self::NotChecked => "not_checked",
            Self::ExcludedByOperator => "excluded_by_operator",
            Self::Suspended => "suspended",
            Self::PendingClosure => "pending_closure",
            Self::Closed => "closed",
            Self::LeftOrganization => "left_organization",
            Self::OutOfScope => "out_of_scope",
        }
    }

    /// The reason in words: a clause without a period, so that it fits a table as well as a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::RoleWorks => "the read role works",
            Self::DenialNotConfirmed => {
                "the read role worked, and its latest denial is not confirmed yet"
            }
            Self::DeniedAfterSuccess => {
                "the read role worked before and is denied now: the role was deleted, or its trust policy or external id \
                 changed"
            }
            Self::DeployedButDenied => {
                "the read role is deployed but denied: its trust policy or external id differs, or the role was deleted"
            }
            Self::Propagating => {
                "the read role was just deployed; AWS needs some minutes until it works everywhere"
            }
            Self::DeploymentNotCurrent => {
                "the StackSet has not deployed the read role: its instance failed or has not run yet"
            }
            Self::NeverSetUp => {
                "the read role is not set up: no StackSet instance, and no role that ever worked"
            }
            Self::CheckInconclusive => "the access check had no clear answer; Polo repeats it",
            Self::NotChecked => "access is not checked yet",
            Self::ExcludedByOperator => "an operator excluded the account",
            Self::Suspended => "AWS suspended the account",
            Self::PendingClosure => "the account is being closed",
            Self::Closed => "the account is closed",
            Self::LeftOrganization => "the account left its organization",
            Self::OutOfScope => "the account lies in an OU that is out of scope",
        }
    }

    /// The reason in words, with the cause that the latest access check names instead of everything that it might be.
    pub fn explain(self, latest: Option<ErrorClass>) -> Cow<'static, str> {
        let (Some(class), Some(before)) = (latest, self.before_cause()) else {
            return self.in_words().into();
        };
        match class {
            // A denial without a policy's name may still have each of the causes.
            ErrorClass::Denied => self.in_words().into(),
            class if class.is_denial() || self == Self::CheckInconclusive => {
                format!("{before}{}", class.in_words()).into()
            }
            _ => self.in_words().into(),
        }
    }

    /// What is certain, if the cause follows.
    fn before_cause(self) -> Option<&'static str> {
        match self {
            Self::DenialNotConfirmed => {
                Some("the read role worked, and the latest check was denied: ")
            }
            Self::DeniedAfterSuccess => Some("the read role worked before and is denied now: "),
            Self::DeployedButDenied => Some("the read role is deployed but denied: "),
            Self::CheckInconclusive => Some("the access check had no clear answer: "),
            Self::NeverSetUp => {
                Some("no StackSet instance is known, and the read role is denied: ")
            }
            Self::RoleWorks
            | Self::Propagating
            | Self::DeploymentNotCurrent
            | Self::NotChecked
            | Self::ExcludedByOperator
            | Self::Suspended
            | Self::PendingClosure
            | Self::Closed
            | Self::LeftOrganization
            | Self::OutOfScope => None,
        }
    }
}

/// A stored reason in words, with the cause that the latest check's stored error class names; empty for none. What this
/// version does not know stays as it is.
pub fn explain<'a>(status_reason: &'a str, error_class: &str) -> Cow<'a, str> {
    match status_reason.parse::<StatusReason>() {
        Ok(reason) => reason.explain(error_class.parse().ok()),
        Err(UnknownStatusReason(_)) => status_reason.into(),
    }
}

/// A stored reason in words; one that this version does not know stays as it is.
pub fn reason_in_words(status_reason: &str) -> &str {
    match status_reason.parse::<StatusReason>() {
        Ok(reason) => reason.in_words(),
        Err(UnknownStatusReason(_)) => status_reason,
    }
}

impl fmt::Display for StatusReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown status reason {0:?}: a newer version of v_accounts may know it")]
pub struct UnknownStatusReason(pub String);

impl FromStr for StatusReason {
    type Err = UnknownStatusReason;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .ok_or_else(|| UnknownStatusReason(text.to_owned()))
    }
}

/// Why a request about an account is refused because of its status, in one sentence. `consequence` is a clause such as
/// `only active accounts are collected`.
pub fn refusal(
    account_id: &AccountId,
    status: PoloStatus,
    status_reason: &str,
    consequence: &str,
) -> String {
    format!(
        "account {account_id} is {status} ({status_reason}): {consequence}; see `polo accounts show {account_id}`"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reason_is_read_back_and_has_words_of_its_own() {
        let words: BTreeSet<&str> = StatusReason::ALL
            .into_iter()
            .map(|reason| {
                assert_eq!(reason.as_str().parse(), Ok(reason));
                assert_eq!(reason_in_words(reason.as_str()), reason.in_words());
                reason.in_words()
            })
            .collect();
        assert_eq!(words.len(), StatusReason::ALL.len());
        assert!(
            words
                .iter()
                .all(|text| !text.ends_with('.') && !text.contains("  ")),
            "{words:?}"
        );
    }

    #[test]
    fn a_known_cause_replaces_the_guesses() {
        let words = explain("deployed_but_denied", "denied_by_rcp");
        assert_eq!(
            words,
            "the read role is deployed but denied: a resource control policy (RCP) denies it"
        );
        assert!(explain("denied_after_success", "denied_by_scp").contains("(SCP)"));
        assert_eq!(
            explain("check_inconclusive", "throttled"),
            "the access check had no clear answer: AWS throttled the calls"
        );
        for (reason, class) in [
            ("deployed_but_denied", "denied"),
            ("deployed_but_denied", ""),
            ("deployed_but_denied", "timeout"),
            ("role_works", "denied_by_rcp"),
            ("suspended", "denied"),
        ] {
            assert_eq!(explain(reason, class), reason_in_words(reason));
        }
    }

    #[test]
    fn a_reason_of_a_newer_schema_is_shown_as_it_is() {
        assert_eq!(reason_in_words("moved_to_mars"), "moved_to_mars");
        assert!("moved_to_mars".parse::<StatusReason>().is_err());
    }
}
