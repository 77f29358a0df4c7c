//! Everything that is known of one account. Invariant: no free text in it is longer than an answer has room for.

use std::borrow::Cow;

use polo_core::text::clip;
use polo_core::{AccountId, Timestamp};
use polo_report::history::AccountHistory;
use polo_store::accounts::{AccountDetails, AccountRow};
use polo_store::{Store, StoreError};

use crate::budget::TEXT_CHARACTERS;
use crate::snapshot::show;

/// One account at one moment.
pub(crate) struct Known {
    pub(crate) at: Timestamp,
    pub(crate) account: AccountRow,
    pub(crate) details: AccountDetails,
    pub(crate) history: AccountHistory,
    /// How many resources are there now.
    pub(crate) resources: u64,
}

impl Known {
    /// Reads it.
    pub(crate) async fn read(store: &Store, id: &AccountId) -> Result<Self, StoreError> {
        let at = store.version().await?.at();
        let (account, details, history, resources) = tokio::try_join!(
            store.account(id),
            store.account_details(id),
            AccountHistory::read(store, id),
            store.resource_counts(),
        )?;
        let mut known = Self {
            at,
            account,
            details,
            history,
            resources: resources.get(id.as_str()).copied().unwrap_or_default(),
        };
        for text in known.texts() {
            if let Cow::Owned(cut) = clip(text, TEXT_CHARACTERS) {
                *text = cut;
            }
        }
        Ok(known)
    }

    /// The same for people: no text in it moves a cursor or reorders the text beside it.
    pub(crate) fn printable(mut self) -> Self {
        for text in self.texts() {
            show(text);
        }
        for (key, value) in &mut self.account.tags {
            show(key);
            show(value);
        }
        self
    }

    fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let account = &mut self.account;
        let history = &mut self.history;
        [
            &mut account.account_name,
            &mut account.account_email,
            &mut account.account_role,
            &mut account.owner,
            &mut account.excluded_by,
            &mut account.excluded_reason,
            &mut account.stack_status_reason,
            &mut account.last_check_message,
            &mut account.last_scan_error,
            &mut account.gap_message,
        ]
        .into_iter()
        .chain(
            history
                .settings
                .iter_mut()
                .flat_map(|setting| [&mut setting.value, &mut setting.reason, &mut setting.author]),
        )
        .chain(history.checks.iter_mut().map(|check| &mut check.message))
        .chain(
            history
                .runs
                .iter_mut()
                .filter_map(|run| Some(&mut run.end.as_mut()?.reason)),
        )
        .chain(
            history
                .places
                .iter_mut()
                .filter_map(|place| place.result.outcome.message_mut()),
        )
    }
}
