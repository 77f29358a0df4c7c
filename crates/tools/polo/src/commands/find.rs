//! Accounts by their names. Invariant: a name stands for exactly one account, else nothing is done; an id asks nothing.

use polo_core::AccountId;
use polo_core::text::{printable, quoted};
use polo_store::Store;
use polo_store::accounts::AccountRow;

use crate::cli::account::AccountArg;
use crate::environment;
use crate::error::CliError;

/// What errors list at most.
const CANDIDATES: usize = 5;
/// Names that are less alike than this are no candidates.
const ALIKE: f64 = 0.8;

/// The account's id; the database is asked only about a name.
pub(crate) async fn id(account: &AccountArg) -> Result<AccountId, CliError> {
    match account {
        AccountArg::Id(id) => Ok(id.clone()),
        AccountArg::Name(_) => id_in(&environment::store().await?, account).await,
    }
}

/// The id of an account that may be left out.
pub(crate) async fn optional_id(
    account: Option<&AccountArg>,
) -> Result<Option<AccountId>, CliError> {
    match account {
        Some(account) => Ok(Some(id(account).await?)),
        None => Ok(None),
    }
}

/// The account's id, looked up in a database that is at hand.
pub(crate) async fn id_in(store: &Store, account: &AccountArg) -> Result<AccountId, CliError> {
    match account {
        AccountArg::Id(id) => Ok(id.clone()),
        AccountArg::Name(name) => by_name(name, &store.accounts().await?),
    }
}

fn by_name(name: &str, accounts: &[AccountRow]) -> Result<AccountId, CliError> {
    let own: Vec<&AccountRow> = accounts
        .iter()
        .filter(|account| account.account_name == name)
        .collect();
    match own.as_slice() {
        [account] => Ok(account.id()?),
        [] => Err(CliError::Failed(unknown(name, accounts))),
        several => Err(CliError::Failed(format!(
            "{} accounts are called {}: give the id of one of {}",
            several.len(),
            quoted(name),
            list(several, |account| format!(
                "{} ({})",
                account.account_id, account.polo_status
            ))
        ))),
    }
}

fn unknown(name: &str, accounts: &[AccountRow]) -> String {
    let wanted = name.to_lowercase();
    let mut alike: Vec<(f64, &AccountRow)> = accounts
        .iter()
        .map(|account| {
            let name = account.account_name.to_lowercase();
            let part = name.contains(&wanted) && !wanted.is_empty();
            let likeness = strsim::jaro_winkler(&wanted, &name);
            (if part { likeness.max(ALIKE) } else { likeness }, account)
        })
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let alike: Vec<&AccountRow> = alike.into_iter().map(|(_, account)| account).collect();
    let name = quoted(name);
    if alike.is_empty() {
        return format!(
            "no account is called {name}: `polo accounts list` shows all names, or give the account's 12 digits"
        );
    }
    format!(
        "no account is called {name}: did you mean {}?",
        list(&alike, |account| format!(
            "{} ({})",
            printable(&account.account_name),
            account.account_id
        ))
    )
}

/// The first few, joined by commas.
fn list(accounts: &[&AccountRow], show: impl Fn(&AccountRow) -> String) -> String {
    let shown: Vec<String> = accounts
        .iter()
        .take(CANDIDATES)
        .map(|account| show(account))
        .collect();
    let shown = shown.join(", ");
    match accounts.len().saturating_sub(CANDIDATES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
