//! `polo accounts exclude`, `include`, `set`. Invariant: everything is validated before anything is written.

use polo_core::organization::OrgState;
use polo_core::{AccountId, PoloStatus, RoleArn, StatusReason, reason_in_words};
use polo_store::Store;
use polo_store::accounts::AccountRow;
use polo_store::settings::Setting;

use crate::cli::account::AccountArg;
use crate::cli::{Exclude, Include, Overrides, RoleOverride, Set};
use crate::commands::accounts::{status_line, title};
use crate::commands::find;
use crate::commands::invoke::payload;
use crate::error::CliError;
use crate::functions::{Functions, VERIFIER};
use crate::output::Text;
use crate::{environment, json, output, when};

pub(crate) async fn exclude(arguments: &Exclude) -> Result<(), CliError> {
    let until = arguments
        .until
        .as_deref()
        .map(|text| when::until(text, environment::now()))
        .transpose();
    let setting = Setting::Excluded {
        reason: arguments.reason.clone(),
        until: until.map_err(CliError::Usage)?,
    };
    let author = environment::author(&arguments.author)?;
    let store = environment::store().await?;
    let id = find::id_in(&store, &arguments.account).await?;
    let before = store.account(&id).await?;
    store.decide(&id, &author, &[setting]).await?;
    let mut notes = Vec::new();
    if before.excluded_by_operator {
        notes.push(replaced(&before));
    }
    if let Some(cause) = lasting_exclusion(&before) {
        notes.push(format!(
            "It stays excluded when this exclusion ends: {cause}."
        ));
    }
    show(&store, &id, &notes, arguments.json).await
}

/// The exclusion that another one takes the place of.
fn replaced(before: &AccountRow) -> String {
    let until = before
        .excluded_until
        .map(|until| format!(" until {}", when::utc(until)))
        .unwrap_or_default();
    format!(
        "This replaces the exclusion by {}{until}: {}",
        before.excluded_by, before.excluded_reason
    )
}

/// Why the account is excluded whatever operators decide, in words.
fn lasting_exclusion(account: &AccountRow) -> Option<&str> {
    if account.polo_status == PoloStatus::Excluded.as_str() && !account.excluded_by_operator {
        return Some(reason_in_words(&account.status_reason));
    }
    // An operator's exclusion hides what the organization says.
    let reason = match OrgState::parse(&account.org_state) {
        OrgState::Suspended => StatusReason::Suspended,
        OrgState::PendingClosure => StatusReason::PendingClosure,
        OrgState::Closed => StatusReason::Closed,
        OrgState::PendingActivation | OrgState::Active | OrgState::Other(_) => return None,
    };
    Some(reason.in_words())
}

pub(crate) async fn include(arguments: &Include) -> Result<(), CliError> {
    let author = environment::author(&arguments.author)?;
    let store = environment::store().await?;
    let id = find::id_in(&store, &arguments.account).await?;
    let before = store.account(&id).await?;
    if !before.excluded_by_operator {
        // An inclusion makes earlier checks count no more: written without need, it would take a working account's
        // status away until the next check.
        if before.status()? == PoloStatus::Excluded {
            return Err(CliError::Failed(format!(
                "{} is excluded ({}), and `include` cannot override this: {}; the account returns when the cause ends",
                title(&before),
                before.status_reason,
                reason_in_words(&before.status_reason)
            )));
        }
        output::complain(format!(
            "nothing to include: no operator has excluded {}",
            title(&before)
        ));
        return show(&store, &id, &[], arguments.json).await;
    }
    let setting = Setting::Included {
        reason: arguments.reason.clone(),
    };
    store.decide(&id, &author, &[setting]).await?;
    if store.account(&id).await?.status()? == PoloStatus::Excluded {
        // Suspended or out of scope as well: there is nothing to check yet.
        return show(&store, &id, &[], arguments.json).await;
    }
    let payload = payload([("account_id", Some(id.as_str().into()))]);
    let checked = match Functions::connect().await {
        Ok(functions) => {
            functions
                .invoke(VERIFIER, &payload, "checking access")
                .await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = checked {
        output::complain(format!(
            "warning: the inclusion is stored, but access could not be checked now; the next regular check comes within \
             five minutes ({})",
            error.sentence()
        ));
    }
    show(&store, &id, &[], arguments.json).await
}

pub(crate) async fn set(arguments: &Set) -> Result<(), CliError> {
    if arguments.overrides.is_empty() {
        return Err(CliError::Usage(
            "nothing to set: give at least one of --role, --owner, --read-role-arn, --action-role-arn".to_owned(),
        ));
    }
    let author = environment::author(&arguments.author)?;
    let (store, id) = open(&arguments.account, &arguments.overrides).await?;
    let settings = settings(&id, &arguments.overrides)?;
    let before = store.account(&id).await?;
    store.decide(&id, &author, &settings).await?;
    let after = store.account(&id).await?;
    let mut notes: Vec<String> = settings
        .iter()
        .filter_map(|setting| confirmation(setting, &before, &after))
        .collect();
    let is_role =
        |setting: &Setting| matches!(setting, Setting::ReadRole(_) | Setting::ActionRole(_));
    if settings.iter().any(is_role) {
        notes.push(format!(
            "The next access check uses the new role; `polo verify --account {id}` checks now."
        ));
    }
    show(&store, &id, &notes, arguments.json).await
}

/// The database and the account's id; a role of another account is refused before the database is asked.
pub(crate) async fn open(
    account: &AccountArg,
    overrides: &Overrides,
) -> Result<(Store, AccountId), CliError> {
    if let AccountArg::Id(id) = account {
        settings(id, overrides)?;
    }
    let store = environment::store().await?;
    let id = find::id_in(&store, account).await?;
    Ok((store, id))
}

/// What was set, and what it was before.
pub(crate) fn confirmation(
    setting: &Setting,
    before: &AccountRow,
    after: &AccountRow,
) -> Option<String> {
    let (what, before, after) = match setting {
        Setting::Owner(_) => ("owner", &before.owner, &after.owner),
        Setting::AccountRole(_) => ("purpose", &before.account_role, &after.account_role),
        Setting::ReadRole(_) => ("read role", &before.polo_read_role, &after.polo_read_role),
        Setting::ActionRole(_) => (
            "action role",
            &before.polo_action_role,
            &after.polo_action_role,
        ),
        Setting::Excluded { .. } | Setting::Included { .. } => return None,
    };
    let shown = |value: &str| match value {
        "" => "none".to_owned(),
        value => value.to_owned(),
    };
    Some(if before == after {
        format!("The {what} is unchanged: {}.", shown(after))
    } else {
        format!(
            "The {what} is now {} (before: {}).",
            shown(after),
            shown(before)
        )
    })
}

async fn show(
    store: &Store,
    account: &AccountId,
    notes: &[String],
    as_json: bool,
) -> Result<(), CliError> {
    let row = store.account(account).await?;
    if as_json {
        let resources = store.resource_counts().await?;
        let resources = resources.get(account.as_str()).copied().unwrap_or_default();
        return output::print_json(&json::Account::new(&row, resources));
    }
    let mut text = Text::default();
    for note in notes {
        text.line(note);
    }
    text.line(status_line(&row));
    output::print(text)
}

/// The decisions that the options amount to.
pub(crate) fn settings(
    account: &AccountId,
    overrides: &Overrides,
) -> Result<Vec<Setting>, CliError> {
    let mut settings = Vec::new();
    if let Some(role) = &overrides.role {
        settings.push(Setting::AccountRole(role.clone()));
    }
    if let Some(owner) = &overrides.owner {
        settings.push(Setting::Owner(owner.clone()));
    }
    if let Some(role) = &overrides.read_role_arn {
        settings.push(Setting::ReadRole(of_account(
            account,
            "--read-role-arn",
            role,
        )?));
    }
    if let Some(role) = &overrides.action_role_arn {
        settings.push(Setting::ActionRole(of_account(
            account,
            "--action-role-arn",
            role,
        )?));
    }
    Ok(settings)
}

/// A role in another account would show that account's resources as this one's.
fn of_account(
    account: &AccountId,
    option: &str,
    role: &RoleOverride,
) -> Result<Option<RoleArn>, CliError> {
    match role {
        RoleOverride::Default => Ok(None),
        RoleOverride::Arn(arn) if arn.account_id() == account => Ok(Some(arn.clone())),
        RoleOverride::Arn(arn) => Err(CliError::Usage(format!(
            "{option} {arn} is a role of account {}, not of {account}: give the ARN of a role in {account}",
            arn.account_id()
        ))),
    }
}

/// What stands in the way of checking an excluded account.
pub(crate) fn refuse_excluded(account: &AccountRow) -> Result<(), CliError> {
    if account.status()? != PoloStatus::Excluded {
        return Ok(());
    }
    let fix = if account.excluded_by_operator {
        format!(
            "include it first with `polo accounts include {} --reason …`",
            account.account_id
        )
    } else {
        "the account returns when the cause ends".to_owned()
    };
    Err(CliError::Failed(format!("{}: {fix}", status_line(account))))
}
