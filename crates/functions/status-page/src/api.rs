//! The same for programs. Invariant: a list that does not fit into one answer is cut between accounts and says where the
//! next page begins (`next`, absent on the last): give it as `after`. An account that does not fit leaves out the targets of
//! its oldest runs.

use std::collections::BTreeMap;

use polo_core::{AccountId, Timestamp};
use polo_report::counts;
use polo_report::json::{Account, AccountList, WholeAccount};
use polo_store::accounts::AccountRow;
use polo_store::{Store, StoreError};
use serde::Serialize;

use crate::answer::{Answer, json_text};
use crate::budget::{ANSWER_BYTES_AT_MOST, json_bytes};
use crate::filter::Filter;
use crate::known::Known;
use crate::snapshot::{Snapshot, Standing};

/// What surrounds a list: counts, and the answer's frame.
const FRAME_BYTES: usize = 2_000;

/// The answer of `/api/coverage`: `uncovered` has the accounts of the view `v_account_coverage`.
#[derive(Debug, Serialize)]
struct Coverage<'a> {
    as_of: Timestamp,
    accounts: usize,
    counts: BTreeMap<&'static str, usize>,
    /// Monitored accounts that Polo cannot see.
    not_visible: usize,
    /// Accounts that it sees, where something is missing or late.
    with_gaps: usize,
    uncovered: &'a [UncoveredAccount<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

/// An account without visibility, as the view shows it.
#[derive(Debug, Serialize)]
struct UncoveredAccount<'a> {
    account_id: &'a str,
    account_name: &'a str,
    polo_status: &'a str,
    last_scan_error: &'a str,
    /// Hours since its last complete scan, as ClickHouse counts them: full hours of the clock. None if it never had one.
    hours_since_scan: Option<i64>,
}

impl<'a> UncoveredAccount<'a> {
    fn of(account: &'a AccountRow, at: Timestamp) -> Self {
        let hour = |at: Timestamp| at.timestamp().div_euclid(3_600);
        Self {
            account_id: &account.account_id,
            account_name: &account.account_name,
            polo_status: &account.polo_status,
            last_scan_error: &account.last_scan_error,
            hours_since_scan: account
                .last_successful_scan
                .map(|scan| hour(at) - hour(scan)),
        }
    }
}

pub(crate) async fn coverage(
    store: &Store,
    after: Option<&AccountId>,
) -> Result<Answer, StoreError> {
    let at = store.version().await?.at();
    let snapshot = Snapshot::of(at, store.accounts().await?, Vec::new(), Vec::new())?;
    let rest: Vec<UncoveredAccount<'_>> = snapshot
        .accounts
        .iter()
        .filter(|account| account.is_uncovered)
        .filter(|account| after.is_none_or(|after| account.account_id.as_str() > after.as_str()))
        .map(|account| UncoveredAccount::of(account, at))
        .collect();
    let fitting = fitting(rest.iter());
    Ok(Answer::json(
        200,
        &Coverage {
            as_of: at,
            accounts: snapshot.accounts.len(),
            counts: snapshot.counts.clone(),
            not_visible: snapshot.count(Standing::Blocked),
            with_gaps: snapshot.count(Standing::Gap),
            uncovered: rest.get(..fitting).unwrap_or(&rest),
            next: next(&rest, fitting, |row| row.account_id),
        },
    ))
}

pub(crate) async fn accounts(
    store: &Store,
    filter: &Filter,
    after: Option<&AccountId>,
) -> Result<Answer, StoreError> {
    let (all, resources) = tokio::try_join!(store.accounts(), store.resource_counts())?;
    let counts = counts::by_status(&all)?;
    let chosen: Vec<&AccountRow> = all
        .iter()
        .filter(|row| after.is_none_or(|after| row.account_id.as_str() > after.as_str()))
        .filter(|row| filter.selects(row))
        .collect();
    let shape = |row: &&'_ AccountRow| resources.get(&row.account_id).copied().unwrap_or_default();
    let fitting = fitting(chosen.iter().map(|row| Account::new(row, shape(row))));
    let page = chosen
        .iter()
        .take(fitting)
        .map(|row| Account::new(row, shape(row)))
        .collect();
    let next = next(&chosen, fitting, |row| row.account_id.as_str());
    Ok(Answer::json(200, &AccountList::page(page, counts, next)))
}

pub(crate) async fn account(store: &Store, id: &AccountId) -> Result<Answer, StoreError> {
    let known = Known::read(store, id).await?;
    let mut whole = WholeAccount::new(&known.account, &known.details, known.resources)
        .with_history(&known.history, known.at);
    let mut answer = Answer::json(200, &whole);
    while json_bytes(&answer.body) > ANSWER_BYTES_AT_MOST && whole.drop_oldest_targets() {
        answer = Answer::json(200, &whole);
    }
    Ok(answer)
}

/// How many of these fit into one answer: one at least, or a list would never end.
fn fitting<T: Serialize>(items: impl Iterator<Item = T>) -> usize {
    let mut bytes = FRAME_BYTES;
    let mut count = 0;
    for item in items {
        bytes += json_bytes(&json_text(&item)) + 1;
        if count > 0 && bytes > ANSWER_BYTES_AT_MOST {
            break;
        }
        count += 1;
    }
    count
}

/// The last of those that fit, where more follow.
fn next<'a, T>(items: &'a [T], fitting: usize, id: impl Fn(&'a T) -> &'a str) -> Option<&'a str> {
    (fitting < items.len())
        .then(|| items.get(fitting.saturating_sub(1)))
        .flatten()
        .map(id)
}
