//! What can go wrong with the database, told apart by what the caller can do about it.

use std::error::Error;
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
    /// A dictionary cannot read its own server: the password that it was made with was rotated.
    #[error("dictionary {dictionary} can no longer log in to read its own server; it {reason}")]
    DictionaryLogin {
        /// The dictionary.
        dictionary: &'static str,
        /// Why that could not be mended, and what to do.
        reason: String,
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
            Self::Unreadable { .. }
            | Self::DictionaryLogin { .. }
            | Self::UnknownAccount { .. } => false,
        }
    }

    /// Whether the server refused user or password. Nothing of the statement was done.
    pub fn is_refused_login(&self) -> bool {
        is_refused_login(self)
    }

    /// Whether the server has let the user in and denies it this statement.
    pub(crate) fn is_not_granted(&self) -> bool {
        is_refused_with(self, &["Code: 497"])
    }

    /// A stable name for metric filters.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "ClickHouseUnreachable",
            Self::Timeout { .. } => "ClickHouseTimeout",
            Self::Refused { .. } => "ClickHouseRefused",
            Self::Unreadable { .. } => "ClickHouseUnreadable",
            Self::DictionaryLogin { .. } => "DictionaryLoginRefused",
            Self::UnknownAccount { .. } => "AccountUnknown",
        }
    }
}

/// Whether a server's refusal of user or password is among an error's causes: an unknown user, a wrong or a missing
/// password, and since version 20 one code for all of them.
///
/// Source: <https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp>
pub fn is_refused_login(error: &(dyn Error + 'static)) -> bool {
    is_refused_with(error, &["Code: 192", "Code: 193", "Code: 194", "Code: 516"])
}

/// Whether one of the server's codes is among an error's causes.
fn is_refused_with(error: &(dyn Error + 'static), codes: &[&str]) -> bool {
    let mut at = Some(error);
    while let Some(cause) = at {
        if let Some(clickhouse::error::Error::BadResponse(text)) = cause.downcast_ref() {
            // At the beginning: behind it stand the codes of what the server itself had asked, as a dictionary does.
            // A body that was lost leaves the code of the header alone.
            return codes
                .iter()
                .filter_map(|code| text.strip_prefix(code))
                .any(|rest| rest.is_empty() || rest.starts_with('.'));
        }
        at = cause.source();
    }
    false
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> StoreError {
        StoreError::Refused {
            doing: "ask",
            source: clickhouse::error::Error::BadResponse(text.to_owned()),
        }
    }

    #[test]
    fn a_refused_login_is_told_from_every_other_refusal() {
        for text in [
            "Code: 516. DB::Exception: polo: Authentication failed: password is incorrect, or there is no user with \
             such name. (AUTHENTICATION_FAILED)",
            "Code: 192. DB::Exception: There is no user `polo`. (UNKNOWN_USER)",
            "Code: 193. DB::Exception: Wrong password for user polo. (WRONG_PASSWORD)",
            "Code: 194. DB::Exception: polo: Authentication failed: password is required. (REQUIRED_PASSWORD)",
            "Code: 516",
        ] {
            assert!(refused(text).is_refused_login(), "{text}");
        }
        for text in [
            "Code: 497. DB::Exception: polo: Not enough privileges. (ACCESS_DENIED)",
            "Code: 5160. DB::Exception: unheard of",
            "Code: 159. DB::Exception: the query said 'Code: 516.'",
            "403 Forbidden",
        ] {
            assert!(!refused(text).is_refused_login(), "{text}");
            assert_eq!(
                refused(text).is_not_granted(),
                text.contains("ACCESS_DENIED")
            );
        }
    }
}
