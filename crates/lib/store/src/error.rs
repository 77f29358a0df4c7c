//! What can go wrong with the database, told apart by what the caller can do about it.

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

/// A failed statement. Nothing of it may be taken for written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No connection, or none that lasted.
    #[error("ClickHouse at {url} cannot be reached ({doing}): {problem}")]
    Unreachable {
        /// The address.
        url: String,
        /// The statement's purpose.
        doing: Cow<'static, str>,
        /// The innermost cause, because the layers above it only repeat that they failed.
        problem: String,
    },
    /// No answer in time.
    #[error("ClickHouse at {url} gave no answer within {} s ({doing})", limit.as_secs())]
    Timeout {
        /// The address.
        url: String,
        /// The statement's purpose.
        doing: Cow<'static, str>,
        /// The limit.
        limit: Duration,
    },
    /// The server refused the statement, or answered what this code does not understand.
    #[error("ClickHouse refused a statement ({doing})")]
    Refused {
        /// The statement's purpose.
        doing: Cow<'static, str>,
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
            Self::Refused { .. } => self.code().is_some_and(|code| OVERLOADED.contains(&code)),
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
        self.code() == Some(497)
    }

    /// The server's code, if it refused the statement.
    pub fn code(&self) -> Option<u32> {
        server_code(self)
    }

    /// What an operator can do about it.
    ///
    /// Codes: <https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp>
    pub fn fix(&self) -> Option<&'static str> {
        match self {
            Self::Unreachable { url, problem, .. } if problem.contains("InvalidContentType") => {
                Some(if url.starts_with("https") {
                    "the server does not speak TLS on that port: set CLICKHOUSE_URL to its HTTPS port, or to http://"
                } else {
                    "check the scheme and port of CLICKHOUSE_URL"
                })
            }
            Self::Unreachable { .. } | Self::Timeout { .. } => {
                Some("check CLICKHOUSE_URL and that the server runs")
            }
            Self::Refused { .. } => match self.code()? {
                16 | 47 | 60 | 81 => {
                    Some("the schema is missing or older than this version: run `polo migrate`")
                }
                192..=194 | 516 => Some(
                    "check CLICKHOUSE_USER, and CLICKHOUSE_PASSWORD or the secret that CLICKHOUSE_PASSWORD_SECRET_ID names",
                ),
                164 => Some("give CLICKHOUSE_USER a profile that may write (readonly = 0)"),
                701 => Some("give --cluster as system.clusters names it"),
                _ => None,
            },
            Self::Unreadable { .. }
            | Self::DictionaryLogin { .. }
            | Self::UnknownAccount { .. } => None,
        }
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
    matches!(server_code(error), Some(192..=194 | 516))
}

/// The server's code, if a refusal of the server's is among an error's causes.
fn server_code(error: &(dyn Error + 'static)) -> Option<u32> {
    let mut at = Some(error);
    while let Some(cause) = at {
        if let Some(clickhouse::error::Error::BadResponse(text)) = cause.downcast_ref() {
            return leading_code(text);
        }
        at = cause.source();
    }
    None
}

/// The code at the beginning: behind it stand the codes of what the server itself had asked, as a dictionary does. A body
/// that was lost leaves the code of the header alone.
fn leading_code(text: &str) -> Option<u32> {
    let rest = text.strip_prefix("Code: ")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (code, rest) = rest.split_at(digits);
    (rest.is_empty() || rest.starts_with('.'))
        .then(|| code.parse().ok())
        .flatten()
}

/// The server's codes that pass: time, too many queries, a socket's time-out, memory, a replica that only reads, too many
/// parts, keeper trouble. 164 (READONLY) is none of them: a profile that may only read stays so.
///
/// Source: <https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp>
const OVERLOADED: [u32; 7] = [159, 202, 209, 241, 242, 252, 999];

/// A refusal without the server's advice, which is about its own configuration and fills a screen.
pub(crate) fn without_advice(error: clickhouse::error::Error) -> clickhouse::error::Error {
    match error {
        clickhouse::error::Error::BadResponse(text) => {
            let said = text.split("\n\n").next().unwrap_or(&text);
            clickhouse::error::Error::BadResponse(said.trim_end().to_owned())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> StoreError {
        StoreError::Refused {
            doing: "ask".into(),
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
            assert!(refused(text).fix().unwrap().contains("CLICKHOUSE_USER"));
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

    #[test]
    fn only_an_overloaded_server_is_asked_again() {
        for (text, retryable) in [
            (
                "Code: 159. DB::Exception: Timeout exceeded. (TIMEOUT_EXCEEDED)",
                true,
            ),
            (
                "Code: 252. DB::Exception: Too many parts. (TOO_MANY_PARTS)",
                true,
            ),
            (
                "Code: 164. DB::Exception: polo: Cannot execute query in readonly mode. (READONLY)",
                false,
            ),
            (
                "Code: 47. DB::Exception: it says 'Code: 159.' (UNKNOWN_IDENTIFIER)",
                false,
            ),
            ("502 Bad Gateway", false),
        ] {
            assert_eq!(refused(text).retryable(), retryable, "{text}");
        }
    }
}
