//! Why a command failed: one short sentence with the value and the fix, and the exit code that goes with it.

use std::process::ExitCode;

use polo_core::error_chain;
use polo_core::manifest::ManifestError;
use polo_core::text::{clip, printable};
use polo_store::migrations::MigrationError;
use polo_store::{InvalidStoreConfig, StoreError};

/// No sentence is longer, its fix included.
const CHARACTERS: usize = 480;

/// What a shell gets from a process that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// A failed command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The command line asks for what makes no sense.
    #[error("{0}")]
    Usage(String),
    /// What was asked for cannot be done now.
    #[error("{0}")]
    Failed(String),
    /// Ctrl-C.
    #[error("{0}")]
    Interrupted(&'static str),
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
        let fix = self.store_error().and_then(StoreError::fix);
        let fix = fix.map(|fix| format!("; {fix}")).unwrap_or_default();
        let room = CHARACTERS - fix.chars().count();
        let chain = error_chain(self);
        format!("{}{fix}", clip(&printable(&chain), room))
    }

    /// See the table of exit codes in `polo --help`.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Interrupted(_) | Self::Migration(MigrationError::Stopped) => {
                ExitCode::from(INTERRUPTED)
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_short_single_lines_with_their_fix() {
        let error = CliError::Function {
            function: "dev-polo-tags".to_owned(),
            error_type: "RequestRefused".to_owned(),
            message: "no\nluck \u{1b}[31m ".repeat(100),
        };
        let sentence = error.sentence();
        assert!(sentence.chars().count() <= CHARACTERS, "{sentence}");
        assert!(!sentence.contains(['\n', '\u{1b}']), "{sentence}");

        let error = CliError::Store(StoreError::Timeout {
            url: "http://x".repeat(200),
            doing: "read v_accounts".into(),
            limit: std::time::Duration::from_secs(60),
        });
        let sentence = error.sentence();
        assert!(sentence.chars().count() <= CHARACTERS, "{sentence}");
        assert!(
            sentence.ends_with("check CLICKHOUSE_URL and that the server runs"),
            "{sentence}"
        );
    }
}
