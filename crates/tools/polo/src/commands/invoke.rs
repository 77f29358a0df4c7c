//! `polo discover`, `verify`, `dispatch`, `collect`, `roles deploy`: the functions' manual payloads, sent and their answers shown.
//!
//! Invariant: the payload holds what was asked for and nothing else; a field left out means all.

use polo_core::AccountId;
use serde_json::{Map, Value};

use crate::cli::{Collect, Discover, Dispatch, Verify};
use crate::commands::answer;
use crate::error::CliError;
use crate::functions::{DISCOVERY, DISPATCHER, Functions, PROVISIONER, VERIFIER};
use crate::output;
use crate::table::Screen;

pub(crate) async fn discover(arguments: &Discover) -> Result<(), CliError> {
    let payload = payload([
        (
            "account_id",
            arguments.account.as_ref().map(|id| id.as_str().into()),
        ),
        (
            "accept_removals",
            arguments.accept_removals.map(Value::from),
        ),
    ]);
    ask(DISCOVERY, &payload, "discovering accounts", arguments.json).await
}

pub(crate) async fn verify(arguments: &Verify) -> Result<(), CliError> {
    let payload = payload([(
        "account_id",
        arguments.account.as_ref().map(|id| id.as_str().into()),
    )]);
    ask(VERIFIER, &payload, "checking access", arguments.json).await
}

pub(crate) async fn dispatch(arguments: &Dispatch) -> Result<(), CliError> {
    let payload = payload([
        (
            "account_id",
            arguments.account.as_ref().map(|id| id.as_str().into()),
        ),
        ("collector", arguments.collector.as_deref().map(Value::from)),
    ]);
    ask(DISPATCHER, &payload, "dispatching", arguments.json).await
}

pub(crate) async fn collect(arguments: &Collect) -> Result<(), CliError> {
    let regions = (!arguments.regions.is_empty()).then(|| Value::from(arguments.regions.clone()));
    let payload = payload([
        ("account_id", Some(arguments.account.as_str().into())),
        ("regions", regions),
    ]);
    let doing = format!(
        "collecting {} in {}",
        arguments.collector, arguments.account
    );
    ask(&arguments.collector, &payload, &doing, arguments.json).await
}

pub(crate) async fn provision(account: Option<&AccountId>, as_json: bool) -> Result<(), CliError> {
    let payload = payload([("account_id", account.map(|id| id.as_str().into()))]);
    ask(PROVISIONER, &payload, "asking for roles", as_json).await
}

async fn ask(function: &str, payload: &Value, doing: &str, as_json: bool) -> Result<(), CliError> {
    let answer = Functions::connect()
        .await?
        .invoke(function, payload, doing)
        .await?;
    if as_json {
        return output::print_json(&answer);
    }
    output::print(&answer::text(&answer, &Screen::of_process()))
}

/// The manual payload of a function.
pub(crate) fn payload<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect::<Map<_, _>>())
}
