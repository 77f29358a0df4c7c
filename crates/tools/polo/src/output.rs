//! Standard output. Invariant: a reader that has seen enough (`| head`) is no failure.

use std::io::{ErrorKind, Write as _};

use serde::Serialize;

use crate::error::CliError;

/// Prints text as it is.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(CliError::Failed(format!(
            "standard output cannot be written: {error}"
        ))),
        _ => Ok(()),
    }
}

/// Prints a value as JSON, for programs.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| {
        CliError::Failed(format!("the answer cannot be written as JSON: {error}"))
    })?;
    print(&format!("{text}\n"))
}
