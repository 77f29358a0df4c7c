//! `polo discover`, `verify`, `dispatch`, `collect`, `roles deploy`: the functions' manual payloads, sent and their answers
//! shown.
//!
//! Invariants: the payload holds what was asked for and nothing else, a field left out means all; what did not happen is
//! exit code 1, with `--json` too.

use std::process::ExitCode;
use std::time::Duration;

use polo_core::AccountId;
use serde_json::{Map, Value};

use crate::cli::account::AccountArg;
use crate::cli::{Collect, Discover, Dispatch, Verify};
use crate::commands::answer::{self, Answer};
use crate::commands::{find, wait};
use crate::error::CliError;
use crate::functions::{DISCOVERY, DISPATCHER, Functions, PROVISIONER, VERIFIER};
use crate::table::Screen;
use crate::{environment, output};

pub(crate) async fn discover(arguments: &Discover) -> Result<ExitCode, CliError> {
    let account = find::optional_id(arguments.account.as_ref()).await?;
    let payload = payload([
        ("account_id", id(account.as_ref())),
        (
            "accept_removals",
            arguments.accept_removals.map(Value::from),
        ),
    ]);
    let answer = ask(DISCOVERY, &payload, "discovering accounts").await?;
    let told = answer::discovery(&answer, arguments.accept_removals);
    show(&answer, told, arguments.json)
}

pub(crate) async fn verify(arguments: &Verify) -> Result<ExitCode, CliError> {
    let account = find::optional_id(arguments.account.as_ref()).await?;
    let payload = payload([("account_id", id(account.as_ref()))]);
    let answer = ask(VERIFIER, &payload, "checking access").await?;
    show(&answer, answer::verification(&answer), arguments.json)
}

pub(crate) async fn dispatch(arguments: &Dispatch) -> Result<ExitCode, CliError> {
    let account = find::optional_id(arguments.account.as_ref()).await?;
    let payload = payload([
        ("account_id", id(account.as_ref())),
        ("collector", arguments.collector.as_deref().map(Value::from)),
    ]);
    // Runs that nobody could wait for are not asked for.
    let store = match arguments.wait {
        true => Some(environment::store().await?),
        false => None,
    };
    let mut answer = ask(DISPATCHER, &payload, "dispatching").await?;
    let told = answer::dispatched(&answer);
    let Some(store) = store.filter(|_| told.as_ref().is_some_and(|told| !told.is_short)) else {
        return show(&answer, told, arguments.json);
    };
    let limit = Duration::from_secs(arguments.wait_seconds.into());
    let ended = wait::for_runs(&store, &answer, limit).await?;
    if arguments.json {
        answer["runs"] = ended.json()?;
    }
    let told = told.map(|mut told| {
        told.text.append(&ended.text(Screen::of_process()));
        Answer {
            is_short: ended.is_short(),
            ..told
        }
    });
    show(&answer, told, arguments.json)
}

pub(crate) async fn collect(arguments: &Collect) -> Result<ExitCode, CliError> {
    let account = find::id(&arguments.account).await?;
    let regions = (!arguments.regions.is_empty()).then(|| Value::from(arguments.regions.clone()));
    let payload = payload([("account_id", id(Some(&account))), ("regions", regions)]);
    let doing = format!("collecting {} in {account}", arguments.collector);
    let answer = ask(&arguments.collector, &payload, &doing).await?;
    show(&answer, answer::collected(&answer), arguments.json)
}

pub(crate) async fn provision(
    account: Option<&AccountArg>,
    as_json: bool,
) -> Result<ExitCode, CliError> {
    let account = find::optional_id(account).await?;
    let payload = payload([("account_id", id(account.as_ref()))]);
    let answer = ask(PROVISIONER, &payload, "asking for roles").await?;
    show(&answer, answer::provisioned(&answer), as_json)
}

fn id(account: Option<&AccountId>) -> Option<Value> {
    account.map(|account| account.as_str().into())
}

async fn ask(function: &str, payload: &Value, doing: &str) -> Result<Value, CliError> {
    Functions::connect()
        .await?
        .invoke(function, payload, doing)
        .await
}

/// Prints an answer; the exit code says whether it is what was asked for.
fn show(answer: &Value, told: Option<Answer>, as_json: bool) -> Result<ExitCode, CliError> {
    if as_json || told.is_none() {
        output::print_json(answer)?;
    }
    let Some(told) = told else {
        return Err(CliError::Failed(
            "the function's answer has a form that this version does not know: use the polo of the release that is deployed"
                .to_owned(),
        ));
    };
    if !as_json {
        output::print(told.text)?;
    }
    Ok(match told.is_short {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

/// The manual payload of a function.
pub(crate) fn payload<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect::<Map<_, _>>())
}
