//! Runs and their places. A run is one collector × one account × one trigger. The run's outcome follows from its
//! places' and from nothing else.

use uuid::Uuid;

use crate::{AccountId, CollectorId, ErrorClass, Place, Region, Timestamp};

/// One attempt at a run, as the ledger holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The run.
    pub run_id: Uuid,
    /// 1 for the first attempt; Lambda's retries follow.
    pub attempt: u16,
    /// The sweep.
    pub sweep_id: Uuid,
    /// The account.
    pub account_id: AccountId,
    /// The collector.
    pub collector: CollectorId,
    /// `schedule`, `event` or `manual`.
    pub trigger: String,
    /// Lambda's request id, which its own retries keep.
    pub request_id: String,
    /// The regions that a manual run was limited to; empty means all.
    pub regions: Vec<Region>,
    /// When it began, by the database's clock, as all times of the ledger.
    pub started_at: Timestamp,
    /// When the function's time is up.
    pub deadline_at: Timestamp,
    /// How it ended; none while it runs, and for good if it crashed.
    pub end: Option<RunEnd>,
    /// The version of the code.
    pub code_version: String,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// When its last row was stored.
    pub finished_at: Timestamp,
    /// The outcome.
    pub outcome: RunOutcome,
    /// Why it failed, was skipped or is incomplete; else empty.
    pub reason: String,
    /// What it read.
    pub totals: Totals,
}

/// What the places of a run add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many places it had.
    pub places: u32,
    /// How many of them are conclusive.
    pub places_conclusive: u32,
    /// How many resources it saw.
    pub resources_seen: u64,
    /// How many rows it wrote.
    pub rows_written: u64,
}

/// How a look at one place ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceResult {
    /// The place.
    pub place: Place,
    /// When the look began.
    pub started_at: Timestamp,
    /// When its last row was stored.
    pub finished_at: Timestamp,
    /// How it ended.
    pub outcome: TargetOutcome,
    /// How many resources it saw.
    pub resources_seen: u64,
    /// How many rows it wrote.
    pub rows_written: u64,
}

impl Run {
    /// The class of a run that failed.
    pub fn class(&self) -> Option<ErrorClass> {
        match self.end.as_ref()?.outcome {
            RunOutcome::Failed(class) => Some(class),
            RunOutcome::Complete | RunOutcome::Partial | RunOutcome::Skipped => None,
        }
    }

    /// What it read; nothing while it runs.
    pub fn totals(&self) -> Totals {
        self.end.as_ref().map(|end| end.totals).unwrap_or_default()
    }

    /// Why it failed, was skipped or is incomplete; else empty.
    pub fn reason(&self) -> &str {
        self.end.as_ref().map_or("", |end| &end.reason)
    }
}

impl Totals {
    /// The sum over the places of a run.
    pub fn of(places: &[PlaceResult]) -> Self {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let conclusive = places.iter().filter(|place| place.outcome.is_conclusive());
        Self {
            places: count(places.len()),
            places_conclusive: count(conclusive.count()),
            resources_seen: places.iter().map(|place| place.resources_seen).sum(),
            rows_written: places.iter().map(|place| place.rows_written).sum(),
        }
    }
}

/// The outcome of a look at one place.
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
    pub fn of_missing_detail(class: ErrorClass, action: String, message: String) -> Self {
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

    /// The outcome of these stored words. One that this version does not know counts as a failure, as after a rollback:
    /// nothing is concluded from it.
    pub fn of_stored(outcome: &str, class: &str, action: String, message: String) -> Self {
        let class = class.parse().unwrap_or(ErrorClass::Bug);
        match outcome {
            "complete" => Self::Complete,
            "region_disabled" => Self::RegionDisabled,
            "not_enabled" => Self::NotEnabled,
            "denied" => Self::Denied {
                class,
                action,
                message,
            },
            _ => Self::Failed {
                class,
                action,
                message,
            },
        }
    }

    /// The API operation that met a problem, else empty.
    pub fn action(&self) -> &str {
        match self {
            Self::Denied { action, .. } | Self::Failed { action, .. } => action,
            Self::Complete | Self::RegionDisabled | Self::NotEnabled => "",
        }
    }

    /// AWS's words on the problem, else empty.
    pub fn message(&self) -> &str {
        match self {
            Self::Denied { message, .. } | Self::Failed { message, .. } => message,
            Self::Complete | Self::RegionDisabled | Self::NotEnabled => "",
        }
    }

    /// The same, to shorten it.
    pub fn message_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Denied { message, .. } | Self::Failed { message, .. } => Some(message),
            Self::Complete | Self::RegionDisabled | Self::NotEnabled => None,
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

/// The outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOutcome {
    /// Every place is conclusive.
    Complete,
    /// Some places are, some are not.
    Partial,
    /// None is; the class of the worst.
    Failed(ErrorClass),
    /// Nothing was asked, for a reason that is not an error.
    Skipped,
}

impl RunOutcome {
    /// What the places of a run add up to. A run without places has nothing it could have missed.
    pub fn of_places<'a>(outcomes: impl IntoIterator<Item = &'a TargetOutcome>) -> Self {
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
            Self::Skipped => "skipped",
        }
    }
}

impl RunOutcome {
    /// The outcome of these stored words. One that this version does not know counts as a failure.
    pub fn of_stored(outcome: &str, class: &str) -> Self {
        match outcome {
            "complete" => Self::Complete,
            "partial" => Self::Partial,
            "skipped" => Self::Skipped,
            _ => Self::Failed(class.parse().unwrap_or(ErrorClass::Bug)),
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
                TargetOutcome::of_missing_detail(class, "s3:GetBucketTagging".into(), "no".into());
            assert!(!short.is_conclusive(), "{class}");
            assert_eq!(short.class(), Some(class));
        }
    }

    #[test]
    fn outcomes_survive_being_stored_and_unknown_ones_are_failures() {
        let stored = |outcome: &TargetOutcome| {
            let class = outcome.class().map_or("", ErrorClass::as_str);
            let (action, message) = (outcome.action().to_owned(), outcome.message().to_owned());
            TargetOutcome::of_stored(outcome.as_str(), class, action, message)
        };
        for class in ErrorClass::ALL {
            assert_eq!(stored(&failure(class)), failure(class));
        }
        let unknown = TargetOutcome::of_stored("eclipsed", "moon", String::new(), String::new());
        assert!(!unknown.is_conclusive() && unknown.class() == Some(ErrorClass::Bug));
        let failed = RunOutcome::Failed(ErrorClass::Network);
        assert_eq!(RunOutcome::of_stored("failed", "network"), failed);
        let unknown = RunOutcome::of_stored("eclipsed", "moon");
        assert_eq!(unknown, RunOutcome::Failed(ErrorClass::Bug));
    }

    #[test]
    fn a_run_is_what_its_places_add_up_to() {
        use TargetOutcome::{Complete, NotEnabled, RegionDisabled};
        assert_eq!(RunOutcome::of_places(&[]), RunOutcome::Complete);
        assert_eq!(
            RunOutcome::of_places(&[Complete, RegionDisabled, NotEnabled]),
            RunOutcome::Complete
        );
        assert_eq!(
            RunOutcome::of_places(&[Complete, failure(ErrorClass::Denied)]),
            RunOutcome::Partial
        );
        assert_eq!(
            RunOutcome::of_places(&[failure(ErrorClass::Denied), failure(ErrorClass::Throttled)]),
            RunOutcome::Failed(ErrorClass::Throttled)
        );
        assert_eq!(
            RunOutcome::of_places(&[failure(ErrorClass::Budget)]),
            RunOutcome::Partial
        );
        assert_eq!(
            RunOutcome::of_places(&[failure(ErrorClass::DeniedByScp)]),
            RunOutcome::Failed(ErrorClass::DeniedByScp)
        );
    }
}
