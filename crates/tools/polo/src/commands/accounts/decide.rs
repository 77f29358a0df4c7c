//! `polo accounts exclude`, `include`, `set`. Invariant: everything is validated before anything is written.

use polo_core::{AccountId, PoloStatus, RoleArn};
use polo_store::Store;
use polo_store::settings::Setting;

use crate::cli::{Exclude, Include, Overrides, RoleOverride, Set};
use crate::commands::accounts::{print_status, status_line, title};
use crate::commands::invoke::payload;
use crate::error::CliError;
use crate::functions::{Functions, VERIFIER};
use crate::{environment, when};

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
    store
        .decide(&arguments.account, &author, &[setting])
        .await?;
    show(&store, &arguments.account, arguments.json).await
}

pub(crate) async fn include(arguments: &Include) -> Result<(), CliError> {
    let author = environment::author(&arguments.author)?;
    let store = environment::store().await?;
    let before = store.account(&arguments.account).await?;
    if !before.excluded_by_operator {
        // An inclusion makes earlier checks count no more: written without need, it would take a working account's
        // status away until the next check.
        if before.status()? == PoloStatus::Excluded {
            return Err(CliError::Failed(format!(
                "{} is excluded because of its organization ({}), which no operator lifts: it comes back by itself \
                 when that no longer holds",
                title(&before),
                before.status_reason
            )));
        }
        eprintln!(
            "polo: nothing to include, no exclusion of {} is in force",
            title(&before)
        );
        return show(&store, &arguments.account, arguments.json).await;
    }
    let setting = Setting::Included {
        reason: arguments.reason.clone(),
    };
    store
        .decide(&arguments.account, &author, &[setting])
        .await?;
    if store.account(&arguments.account).await?.status()? == PoloStatus::Excluded {
        // Suspended or out of scope as well: there is nothing to check yet.
        return show(&store, &arguments.account, arguments.json).await;
    }
    let payload = payload([("account_id", Some(arguments.account.as_str().into()))]);
    let checked = match Functions::connect().await {
        Ok(functions) => {
            functions
                .invoke(VERIFIER, &payload, "checking access")
                .await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = checked {
        eprintln!(
            "polo: warning: the inclusion is stored, but access could not be checked now; the next regular check does \
             it within five minutes ({})",
            error.sentence()
        );
    }
    show(&store, &arguments.account, arguments.json).await
}

pub(crate) async fn set(arguments: &Set) -> Result<(), CliError> {
    let settings = settings(&arguments.account, &arguments.overrides)?;
    if settings.is_empty() {
        return Err(CliError::Usage(
            "nothing to set: give at least one of --role, --owner, --read-role-arn, --action-role-arn".to_owned(),
        ));
    }
    let author = environment::author(&arguments.author)?;
    let store = environment::store().await?;
    store.decide(&arguments.account, &author, &settings).await?;
    show(&store, &arguments.account, arguments.json).await
}

async fn show(store: &Store, account: &AccountId, as_json: bool) -> Result<(), CliError> {
    let row = store.account(account).await?;
    let resources = if as_json {
        store.resource_counts().await?
    } else {
        Default::default()
    };
    print_status(
        &row,
        resources.get(account.as_str()).copied().unwrap_or_default(),
        as_json,
    )
}

/// The decisions that the options amount to.
pub(crate) fn settings(
    account: &AccountId,
    overrides: &Overrides,
) -> Result<Vec<Setting>, CliError> {
    let mut settings = Vec::new();
    if let Some(role) = &overrides.role {
        settings.push(Setting::AccountRole(role.trim().to_owned()));
    }
    if let Some(owner) = &overrides.owner {
        settings.push(Setting::Owner(owner.trim().to_owned()));
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
pub(crate) fn refuse_excluded(account: &polo_store::accounts::AccountRow) -> Result<(), CliError> {
    if account.status()? != PoloStatus::Excluded {
        return Ok(());
    }
    let fix = if account.excluded_by_operator {
        format!(
            "include it first with `polo accounts include {} --reason …`",
            account.account_id
        )
    } else {
        "it comes back by itself when that no longer holds".to_owned()
    };
    Err(CliError::Failed(format!("{}: {fix}", status_line(account))))
}
