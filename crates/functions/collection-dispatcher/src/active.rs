//! The accounts to collect from, and which of them pay. Pure.

use std::collections::{BTreeMap, HashSet};

use polo_core::{AccountId, PoloStatus};
use polo_store::payers::PaidAccount;

/// An account that can be collected from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Active {
    pub(crate) account_id: AccountId,
    /// Whether it pays for an account that is watched.
    pub(crate) pays: bool,
}

/// Those that are active. A payer that is not is told: what it alone can say is missing for all its accounts.
pub(crate) fn active(paid: &[PaidAccount]) -> Vec<Active> {
    let ids: HashSet<&AccountId> = paid
        .iter()
        .filter(|account| account.status == PoloStatus::Active)
        .map(|account| &account.account_id)
        .collect();
    let payers = payers(paid);
    for (payer, accounts) in &payers {
        if payer.is_none_or(|payer| !ids.contains(payer)) {
            tracing::warn!(
                payer.account_id = payer.map(AccountId::as_str),
                accounts,
                "payer not visible: the view v_payers says why"
            );
        }
    }
    paid.iter()
        .map(|account| &account.account_id)
        .filter(|id| ids.contains(id))
        .map(|id| Active {
            account_id: id.clone(),
            pays: payers.contains_key(&Some(id)),
        })
        .collect()
}

/// How many watched accounts each payer pays for; none is the payer that is not known. An account that Polo cannot read has
/// a gap of its own, before anyone asks who pays for it.
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
    fn an_active_account_pays_if_an_account_that_is_watched_names_it() {
        let accounts = [
            paid(1, Works, Some(1)),
            paid(2, Works, Some(3)),
            paid(3, NoAccess, Some(3)),
            paid(4, Works, None),
            paid(5, PendingSetup, Some(4)),
            paid(6, Works, None),
            // A management account is there even if it is excluded, and nobody watches what it pays for.
            paid(7, Excluded, Some(6)),
        ];
        let expected = [(1, true), (2, false), (4, true), (6, false)];
        let expected = expected.map(|(account, pays)| Active {
            account_id: id(account),
            pays,
        });
        assert_eq!(active(&accounts), expected);
        let counts: Vec<_> = payers(&accounts)
            .into_iter()
            .map(|(payer, count)| (payer.cloned(), count))
            .collect();
        let unknown = (None, 2);
        assert_eq!(
            counts,
            [
                unknown,
                (Some(id(1)), 1),
                (Some(id(3)), 2),
                (Some(id(4)), 1)
            ]
        );
    }
}
