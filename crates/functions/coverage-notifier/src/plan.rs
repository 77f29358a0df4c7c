//! What to report: what holds now, compared with what was last reported. Pure.
//!
//! Invariant: a concern is reported when it appears, when it needs another fix, after 1, 7 and 30 days, and when it is
//! over; never otherwise.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use polo_core::{AccountId, Timestamp};
use polo_store::StoreError;
use polo_store::accounts::AccountRow;
use polo_store::notices::{ConcernKind, Notice, Resolution};

use crate::concerns::{Concern, Finding, findings, has_worsened};

/// The ages at which a concern that nobody has mended is told again.
const AGES: [TimeDelta; 3] = [TimeDelta::days(1), TimeDelta::days(7), TimeDelta::days(30)];

/// Something to tell, and what is noted before and after it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told<T> {
    /// What.
    pub(crate) what: T,
    /// What holds while it is not known to be told: the note as it stands, and a closed one where there is none.
    pub(crate) before: Notice,
    /// The note.
    pub(crate) notice: Notice,
}

/// A concern that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Healed {
    /// The account's name.
    pub(crate) account_name: String,
}

/// What is to be told, and what is noted without a word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Concerns that are there now and old enough to be told, told before or not.
    pub(crate) concerns: usize,
    /// Concerns that were not told yet, or whose answer has become another.
    pub(crate) opened: Vec<Told<Concern>>,
    /// Concerns that were told and are still there at an age at which that is said.
    pub(crate) still_open: Vec<Told<Concern>>,
    /// Concerns that are over.
    pub(crate) healed: Vec<Told<Healed>>,
    /// Notices of accounts that are no longer watched.
    pub(crate) dropped: Vec<Notice>,
}

impl Plan {
    /// Compares accounts with the open notices; those of other accounts are left alone.
    pub(crate) fn of(
        accounts: &[AccountRow],
        open: &[Notice],
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let open: BTreeMap<(&str, ConcernKind), &Notice> = open
            .iter()
            .map(|notice| ((notice.account_id.as_str(), notice.kind), notice))
            .collect();
        let mut plan = Self::default();
        for account in accounts {
            for (kind, finding) in findings(account, now)? {
                let notice = open.get(&(account.account_id.as_str(), kind)).copied();
                plan.add(account, finding, notice, now);
            }
        }
        Ok(plan)
    }

    fn add(
        &mut self,
        account: &AccountRow,
        finding: Finding,
        notice: Option<&Notice>,
        now: Timestamp,
    ) {
        let ended = |notice: &Notice, how| Notice {
            resolved: Some((how, now)),
            ..notice.clone()
        };
        match (finding, notice) {
            (Finding::Concern(concern), None) if concern.in_grace => {}
            (Finding::Concern(concern), None) => {
                self.concerns += 1;
                let notice = Notice {
                    account_id: concern.account_id.clone(),
                    kind: concern.kind,
                    cause: concern.cause.clone(),
                    opened_at: now,
                    last_told_at: now,
                    told_times: 1,
                    resolved: None,
                };
                self.opened.push(Told {
                    before: Notice {
                        told_times: 0,
                        ..ended(&notice, Resolution::Untold)
                    },
                    notice,
                    what: concern,
                });
            }
            (Finding::Concern(concern), Some(notice)) => {
                self.concerns += 1;
                let told = Told {
                    notice: Notice {
                        cause: concern.cause.clone(),
                        last_told_at: now,
                        told_times: notice.told_times.saturating_add(1),
                        ..notice.clone()
                    },
                    before: notice.clone(),
                    what: concern,
                };
                if has_worsened(&notice.cause, &told.what.cause) {
                    self.opened.push(told);
                } else if is_due_again(notice, now) {
                    self.still_open.push(told);
                }
            }
            (Finding::Well, Some(notice)) => self.healed.push(Told {
                what: Healed {
                    account_name: account.account_name.clone(),
                },
                before: notice.clone(),
                notice: ended(notice, Resolution::Healed),
            }),
            (Finding::NotWatched, Some(notice)) => {
                self.dropped.push(ended(notice, Resolution::Excluded));
            }
            (Finding::Unknown, Some(_))
            | (Finding::Well | Finding::NotWatched | Finding::Unknown, None) => {}
        }
    }

    /// Whether there is nothing to tell.
    pub(crate) fn is_silent(&self) -> bool {
        self.opened.is_empty() && self.still_open.is_empty() && self.healed.is_empty()
    }

    /// The accounts with a concern of this kind to report.
    pub(crate) fn concerns_of(&self, kind: ConcernKind) -> impl Iterator<Item = &AccountId> {
        let concerns = self.opened.iter().chain(&self.still_open);
        concerns
            .filter(move |told| told.what.kind == kind)
            .map(|told| &told.what.account_id)
    }

    /// What is noted before anything is told: nothing that was not true before.
    pub(crate) fn intent(&self) -> Vec<Notice> {
        let concerns = self.opened.iter().chain(&self.still_open);
        concerns
            .map(|told| &told.before)
            .chain(self.healed.iter().map(|told| &told.before))
            .cloned()
            .collect()
    }

    /// What is noted once all was told.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        let concerns = self.opened.iter().chain(&self.still_open);
        concerns
            .map(|told| &told.notice)
            .chain(self.healed.iter().map(|told| &told.notice))
            .cloned()
            .collect()
    }
}

/// Whether an age has been reached since a concern was last told. Ages that passed meanwhile are told as one.
fn is_due_again(notice: &Notice, now: Timestamp) -> bool {
    let reached = |at: Timestamp| {
        AGES.iter()
            .filter(|age| notice.opened_at + **age <= at)
            .count()
    };
    reached(now) > reached(notice.last_told_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{account, at, hours, set_gap};

    const ID: &str = "111111111111";

    /// Hour, status, reason and gap of the one account.
    type Step = (i64, &'static str, &'static str, &'static str);

    /// What a plan tells, in a word per concern.
    fn words(plan: &Plan) -> String {
        let mut words = Vec::new();
        words.extend(
            plan.opened
                .iter()
                .map(|told| format!("new {}", told.what.cause)),
        );
        words.extend(
            plan.still_open
                .iter()
                .map(|told| format!("still {}", told.what.cause)),
        );
        words.extend(
            plan.healed
                .iter()
                .map(|told| format!("healed {}", told.notice.kind)),
        );
        words.extend(
            plan.dropped
                .iter()
                .map(|notice| format!("dropped {}", notice.kind)),
        );
        words.join(", ")
    }

    /// Lets hours pass over one account, each told at once; what was told, by hour.
    fn story(steps: &[Step]) -> Vec<String> {
        let mut open: Vec<Notice> = Vec::new();
        let mut told = Vec::new();
        for (hour, status, reason, error) in steps {
            let mut row = account(ID, status, reason);
            set_gap(&mut row, error);
            let plan = Plan::of(&[row], &open, at(*hour)).unwrap();
            if !words(&plan).is_empty() {
                told.push(format!("{hour}: {}", words(&plan)));
            }
            for notice in plan.notices().into_iter().chain(plan.dropped) {
                open.retain(|known| known.kind != notice.kind);
                if notice.resolved.is_none() {
                    open.push(notice);
                }
            }
        }
        told
    }

    #[test]
    fn a_concern_is_told_when_it_appears_after_1_7_and_30_days_and_when_it_is_over() {
        let denied = |hour| (hour, "no_access", "denied_after_success", "");
        let mut steps: Vec<Step> = (0..=60 * 24).map(denied).collect();
        steps.push((60 * 24 + 1, "active", "role_works", ""));
        steps.push((60 * 24 + 2, "active", "role_works", ""));
        assert_eq!(
            story(&steps),
            [
                "0: new denied_after_success",
                "24: still denied_after_success",
                "168: still denied_after_success",
                "720: still denied_after_success",
                "1441: healed access"
            ]
        );
    }

    #[test]
    fn transitions() {
        let gap = "cost: throttled: ce:GetCostAndUsage: slow down";
        let other = "tags/eu-west-1: denied: tag:GetResources: no";
        let table: [(&[Step], &[&str]); 9] = [
            // Well from beginning to end.
            (&[(0, "active", "role_works", "")], &[]),
            // Young, then set up: nobody hears of it.
            (
                &[
                    (1, "pending_setup", "not_checked", ""),
                    (20, "pending_setup", "never_set_up", ""),
                    (23, "active", "role_works", ""),
                ],
                &[],
            ),
            // Forgotten, then set up wrongly, then rightly: three answers, three messages.
            (
                &[
                    (24, "pending_setup", "never_set_up", ""),
                    (25, "pending_setup", "propagating", ""),
                    (26, "no_access", "deployed_but_denied", ""),
                    (27, "no_access", "denied_after_success", ""),
                    (28, "active", "role_works", ""),
                ],
                &[
                    "24: new never_set_up",
                    "26: new deployed_but_denied",
                    "28: healed access",
                ],
            ),
            // What was told before the grace of a reinstated account stays told.
            (
                &[
                    (0, "no_access", "deployed_but_denied", ""),
                    (1, "pending_setup", "never_set_up", ""),
                    (2, "active", "role_works", ""),
                ],
                &["0: new deployed_but_denied", "2: healed access"],
            ),
            // Excluded: dropped without a word, and new when it comes back.
            (
                &[
                    (0, "no_access", "deployed_but_denied", ""),
                    (1, "excluded", "excluded_by_operator", ""),
                    (2, "excluded", "excluded_by_operator", ""),
                    (3, "no_access", "deployed_but_denied", ""),
                ],
                &[
                    "0: new deployed_but_denied",
                    "1: dropped access",
                    "3: new deployed_but_denied",
                ],
            ),
            // Another gap of the same account is not told until the next age.
            (
                &[
                    (0, "active", "role_works", gap),
                    (1, "active", "role_works", other),
                    (24, "active", "role_works", other),
                    (25, "active", "role_works", ""),
                ],
                &[
                    "0: new cost: throttled",
                    "24: still tags: denied",
                    "25: healed collecting",
                ],
            ),
            // While an account is dark nobody knows its gaps: they are neither over nor told.
            (
                &[
                    (0, "active", "role_works", gap),
                    (1, "no_access", "denied_after_success", gap),
                    (25, "no_access", "denied_after_success", gap),
                    (26, "active", "role_works", gap),
                    (27, "active", "role_works", ""),
                ],
                &[
                    "0: new cost: throttled",
                    "1: new denied_after_success",
                    "25: still denied_after_success",
                    "26: still cost: throttled, healed access",
                    "27: healed collecting",
                ],
            ),
            // Nobody could be told for ten days: two ages have passed, one message.
            (
                &[
                    (0, "no_access", "deployed_but_denied", ""),
                    (240, "no_access", "deployed_but_denied", ""),
                    (241, "no_access", "deployed_but_denied", ""),
                ],
                &[
                    "0: new deployed_but_denied",
                    "240: still deployed_but_denied",
                ],
            ),
            // A worse cause at the age of a day is told once.
            (
                &[
                    (24, "pending_setup", "never_set_up", ""),
                    (48, "no_access", "deployed_but_denied", ""),
                    (49, "no_access", "deployed_but_denied", ""),
                ],
                &["24: new never_set_up", "48: new deployed_but_denied"],
            ),
        ];
        for (steps, told) in table {
            assert_eq!(story(steps), told, "{steps:?}");
        }
    }

    #[test]
    fn a_notice_keeps_when_it_was_opened_and_counts_how_often_it_was_told() {
        let row = account(ID, "no_access", "deployed_but_denied");
        let first = Plan::of(std::slice::from_ref(&row), &[], at(0)).unwrap();
        let opened = first.notices();
        let again = Plan::of(&[row], &opened, at(0) + hours(24)).unwrap();
        let notice = &again.notices()[0];
        assert_eq!(
            (notice.opened_at, notice.last_told_at, notice.told_times),
            (at(0), at(24), 2)
        );
        assert_eq!((again.concerns, again.is_silent()), (1, false));
    }

    #[test]
    fn the_notices_of_other_accounts_are_left_alone() {
        let dark = account("222222222222", "no_access", "deployed_but_denied");
        let open = Plan::of(&[dark], &[], at(0)).unwrap().notices();
        let plan = Plan::of(&[account(ID, "active", "role_works")], &open, at(99)).unwrap();
        assert_eq!(plan, Plan::default());
    }
}
