//! What is wrong with an account, as `v_accounts` says it. Pure.
//!
//! Invariant: a concern that was reported is afterwards one of: still there, healthy again, no longer watched, unknown.

use chrono::TimeDelta;
use polo_core::status_reason::explain;
use polo_core::{AccountId, PoloStatus, StatusReason, Timestamp};
use polo_report::gap::cause;
use polo_store::StoreError;
use polo_store::accounts::AccountRow;
use polo_store::notices::ConcernKind;

/// How long after its discovery an account may lack a working role before that is reported. The StackSet serves a new
/// account within the hour, and people who set up roles by hand do it within the day.
pub(crate) const SETUP_GRACE: TimeDelta = TimeDelta::hours(24);

/// One thing that is wrong with one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Concern {
    /// The account.
    pub(crate) account_id: AccountId,
    /// Its name.
    pub(crate) account_name: String,
    /// Who is responsible for it; may be empty.
    pub(crate) owner: String,
    /// What is wrong.
    pub(crate) kind: ConcernKind,
    /// The collector with the worst gap; empty for [`ConcernKind::Access`].
    pub(crate) collector: String,
    /// Why, as it is grouped and stored: a status reason, or `collector: class`.
    pub(crate) cause: String,
    /// The cause in words: a clause without a period.
    pub(crate) words: String,
    /// The message of AWS or the StackSet for this one account; may be empty.
    pub(crate) detail: String,
    /// Whether the account is too young for a first report.
    pub(crate) in_grace: bool,
}

/// What holds of one account and one kind of concern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Something is wrong.
    Concern(Concern),
    /// Nothing is.
    Well,
    /// The account is excluded.
    NotWatched,
    /// Not known now: whether an account is collected completely, while Polo cannot see it.
    Unknown,
}

/// What holds of an account, for both kinds.
pub(crate) fn findings(
    account: &AccountRow,
    now: Timestamp,
) -> Result<[(ConcernKind, Finding); 2], StoreError> {
    let account_id = account.id()?;
    let of_account = |kind, cause: String, words: String, detail: &str| Concern {
        account_id: account_id.clone(),
        account_name: account.account_name.clone(),
        owner: account.owner.clone(),
        kind,
        collector: String::new(),
        cause,
        words,
        detail: detail.to_owned(),
        in_grace: false,
    };
    let without_access = |in_grace| {
        let detail = match account.status_reason.parse() {
            Ok(StatusReason::DeploymentNotCurrent) => account.stack_status_reason.as_str(),
            _ => "",
        };
        let words = explain(&account.status_reason, &account.last_check_class).into_owned();
        let cause = account.status_reason.clone();
        Finding::Concern(Concern {
            in_grace,
            ..of_account(ConcernKind::Access, cause, words, detail)
        })
    };
    let (access, collecting) = match account.status()? {
        PoloStatus::Excluded => (Finding::NotWatched, Finding::NotWatched),
        PoloStatus::NoAccess => (without_access(false), Finding::Unknown),
        PoloStatus::PendingSetup => (without_access(is_in_grace(account, now)), Finding::Unknown),
        PoloStatus::Active => match account.gap() {
            None => (Finding::Well, Finding::Well),
            Some(gap) => {
                let stored = format!("{}: {}", gap.collector, gap.class);
                let concern = Concern {
                    collector: gap.collector.to_owned(),
                    ..of_account(ConcernKind::Collecting, stored, cause(&gap), gap.message)
                };
                (Finding::Well, Finding::Concern(concern))
            }
        },
    };
    Ok([
        (ConcernKind::Access, access),
        (ConcernKind::Collecting, collecting),
    ])
}

/// Whether an account is too young to report that its role does not work.
pub(crate) fn is_in_grace(account: &AccountRow, now: Timestamp) -> bool {
    now < account.discovered_at + SETUP_GRACE
}

/// Whether a cause needs another fix than the reported one, so that it is reported at once: a role that had to be set up
/// exists now, or existed, and is denied. Every other change of a cause waits for the next reminder.
pub(crate) fn has_worsened(told: &str, cause: &str) -> bool {
    is_denial_of_a_role(cause) && !is_denial_of_a_role(told)
}

fn is_denial_of_a_role(cause: &str) -> bool {
    matches!(
        cause.parse(),
        Ok(StatusReason::DeniedAfterSuccess | StatusReason::DeployedButDenied)
    )
}

#[cfg(test)]
mod tests {
    use polo_core::StatusReason;

    use super::*;
    use crate::testing::{account, at, set_gap};

    fn of(status: &str, reason: &str, error: &str, hours: i64) -> [Finding; 2] {
        let mut row = account("111111111111", status, reason);
        set_gap(&mut row, error);
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
                "collecting config_ec2: denied_by_scp (no: not here)",
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
