//! Why an invocation failed: a sentence for people, a stable type for metric filters, and whether trying again helps.
//!
//! Invariant: only what is worth a retry, or what nobody has recorded, reaches Lambda as an error.

use lambda_runtime::Diagnostic;
use polo_aws::{AwsFailure, SecretError};
use polo_core::reconcile::MassRemoval;
use polo_core::text::{clip, printable};
use polo_core::{PayloadError, error_chain};
use polo_store::migrations::MigrationError;
use polo_store::{StoreError, is_refused_login};

use crate::config::ConfigProblem;

/// A failed invocation.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// The environment is wrong.
    #[error(transparent)]
    Config(#[from] ConfigProblem),
    /// The AWS client cannot be made.
    #[error(transparent)]
    Aws(#[from] polo_aws::ConfigError),
    /// The payload cannot be acted upon.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The payload names what this function cannot work on.
    #[error("{0}")]
    Refused(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The schema cannot be brought up to date.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// The secret that holds ClickHouse's password cannot be used.
    #[error("CLICKHOUSE_PASSWORD_SECRET_ID names no usable password")]
    Secret(#[from] SecretError),
    /// ClickHouse refused the login, and there is no other password to try.
    #[error("ClickHouse refused the login of {user:?}: {fix}")]
    LoginRefused {
        /// The user.
        user: String,
        /// What to do.
        fix: String,
        /// What the server says.
        #[source]
        source: Box<FunctionError>,
    },
    /// An AWS call failed.
    #[error(transparent)]
    Call(#[from] AwsFailure),
    /// More accounts would leave at once than anybody should believe.
    #[error(transparent)]
    MassRemoval(#[from] MassRemoval),
    /// The listing cannot be used.
    #[error("{message}")]
    Listing {
        /// A stable name.
        error_type: &'static str,
        /// The sentence.
        message: String,
    },
    /// The run ended in a way that another attempt may heal; it is recorded.
    #[error("run {run_id} of {collector} in {account_id} failed ({class}): {reason}")]
    RunFailed {
        /// The run.
        run_id: uuid::Uuid,
        /// The collector.
        collector: String,
        /// The account.
        account_id: String,
        /// The class.
        class: polo_core::ErrorClass,
        /// What happened.
        reason: String,
    },
    /// Events that EventBridge did not take; they are recorded.
    #[error("EventBridge did not take {rejected} of {asked} events: {message}")]
    EventsRejected {
        /// How many it did not take.
        rejected: usize,
        /// How many it was asked to take.
        asked: usize,
        /// The first one's code and message.
        message: String,
    },
}

impl FunctionError {
    /// A stable name for metric filters and alarms.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Config(_) => "ConfigInvalid",
            Self::Aws(_) => "AwsConfigInvalid",
            Self::Payload(_) => "PayloadInvalid",
            Self::Refused(_) => "RequestRefused",
            Self::Store(error) => error.error_type(),
            Self::Migration(MigrationError::Store(error)) => error.error_type(),
            Self::Migration(_) => "MigrationFailed",
            Self::Secret(_) => "SecretUnusable",
            Self::LoginRefused { .. } => "ClickHouseLoginRefused",
            Self::Call(_) => "AwsCallFailed",
            Self::MassRemoval(_) => "MassRemovalRefused",
            Self::Listing { error_type, .. } => error_type,
            Self::RunFailed { .. } => "RunFailed",
            Self::EventsRejected { .. } => "EventsRejected",
        }
    }

    /// Whether ClickHouse refused user or password.
    pub fn is_refused_login(&self) -> bool {
        is_refused_login(self)
    }

    /// The error, its causes and its fix in one line of at most 500 characters, fit for a terminal.
    pub fn chain(&self) -> String {
        const LONGEST_CHARACTERS: usize = 500;
        let fix = self.store_error().and_then(StoreError::fix);
        let fix = fix.map(|fix| format!("; {fix}")).unwrap_or_default();
        let chain = error_chain(self);
        let chain = printable(&chain);
        let room = LONGEST_CHARACTERS.saturating_sub(fix.chars().count());
        format!("{}{fix}", clip(&chain, room))
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

impl From<FunctionError> for Diagnostic {
    fn from(error: FunctionError) -> Self {
        Self {
            error_type: error.error_type().to_owned(),
            error_message: error.chain(),
        }
    }
}
