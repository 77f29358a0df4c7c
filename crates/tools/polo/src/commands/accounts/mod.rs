//! `polo accounts …`: the registry shown, and operators' decisions stored.
//!
//! Invariant: a decision is a row of `account_settings` and nothing else; the status is read back from `v_accounts`,
//! never computed here.

mod activate;
mod decide;
mod list;
mod show;

use std::process::ExitCode;

use polo_store::accounts::AccountRow;

use crate::cli::Accounts;
use crate::error::CliError;
use crate::when;

pub(crate) async fn run(command: Accounts) -> Result<ExitCode, CliError> {
    match command {
        Accounts::List(arguments) => list::run(&arguments).await?,
        Accounts::Show(arguments) => show::run(&arguments).await?,
        Accounts::Exclude(arguments) => decide::exclude(&arguments).await?,
        Accounts::Include(arguments) => decide::include(&arguments).await?,
        Accounts::Set(arguments) => decide::set(&arguments).await?,
        Accounts::Activate(arguments) => return activate::run(&arguments).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// `123456789012 (prod) is excluded (excluded_by_operator) until 2027-01-31 00:00 UTC: sold`.
fn status_line(account: &AccountRow) -> String {
    let mut line = format!(
        "{} is {} ({})",
        title(account),
        account.polo_status,
        account.status_reason
    );
    if account.excluded_by_operator {
        if let Some(until) = account.excluded_until {
            line.push_str(&format!(" until {}", when::utc(until)));
        }
        line.push_str(&format!(": {}", account.excluded_reason));
    }
    line
}

/// The account's id, with its name where it has one.
fn title(account: &AccountRow) -> String {
    if account.account_name.is_empty() || account.account_name == account.account_id {
        account.account_id.clone()
    } else {
        format!("{} ({})", account.account_id, account.account_name)
    }
}
