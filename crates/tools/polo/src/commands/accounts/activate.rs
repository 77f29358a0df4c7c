//! `polo accounts activate`: overrides are stored, then access is checked. Invariant: the status is what the check
//! makes of it, nothing is forced; anything but `active` is exit code 1.

use std::process::ExitCode;

use polo_core::{PoloStatus, RoleKind};
use polo_store::accounts::AccountRow;
use polo_store::checks::AccessCheck;
use serde::Serialize;

use crate::cli::Activate;
use crate::commands::accounts::{decide, status_line};
use crate::commands::invoke::payload;
use crate::error::CliError;
use crate::functions::{Functions, VERIFIER};
use crate::output::Text;
use crate::{environment, json, output};

/// Enough to hold both roles' checks of this invocation.
const CHECKS: u32 = 10;

#[derive(Debug, Serialize)]
struct Activation<'a> {
    account: json::Account<'a>,
    checks: Vec<json::Check<'a>>,
}

pub(crate) async fn run(arguments: &Activate) -> Result<ExitCode, CliError> {
    let author = environment::author(&arguments.author)?;
    let (store, id) = &decide::open(&arguments.account, &arguments.overrides).await?;
    let settings = decide::settings(id, &arguments.overrides)?;
    let before = store.account(id).await?;
    decide::refuse_excluded(&before)?;
    let functions = Functions::connect().await?;
    if !settings.is_empty() {
        store.decide(id, &author, &settings).await?;
    }
    let earlier: Vec<_> = store
        .access_history(id, CHECKS)
        .await?
        .iter()
        .map(|check| check.check_id)
        .collect();
    let payload = payload([("account_id", Some(id.as_str().into()))]);
    let answer = functions
        .invoke(VERIFIER, &payload, &format!("checking access to {id}"))
        .await;
    if let (Err(error), false) = (&answer, settings.is_empty()) {
        return Err(CliError::Failed(format!(
            "the overrides are stored, but access was not checked: {}",
            error.sentence()
        )));
    }
    answer?;

    let account = store.account(id).await?;
    let mut checks = store.access_history(id, CHECKS).await?;
    checks.retain(|check| !earlier.contains(&check.check_id));
    if arguments.json {
        let resources = store
            .resource_counts()
            .await?
            .get(id.as_str())
            .copied()
            .unwrap_or_default();
        output::print_json(&Activation {
            account: json::Account::new(&account, resources),
            checks: checks.iter().map(json::Check::new).collect(),
        })?;
    } else {
        let confirmations = settings
            .iter()
            .filter_map(|setting| decide::confirmation(setting, &before, &account));
        output::print(summary(confirmations, &account, &checks))?;
    }
    Ok(if account.status()? == PoloStatus::Active {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What was set, the verdicts just reached, and what the account's status is now.
fn summary(
    confirmations: impl Iterator<Item = String>,
    account: &AccountRow,
    checks: &[AccessCheck],
) -> Text {
    let mut text = Text::default();
    for confirmation in confirmations {
        text.line(confirmation);
    }
    for check in checks {
        text.line(verdict(check));
    }
    if !checks.iter().any(|check| check.role == RoleKind::Read) {
        text.line("The verifier recorded no check of the read role.");
    }
    text.line(status_line(account));
    if account.status_reason == "denial_not_confirmed" {
        text.line("The denial counts once another check confirms it, some minutes from now.");
    }
    text
}

fn verdict(check: &AccessCheck) -> String {
    let role = match check.role {
        RoleKind::Read => "Read role",
        RoleKind::Action => "Action role",
    };
    let mut line = format!("{role} {}: {}", check.role_arn, check.verdict);
    if !check.error_class.is_empty() {
        line.push_str(&format!(
            " ({}: {}: {})",
            check.error_class, check.error_code, check.message
        ));
    }
    line
}
