//! How many accounts need attention in all, as the status page counts them. Pure.

use polo_core::text::counted;
use polo_core::{PoloStatus, Timestamp};
use polo_store::StoreError;
use polo_store::accounts::AccountRow;

use crate::concerns::{SETUP_GRACE, is_in_grace};

/// The counts of one moment, and how many of them no message names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Accounts that Polo cannot see.
    not_visible: usize,
    /// Those that are too young to report.
    in_grace: usize,
    /// Active accounts with a gap, or without a recent complete scan.
    with_gaps: usize,
    /// Those without a gap.
    only_late: usize,
}

impl Totals {
    /// The counts of all accounts.
    pub(crate) fn of(accounts: &[AccountRow], now: Timestamp) -> Result<Self, StoreError> {
        let mut totals = Self::default();
        for account in accounts {
            match account.status()? {
                PoloStatus::Excluded => {}
                PoloStatus::NoAccess => totals.not_visible += 1,
                PoloStatus::PendingSetup => {
                    totals.not_visible += 1;
                    totals.in_grace += usize::from(is_in_grace(account, now));
                }
                PoloStatus::Active if account.gap().is_some() => totals.with_gaps += 1,
                PoloStatus::Active => {
                    totals.with_gaps += usize::from(account.is_uncovered);
                    totals.only_late += usize::from(account.is_uncovered);
                }
            }
        }
        Ok(totals)
    }

    /// The counts in a sentence, with what messages leave out.
    pub(crate) fn in_words(&self) -> String {
        let mut left_out = Vec::new();
        if self.in_grace > 0 {
            left_out.push(format!(
                "{} discovered less than {} hours ago",
                self.in_grace,
                SETUP_GRACE.num_hours()
            ));
        }
        if self.only_late > 0 {
            left_out.push(format!("{} without a recent complete scan", self.only_late));
        }
        let mut text = format!(
            "In all: {} not visible, {} with gaps",
            counted(self.not_visible, "account"),
            self.with_gaps
        );
        if !left_out.is_empty() {
            text.push_str(&format!(". Not reported: {}", left_out.join(", ")));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{account, at, set_gap};

    #[test]
    fn totals_say_what_messages_leave_out() {
        let mut accounts = [
            account("000000000001", "no_access", "deployed_but_denied"),
            account("000000000002", "pending_setup", "never_set_up"),
            account("000000000003", "active", "role_works"),
            account("000000000004", "active", "role_works"),
            account("000000000005", "active", "role_works"),
            account("000000000006", "excluded", "suspended"),
        ];
        set_gap(&mut accounts[2], "tags: denied: tag:GetResources: no");
        for late in [0, 2, 3] {
            accounts[late].is_uncovered = true;
        }
        let words = |hour| Totals::of(&accounts, at(hour)).unwrap().in_words();
        assert_eq!(
            words(1),
            "In all: 2 accounts not visible, 2 with gaps. Not reported: 1 discovered less than 24 hours ago, 1 without a \
             recent complete scan"
        );
        assert_eq!(
            words(24),
            "In all: 2 accounts not visible, 2 with gaps. Not reported: 1 without a recent complete scan"
        );
        assert_eq!(
            Totals::default().in_words(),
            "In all: 0 accounts not visible, 0 with gaps"
        );
    }
}
