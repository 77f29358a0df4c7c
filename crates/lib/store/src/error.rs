//! What can go wrong with the database, told apart by what the caller can do about it.

use std::time::Duration;

/// A failed statement. Nothing of it may be taken for written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No connection, or none that lasted.
    #[error("ClickHouse at {url} cannot be reached ({doing})")]
    Unreachable {
        /// The address.
        url: String,
        /// The statement's purpose.
        doing: &'static str,
        /// What the client says.
        #[source]
        source: clickhouse::error::Error,
    },
    /// No answer in time.
    #[error("ClickHouse at {url} gave no answer within {} s ({doing})", limit.as_secs())]
    Timeout {
        /// The address.
        url: String,
        /// The statement's purpose.
        doing: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// The server refused the statement, or answered what this code does not understand.
    #[error("ClickHouse refused a statement ({doing})")]
    Refused {
        /// The statement's purpose.
        doing: &'static str,
        /// What the server says.
        #[source]
        source: clickhouse::error::Error,
    },
    /// A stored value that this code does not understand.
    #[error(
        "{table} holds {value:?} in {column}, which this version does not understand ({problem})"
    )]
    Unreadable {
        /// The table or view.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The value.
        value: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The registry does not hold the account.
    #[error(
        "account {account_id} is not in the registry: check the id, or run `polo discover` if it is new"
    )]
    UnknownAccount {
        /// The account.
        account_id: polo_core::AccountId,
    },
}

impl StoreError {
    /// Whether the same statement may succeed when it is simply made again.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } => true,
            Self::Refused { source, .. } => server_is_overloaded(source),
            Self::Unreadable { .. } | Self::UnknownAccount { .. } => false,
        }
    }

    /// A stable name for metric filters.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "ClickHouseUnreachable",
            Self::Timeout { .. } => "ClickHouseTimeout",
            Self::Refused { .. } => "ClickHouseRefused",
            Self::Unreadable { .. } => "ClickHouseUnreadable",
            Self::UnknownAccount { .. } => "AccountUnknown",
        }
    }
}

/// The server's codes that pass: too many parts, too many queries, memory, time, keeper and replica trouble.
///
/// Source: <https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp>
fn server_is_overloaded(error: &clickhouse::error::Error) -> bool {
    const CODES: [&str; 8] = [
        "Code: 159",
        "Code: 164",
        "Code: 202",
        "Code: 209",
        "Code: 241",
        "Code: 242",
        "Code: 252",
        "Code: 999",
    ];
    let text = error.to_string();
    CODES.iter().any(|code| text.contains(&format!("{code}.")))
}
