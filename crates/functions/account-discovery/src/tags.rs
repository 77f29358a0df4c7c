//! Account tags: one call per account, so a new account's at once and of the others one in twenty-four each hour.

use chrono::Timelike;
use polo_aws::OrganizationReader;
use polo_core::organization::OrgAccount;
use polo_core::{AccountId, ErrorClass, Version};
use polo_runtime::{Context, FunctionError};

/// Calls per run at most: beyond them an account's turn comes with its hour.
const CALLS_PER_RUN: usize = 500;

/// Reads and stores the tags of accounts whose tags are wanted now, and of those of `accounts` whose turn it is; a call
/// that fails leaves the tags as they were.
pub(crate) async fn read(
    context: &Context,
    reader: &OrganizationReader,
    version: Version,
    wanted: &[&AccountId],
    accounts: &[OrgAccount],
) -> Result<usize, FunctionError> {
    let now = context.clock.now();
    let due = accounts
        .iter()
        .map(|account| &account.id)
        .filter(|id| is_turn(id, now.hour()) && !wanted.contains(id));
    let chosen: Vec<AccountId> = wanted
        .iter()
        .copied()
        .chain(due)
        .take(CALLS_PER_RUN)
        .cloned()
        .collect();
    let mut read = Vec::new();
    for account_id in chosen {
        match reader.list_tags(&account_id).await {
            Ok(tags) => read.push((account_id, tags.into_iter().collect())),
            Err(failure) => {
                tracing::warn!(account.id = %account_id, error = %failure, "tags could not be read");
                // Only an account that has just left is trouble of its own. After anything else the next answer would
                // be the same, and each would be waited for as long.
                if failure.class != ErrorClass::NotFound {
                    break;
                }
            }
        }
    }
    context
        .store
        .write_account_tags(version, now, &read)
        .await?;
    Ok(read.len())
}

/// Whether an account's turn is in this hour of the day: spread evenly by its digits.
fn is_turn(account_id: &AccountId, hour: u32) -> bool {
    let sum = account_id.as_str().bytes().fold(0_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    sum % 24 == hour
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_has_one_turn_a_day_and_turns_are_spread() {
        let mut per_hour = [0_u32; 24];
        for n in 0..2_400 {
            let id: AccountId = format!("{:012}", n * 7_919).parse().unwrap();
            let turns: Vec<u32> = (0..24).filter(|hour| is_turn(&id, *hour)).collect();
            assert_eq!(turns.len(), 1);
            per_hour[turns[0] as usize] += 1;
        }
        assert!(
            per_hour
                .iter()
                .all(|accounts| (50..=200).contains(accounts)),
            "{per_hour:?}"
        );
    }
}
