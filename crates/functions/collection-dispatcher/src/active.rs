//! The accounts to collect from, and which of them pay. Pure.

use std::collections::BTreeMap;

use polo_core::{AccountId, PoloStatus};
use polo_store::payers::PaidAccount;

/// An account that can be collected from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Active {
    pub(crate) account_id: AccountId,
    /// Whether it pays for an account that is watched.
    pub(crate) pays: bool,
}

/// The active accounts.
pub(crate) fn active(paid: &[PaidAccount]) -> Vec<Active> {
    let payers = payers(paid);
    paid.iter()
        .filter(|account| account.status == PoloStatus::Active)
        .map(|account| Active {
            account_id: account.account_id.clone(),
            pays: payers.contains_key(&Some(&account.account_id)),
        })
        .collect()
}

/// The payers that are not active, each with the number of accounts it pays for. `None` stands for an unknown payer.
pub(crate) fn dark_payers(paid: &[PaidAccount]) -> BTreeMap<Option<&AccountId>, usize> {
    let mut payers = payers(paid);
    for account in paid {
        if account.status == PoloStatus::Active {
            payers.remove(&Some(&account.account_id));
        }
    }
    payers
}

/// The number of watched accounts of each payer. An account that Polo cannot read and whose payer is unknown is left out:
/// it already has a gap of its own.
fn payers(paid: &[PaidAccount]) -> BTreeMap<Option<&AccountId>, usize> {
    let mut payers = BTreeMap::new();
    for account in paid {
        let counts = match account.status {
            PoloStatus::Active => true,
            PoloStatus::NoAccess | PoloStatus::PendingSetup => account.payer.is_some(),
            PoloStatus::Excluded => false,
        };
        if counts {
            *payers.entry(account.payer.as_ref()).or_default() += 1;
        }
    }
    payers
}

#[cfg(test)]
mod tests {
    use PoloStatus::{Active as Works, Excluded, NoAccess, PendingSetup};

    use super::*;

    fn id(last: u32) -> AccountId {
        format!("{last:012}").parse().unwrap()
    }

    fn paid(account: u32, status: PoloStatus, payer: Option<u32>) -> PaidAccount {
        PaidAccount {
            account_id: id(account),
            status,
            payer: payer.map(id),
        }
    }

    #[test]
    fn account_pays_if_a_watched_one_names_it() {
        let accounts = [
            paid(1, Works, Some(1)),
            paid(2, Works, Some(3)),
            paid(3, NoAccess, Some(3)),
            paid(4, Works, None),
            paid(5, PendingSetup, Some(4)),
            paid(6, Works, None),
            // Nothing is collected from an excluded account, so its payer is not asked for it.
            paid(7, Excluded, Some(6)),
        ];
        let expected = [(1, true), (2, false), (4, true), (6, false)];
        let expected = expected.map(|(account, pays)| Active {
            account_id: id(account),
            pays,
        });
        assert_eq!(active(&accounts), expected);
        let dark: Vec<_> = dark_payers(&accounts)
            .into_iter()
            .map(|(payer, count)| (payer.cloned(), count))
            .collect();
        assert_eq!(dark, [(None, 2), (Some(id(3)), 2)]);
    }
}
