//! What is wrong with an account, as `v_accounts` says it. Pure.
//!
//! Invariant: of a concern that was told, what is said later is said of the same account and kind: it is still there,
//! it is well again, it is no longer watched, or nobody can tell.

use chrono::TimeDelta;
use polo_core::{AccountId, PoloStatus, StatusReason, Timestamp};
use polo_store::StoreError;
use polo_store::accounts::AccountRow;
use polo_store::notices::ConcernKind;

/// So long after its discovery an account may be without a working role before anybody is told. The StackSet serves a
/// new account within the hour, and who sets roles up by hand does it within the day: what is told is what was forgotten.
pub(crate) const SETUP_GRACE: TimeDelta = TimeDelta::hours(24);

/// One thing that is wrong with one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Concern {
    /// The account.
    pub(crate) account_id: AccountId,
    /// Its name.
    pub(crate) account_name: String,
    /// What is wrong.
    pub(crate) kind: ConcernKind,
    /// Why, as it is grouped and stored: a status reason, or `collector: class`.
    pub(crate) cause: String,
    /// What AWS or the StackSet says of this one account; may be empty.
    pub(crate) detail: String,
    /// Whether it is too young to be told for the first time.
    pub(crate) in_grace: bool,
}

/// What holds of one account and one kind of concern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Something is wrong.
    Concern(Concern),
    /// Nothing is.
    Well,
    /// It is excluded: nobody wants to know.
    NotWatched,
    /// It cannot be told now: whether all of an account is collected, while the account cannot be seen.
    Unknown,
}

/// What holds of an account, for both kinds.
pub(crate) fn findings(
    account: &AccountRow,
    now: Timestamp,
) -> Result<[(ConcernKind, Finding); 2], StoreError> {
    let concern = |kind, cause: &str, detail: &str, in_grace| -> Result<Finding, StoreError> {
        Ok(Finding::Concern(Concern {
            account_id: account.id()?,
            account_name: account.account_name.clone(),
            kind,
            cause: cause.to_owned(),
            detail: detail.to_owned(),
            in_grace,
        }))
    };
    let without_access = |in_grace| {
        let detail = match account.status_reason.parse() {
            Ok(StatusReason::DeploymentNotCurrent) => account.stack_status_reason.as_str(),
            _ => "",
        };
        concern(
            ConcernKind::Access,
            &account.status_reason,
            detail,
            in_grace,
        )
    };
    let (access, collecting) = match account.status()? {
        PoloStatus::Excluded => (Finding::NotWatched, Finding::NotWatched),
        PoloStatus::NoAccess => (without_access(false)?, Finding::Unknown),
        PoloStatus::PendingSetup => (
            without_access(now < account.discovered_at + SETUP_GRACE)?,
            Finding::Unknown,
        ),
        PoloStatus::Active if account.last_scan_error.is_empty() => (Finding::Well, Finding::Well),
        PoloStatus::Active => {
            let gap = Gap::of(&account.last_scan_error);
            let cause = format!("{}: {}", gap.collector, gap.class);
            let collecting = concern(ConcernKind::Collecting, &cause, gap.message, false)?;
            (Finding::Well, collecting)
        }
    };
    Ok([
        (ConcernKind::Access, access),
        (ConcernKind::Collecting, collecting),
    ])
}

/// Whether a cause needs another answer than the one that was told, so that it is told at once: a role that was still
/// to be set up is there now, or was, and is denied. Every other change of a cause waits for the next time.
pub(crate) fn has_worsened(told: &str, cause: &str) -> bool {
    is_denial_of_a_role(cause) && !is_denial_of_a_role(told)
}

fn is_denial_of_a_role(cause: &str) -> bool {
    matches!(
        cause.parse(),
        Ok(StatusReason::DeniedAfterSuccess | StatusReason::DeployedButDenied)
    )
}

/// The parts of `last_scan_error`: `collector[/region]: class: message`.
struct Gap<'a> {
    collector: &'a str,
    class: &'a str,
    message: &'a str,
}

impl<'a> Gap<'a> {
    fn of(text: &'a str) -> Self {
        let (place, rest) = text.split_once(": ").unwrap_or((text, ""));
        let (class, message) = rest.split_once(": ").unwrap_or((rest, ""));
        Self {
            collector: place.split('/').next().unwrap_or(place),
            class,
            message,
        }
    }
}

#[cfg(test)]
mod tests {
    use polo_core::StatusReason;

    use super::*;
    use crate::testing::{account, at};

    fn of(status: &str, reason: &str, error: &str, hours: i64) -> [Finding; 2] {
        let mut row = account("111111111111", status, reason);
        row.last_scan_error = error.to_owned();
        row.stack_status_reason = "ResourceLogicalId:Role is bad".to_owned();
        let now = at(0) + TimeDelta::hours(hours);
        findings(&row, now).unwrap().map(|(_, finding)| finding)
    }

    fn told(finding: &Finding) -> String {
        match finding {
            Finding::Concern(concern) => format!(
                "{} {}{}{}",
                concern.kind,
                concern.cause,
                if concern.detail.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", concern.detail)
                },
                if concern.in_grace { ", too young" } else { "" }
            ),
            Finding::Well => "well".to_owned(),
            Finding::NotWatched => "not watched".to_owned(),
            Finding::Unknown => "unknown".to_owned(),
        }
    }

    #[test]
    fn what_is_wrong_follows_status_reason_age_and_gap() {
        let denied = "config_ec2/eu-west-1: denied_by_scp: ec2:DescribeInstances: no: not here";
        let table = [
            ("active", "role_works", "", 0, "well", "well"),
            (
                "active",
                "role_works",
                denied,
                0,
                "well",
                "collecting config_ec2: denied_by_scp (ec2:DescribeInstances: no: not here)",
            ),
            (
                "active",
                "denial_not_confirmed",
                "cost: crashed: the run has no finish",
                0,
                "well",
                "collecting cost: crashed (the run has no finish)",
            ),
            (
                "no_access",
                "deployed_but_denied",
                denied,
                0,
                "access deployed_but_denied",
                "unknown",
            ),
            (
                "pending_setup",
                "never_set_up",
                "",
                23,
                "access never_set_up, too young",
                "unknown",
            ),
            (
                "pending_setup",
                "never_set_up",
                "",
                24,
                "access never_set_up",
                "unknown",
            ),
            (
                "pending_setup",
                "deployment_not_current",
                "",
                99,
                "access deployment_not_current (ResourceLogicalId:Role is bad)",
                "unknown",
            ),
            (
                "excluded",
                "suspended",
                denied,
                99,
                "not watched",
                "not watched",
            ),
        ];
        for (status, reason, error, hours, access, collecting) in table {
            let found = of(status, reason, error, hours);
            assert_eq!(
                [told(&found[0]), told(&found[1])],
                [access, collecting],
                "{status} {reason}"
            );
        }
    }

    #[test]
    fn a_status_that_is_not_known_is_an_error() {
        let row = account("111111111111", "asleep", "role_works");
        assert!(findings(&row, at(0)).is_err());
    }

    #[test]
    fn only_a_role_that_is_there_and_denied_is_worse_than_what_was_told() {
        let worse: Vec<(StatusReason, StatusReason)> = StatusReason::ALL
            .into_iter()
            .flat_map(|told| StatusReason::ALL.map(|now| (told, now)))
            .filter(|(told, now)| has_worsened(told.as_str(), now.as_str()))
            .collect();
        assert_eq!(worse.len(), 2 * (StatusReason::ALL.len() - 2));
        assert!(has_worsened("never_set_up", "deployed_but_denied"));
        assert!(!has_worsened("denied_after_success", "deployed_but_denied"));
        assert!(!has_worsened("cost: denied", "config_ec2: denied"));
    }
}
