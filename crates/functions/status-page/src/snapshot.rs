//! What the lists of accounts are made of, read at once.
//!
//! Invariants: the page's time, by the database's clock, is asked before anything else is read, so that nothing on the
//! page is older than it says; and no text in it moves a cursor or reorders the text beside it.

use std::collections::BTreeMap;

use polo_core::text::printable;
use polo_core::{AccountId, PoloStatus, Timestamp};
use polo_report::counts;
use polo_store::accounts::AccountRow;
use polo_store::coverage::LastListing;
use polo_store::hierarchy::OrganizationNode;
use polo_store::{Store, StoreError};

/// The registry at one moment.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) at: Timestamp,
    pub(crate) accounts: Vec<AccountRow>,
    pub(crate) nodes: Vec<OrganizationNode>,
    pub(crate) listings: Vec<LastListing>,
    pub(crate) counts: BTreeMap<&'static str, usize>,
}

/// What an account needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Polo cannot see it.
    Blocked,
    /// Polo can, and something is missing.
    Gap,
    /// All is there.
    Covered,
    /// Not monitored.
    Excluded,
}

impl Snapshot {
    pub(crate) async fn read(store: &Store) -> Result<Self, StoreError> {
        let at = store.version().await?.at();
        let (accounts, nodes, listings) = tokio::try_join!(
            store.accounts(),
            store.organization_nodes(),
            store.last_listings(),
        )?;
        let mut snapshot = Self::of(at, accounts, nodes, listings)?;
        for account in &mut snapshot.accounts {
            for text in [
                &mut account.account_name,
                &mut account.owner,
                &mut account.last_scan_error,
                &mut account.gap_message,
            ] {
                show(text);
            }
        }
        for node in &mut snapshot.nodes {
            show(&mut node.node_name);
        }
        Ok(snapshot)
    }

    /// From its parts.
    ///
    /// # Errors
    /// Where a row holds a status that this version does not know.
    pub(crate) fn of(
        at: Timestamp,
        accounts: Vec<AccountRow>,
        nodes: Vec<OrganizationNode>,
        listings: Vec<LastListing>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            at,
            counts: counts::by_status(&accounts)?,
            accounts,
            nodes,
            listings,
        })
    }

    /// What an account needs. A status that is none is taken for the worst; [`Snapshot::of`] lets none in.
    pub(crate) fn standing(&self, account: &AccountRow) -> Standing {
        match account.polo_status.parse() {
            Ok(PoloStatus::Excluded) => Standing::Excluded,
            Ok(PoloStatus::Active) => {
                if account.last_scan_error.is_empty() && !account.is_uncovered {
                    Standing::Covered
                } else {
                    Standing::Gap
                }
            }
            Ok(PoloStatus::NoAccess | PoloStatus::PendingSetup) | Err(_) => Standing::Blocked,
        }
    }

    /// An account of the registry.
    pub(crate) fn account(&self, id: &AccountId) -> Option<&AccountRow> {
        let found = self
            .accounts
            .binary_search_by(|account| account.account_id.as_str().cmp(id.as_str()));
        found.ok().and_then(|at| self.accounts.get(at))
    }

    /// The order of lists: what needs attention first, then by name.
    pub(crate) fn rank<'a>(&self, account: &'a AccountRow) -> (Standing, &'a str, &'a str) {
        (
            self.standing(account),
            &account.account_name,
            &account.account_id,
        )
    }

    /// How many accounts stand so.
    pub(crate) fn count(&self, standing: Standing) -> usize {
        self.accounts
            .iter()
            .filter(|account| self.standing(account) == standing)
            .count()
    }
}

/// Escapes what a text could do beyond being read.
pub(crate) fn show(text: &mut String) {
    if let std::borrow::Cow::Owned(shown) = printable(text) {
        *text = shown;
    }
}
