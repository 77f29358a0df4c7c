//! Why a command failed: one sentence with the value and the fix, and the exit code that goes with it.

use std::error::Error;
use std::process::ExitCode;

use polo_core::manifest::ManifestError;
use polo_store::migrations::MigrationError;
use polo_store::{InvalidStoreConfig, StoreError};

/// A failed command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The command line asks for what makes no sense.
    #[error("{0}")]
    Usage(String),
    /// What was asked for cannot be done now.
    #[error("{0}")]
    Failed(String),
    /// The environment is wrong.
    #[error(transparent)]
    StoreConfig(#[from] InvalidStoreConfig),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The schema cannot be brought up to date.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// A collector's manifest that was compiled in.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The member roles cannot be worked out.
    #[error(transparent)]
    Roles(#[from] polo_roles::RolesError),
    /// The AWS client cannot be made.
    #[error(transparent)]
    Aws(#[from] polo_aws::ConfigError),
    /// A function answered with an error.
    #[error("{function} failed ({error_type}): {message}")]
    Function {
        /// The function's name.
        function: String,
        /// Its stable type.
        error_type: String,
        /// Its sentence.
        message: String,
    },
}

impl CliError {
    /// The sentence for people, causes and fix included.
    pub(crate) fn sentence(&self) -> String {
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(error) = source {
            let cause = error.to_string();
            // Some libraries repeat their cause in their own text.
            if !text.contains(&cause) {
                text.push_str(": ");
                text.push_str(&cause);
            }
            source = error.source();
        }
        if let Some(fix) = self.store_error().and_then(|error| fix(error, &text)) {
            text.push_str("; ");
            text.push_str(fix);
        }
        // A server's message may span lines; a sentence does not.
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// 2 where the command line is wrong, 130 where Ctrl-C ended it, as shells have it, else 1.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Migration(MigrationError::Stopped) => ExitCode::from(130),
            Self::Failed(_)
            | Self::StoreConfig(_)
            | Self::Store(_)
            | Self::Migration(_)
            | Self::Manifest(_)
            | Self::Roles(_)
            | Self::Aws(_)
            | Self::Function { .. } => ExitCode::FAILURE,
        }
    }

    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error)
            | Self::Migration(
                MigrationError::Store(error) | MigrationError::Statement { source: error, .. },
            ) => Some(error),
            _ => None,
        }
    }
}

/// What an operator can do about a failed statement.
///
/// Codes: <https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp>
fn fix(error: &StoreError, text: &str) -> Option<&'static str> {
    const SCHEMA: &str = "the schema is missing or older than this version: run `polo migrate`";
    match error {
        StoreError::Unreachable { .. } | StoreError::Timeout { .. } => {
            Some("check CLICKHOUSE_URL and that the server runs")
        }
        StoreError::Refused { .. } => [
            ("Code: 60.", SCHEMA),
            ("Code: 81.", SCHEMA),
            ("Code: 47.", SCHEMA),
            ("Code: 16.", SCHEMA),
            ("Code: 701.", "give --cluster as system.clusters names it"),
            (
                "Code: 516.",
                "check CLICKHOUSE_USER, and CLICKHOUSE_PASSWORD or the secret that CLICKHOUSE_PASSWORD_SECRET_ID names",
            ),
        ]
        .into_iter()
        .find(|(code, _)| text.contains(code))
        .map(|(_, fix)| fix),
        StoreError::Unreadable { .. }
        | StoreError::DictionaryLogin { .. }
        | StoreError::UnknownAccount { .. } => None,
    }
}
