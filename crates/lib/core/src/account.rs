//! The account id: twelve digits of text. Never a number, because leading zeros are significant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An AWS account id: exactly twelve ASCII digits.
///
/// Source: <https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html>
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(String);

/// The text is not an account id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "account id {} is not 12 digits: give the id as text with its leading zeros, such as \"012345678901\"",
    crate::text::quoted(.text)
)]
pub struct InvalidAccountId {
    /// What was given.
    pub text: String,
}

impl AccountId {
    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountId {
    type Err = InvalidAccountId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for AccountId {
    type Error = InvalidAccountId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text))
        } else {
            Err(InvalidAccountId { text })
        }
    }
}

impl From<AccountId> for String {
    fn from(id: AccountId) -> Self {
        id.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_digits_keep_their_leading_zeros() {
        let id: AccountId = "001234567890".parse().unwrap();
        assert_eq!(id.to_string(), "001234567890");
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for text in [
            "12345678901",
            "1234567890123",
            "",
            "12345678901a",
            "１２３４５６７８９０１２",
        ] {
            let error = text.parse::<AccountId>().unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")), "{error}");
        }
    }
}
