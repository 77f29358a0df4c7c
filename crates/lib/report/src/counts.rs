//! How many accounts each status has. Invariant: all four are named, so that programs need not know which may be missing.

use std::collections::BTreeMap;

use polo_core::PoloStatus;
use polo_store::StoreError;
use polo_store::accounts::AccountRow;

/// The statuses in the order in which people are told of them: what needs somebody first.
pub const STATUSES: [PoloStatus; 4] = [
    PoloStatus::NoAccess,
    PoloStatus::PendingSetup,
    PoloStatus::Active,
    PoloStatus::Excluded,
];

/// Accounts by status.
///
/// # Errors
/// Where a row holds a status that this version does not know.
pub fn by_status(accounts: &[AccountRow]) -> Result<BTreeMap<&'static str, usize>, StoreError> {
    let mut counts: BTreeMap<&'static str, usize> =
        STATUSES.iter().map(|status| (status.as_str(), 0)).collect();
    for account in accounts {
        *counts.entry(account.status()?.as_str()).or_default() += 1;
    }
    Ok(counts)
}
