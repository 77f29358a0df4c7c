//! Runs and their targets. A run is one collector × one account × one trigger; a target is one region of it
//! (`global` for global APIs). The run's outcome follows from its targets' and from nothing else.

use std::fmt;

use crate::ErrorClass;

/// The region name under which global APIs are recorded; a region is never empty.
pub const GLOBAL_REGION: &str = "global";

/// The name of the target that speaks for all accounts that one account pays for, where a region's name would stand.
pub const PAYER_TARGET: &str = "payer";

/// How a target ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetOutcome {
    /// Every page was read and every row is stored.
    Complete,
    /// The account's role may not make the call.
    Denied {
        /// Denied, or by which kind of policy.
        class: ErrorClass,
        /// The API operation that was refused, as `ec2:DescribeInstances`.
        action: String,
        /// AWS's words.
        message: String,
    },
    /// The region is not enabled in the account.
    RegionDisabled,
    /// The service is not in use in the account: nothing to collect, and that is an answer.
    NotEnabled,
    /// The target could not be read.
    Failed {
        /// Why.
        class: ErrorClass,
        /// The API operation that failed.
        action: String,
        /// What was answered.
        message: String,
    },
}

impl TargetOutcome {
    /// What a failed call makes of its target.
    pub fn of_failure(class: ErrorClass, action: String, message: String) -> Self {
        match class {
            ErrorClass::Denied | ErrorClass::DeniedByScp | ErrorClass::DeniedByRcp => {
                Self::Denied {
                    class,
                    action,
                    message,
                }
            }
            ErrorClass::RegionDisabled => Self::RegionDisabled,
            ErrorClass::NotReady => Self::NotEnabled,
            ErrorClass::Throttled
            | ErrorClass::Timeout
            | ErrorClass::Network
            | ErrorClass::ExpiredToken
            | ErrorClass::InvalidToken
            | ErrorClass::WrongAccount
            | ErrorClass::NotFound
            | ErrorClass::Config
            | ErrorClass::Service
            | ErrorClass::Budget
            | ErrorClass::Bug => Self::Failed {
                class,
                action,
                message,
            },
        }
    }

    /// What a failed call of a detail makes of a target whose listing is whole: never conclusive, because something
    /// that was shown could not be read.
    pub fn of_shortfall(class: ErrorClass, action: String, message: String) -> Self {
        match Self::of_failure(class, action.clone(), message.clone()) {
            Self::Complete | Self::RegionDisabled | Self::NotEnabled => Self::Failed {
                class,
                action,
                message,
            },
            denied_or_failed @ (Self::Denied { .. } | Self::Failed { .. }) => denied_or_failed,
        }
    }

    /// Whether the target's answer is whole: what it did not show is not there.
    pub fn is_conclusive(&self) -> bool {
        match self {
            Self::Complete | Self::RegionDisabled | Self::NotEnabled => true,
            Self::Denied { .. } | Self::Failed { .. } => false,
        }
    }

    /// The outcome as it is stored.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Denied { .. } => "denied",
            Self::RegionDisabled => "region_disabled",
            Self::NotEnabled => "not_enabled",
            Self::Failed { .. } => "failed",
        }
    }

    /// The class of what went wrong, if anything did.
    pub fn class(&self) -> Option<ErrorClass> {
        match self {
            Self::Denied { class, .. } | Self::Failed { class, .. } => Some(*class),
            Self::Complete | Self::RegionDisabled | Self::NotEnabled => None,
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunOutcome {
    /// Every target is conclusive.
    Complete,
    /// Some targets are, some are not.
    Partial,
    /// None is; the class of the worst.
    Failed(ErrorClass),
    /// Nothing was asked, for a reason that is not an error.
    Skipped(String),
}

impl RunOutcome {
    /// What the targets of a run add up to. A run without targets has nothing it could have missed.
    pub fn of_targets<'a>(outcomes: impl IntoIterator<Item = &'a TargetOutcome>) -> Self {
        let mut conclusive = 0_u32;
        let mut over_budget = false;
        let mut worst: Option<ErrorClass> = None;
        for outcome in outcomes {
            match outcome.class() {
                None => conclusive += 1,
                // What the budget allowed was read.
                Some(ErrorClass::Budget) => over_budget = true,
                // A failure that another attempt may heal is reported before one that it can't.
                Some(class) => {
                    worst = Some(worst.map_or(class, |w| if class.retryable() { class } else { w }))
                }
            }
        }
        match worst {
            Some(class) if conclusive == 0 && !over_budget => Self::Failed(class),
            Some(_) => Self::Partial,
            None if over_budget => Self::Partial,
            None => Self::Complete,
        }
    }

    /// The outcome as it is stored; class and reason have columns of their own.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Failed(_) => "failed",
            Self::Skipped(_) => "skipped",
        }
    }
}

impl fmt::Display for RunOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete | Self::Partial => f.write_str(self.as_str()),
            Self::Failed(class) => write!(f, "failed({class})"),
            Self::Skipped(reason) => write!(f, "skipped({reason})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(class: ErrorClass) -> TargetOutcome {
        TargetOutcome::of_failure(class, "ec2:DescribeInstances".into(), "no".into())
    }

    #[test]
    fn a_denied_target_is_never_conclusive() {
        for class in ErrorClass::ALL {
            let expected = matches!(class, ErrorClass::RegionDisabled | ErrorClass::NotReady);
            assert_eq!(failure(class).is_conclusive(), expected, "{class}");
        }
    }

    #[test]
    fn a_detail_that_could_not_be_read_is_never_conclusive() {
        for class in ErrorClass::ALL {
            let short =
                TargetOutcome::of_shortfall(class, "s3:GetBucketTagging".into(), "no".into());
            assert!(!short.is_conclusive(), "{class}");
            assert_eq!(short.class(), Some(class));
        }
    }

    #[test]
    fn a_run_is_what_its_targets_add_up_to() {
        use TargetOutcome::{Complete, NotEnabled, RegionDisabled};
        assert_eq!(RunOutcome::of_targets(&[]), RunOutcome::Complete);
        assert_eq!(
            RunOutcome::of_targets(&[Complete, RegionDisabled, NotEnabled]),
            RunOutcome::Complete
        );
        assert_eq!(
            RunOutcome::of_targets(&[Complete, failure(ErrorClass::Denied)]),
            RunOutcome::Partial
        );
        assert_eq!(
            RunOutcome::of_targets(&[failure(ErrorClass::Denied), failure(ErrorClass::Throttled)]),
            RunOutcome::Failed(ErrorClass::Throttled)
        );
        assert_eq!(
            RunOutcome::of_targets(&[failure(ErrorClass::Budget)]),
            RunOutcome::Partial
        );
        assert_eq!(
            RunOutcome::of_targets(&[failure(ErrorClass::DeniedByScp)]),
            RunOutcome::Failed(ErrorClass::DeniedByScp)
        );
    }
}
