//! Completions in the shell. Invariant: each argument that names an account or a collector completes its values, wherever
//! it stands; accounts come from the database, and without one there are none.

use std::time::Duration;

use clap::{Arg, Command, CommandFactory as _};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Shell};

use super::Cli;
use crate::environment;

/// Set by the shell's hook while it asks for completions.
const VARIABLE: &str = "POLO_COMPLETE";
/// A server that does not answer must not hold up the shell for longer.
const LIMIT: Duration = Duration::from_secs(10);

/// Answers the shell's hook; false if this is an ordinary run.
pub(crate) fn answer() -> Result<bool, clap::Error> {
    CompleteEnv::with_factory(command)
        .var(VARIABLE)
        .try_complete(std::env::args_os(), None)
}

/// The hook for a shell, which asks this program at each Tab.
pub(crate) fn hook(shell: Shell) -> std::io::Result<Vec<u8>> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let completer = shells
        .completer(&shell.to_string())
        .ok_or_else(|| std::io::Error::other(format!("{shell} has no completions")))?;
    completer.write_registration(VARIABLE, "polo", "polo", "polo", &mut script)?;
    Ok(script)
}

fn command() -> Command {
    with_candidates(Cli::command())
}

fn with_candidates(command: Command) -> Command {
    command
        .mut_args(|argument| match candidates(&argument) {
            Some(candidates) => argument.add(candidates),
            None => argument,
        })
        .mut_subcommands(with_candidates)
}

fn candidates(argument: &Arg) -> Option<ArgValueCandidates> {
    Some(match argument.get_id().as_str() {
        "account" => ArgValueCandidates::new(accounts),
        "collector" => ArgValueCandidates::new(collectors),
        _ => return None,
    })
}

fn collectors() -> Vec<CompletionCandidate> {
    let manifests = polo_store::collectors::manifests().unwrap_or_default();
    let ids = manifests
        .into_iter()
        .map(|manifest| manifest.id.to_string());
    ids.map(CompletionCandidate::new).collect()
}

/// Names with their ids as help; an account without a name by its id. A database that does not answer offers nothing.
fn accounts() -> Vec<CompletionCandidate> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        return Vec::new();
    };
    let accounts = runtime.block_on(async {
        let read = async {
            environment::store()
                .await?
                .accounts()
                .await
                .map_err(Into::into)
        };
        tokio::time::timeout(LIMIT, read).await
    });
    let Ok(Ok::<_, crate::error::CliError>(accounts)) = accounts else {
        return Vec::new();
    };
    let mut candidates = Vec::new();
    for account in accounts {
        candidates.push(
            CompletionCandidate::new(account.account_id.clone())
                .help(Some(account.account_name.clone().into())),
        );
        if !account.account_name.is_empty() {
            candidates.push(
                CompletionCandidate::new(account.account_name)
                    .help(Some(account.account_id.into())),
            );
        }
    }
    candidates
}
