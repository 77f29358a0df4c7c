//! An account as people name it: by its id or by its name.

use std::fmt;

use polo_core::AccountId;
use polo_core::setting::Setting;
use polo_core::text::quoted;

/// An account that an operator named; `commands::find` looks names up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AccountArg {
    Id(AccountId),
    Name(String),
}

impl AccountArg {
    /// Digits are an id, whether they are twelve or not: a mistyped id is never taken for a name.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let is_id = |c: char| c.is_numeric() || c == '-' || c.is_whitespace();
        if !text.is_empty() && text.chars().all(is_id) {
            return match text.parse() {
                Ok(id) => Ok(Self::Id(id)),
                Err(error @ polo_core::InvalidAccountId { .. }) => Err(error.to_string()),
            };
        }
        match Setting::Name.check(text) {
            Ok(()) => Ok(Self::Name(text.to_owned())),
            Err(_) => Err(format!(
                "{} is not an account: give its 12 digits, or its name",
                quoted(text)
            )),
        }
    }
}

impl fmt::Display for AccountArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_ids_and_other_texts_names() {
        assert_eq!(
            AccountArg::parse("012345678901"),
            Ok(AccountArg::Id("012345678901".parse().unwrap()))
        );
        for name in ["shop-staging", "Team 7", "2nd shop", "Müller"] {
            assert_eq!(AccountArg::parse(name), Ok(AccountArg::Name(name.into())));
        }
        for wrong in [
            "",
            " ",
            "12345678901",
            "1234567890123",
            "1234-5678-9012",
            "１２３４５６７８９０１２",
            "a\nb",
            "\u{1b}[31m",
        ] {
            let error = AccountArg::parse(wrong).unwrap_err();
            assert!(error.contains("12 digits"), "{wrong:?}: {error}");
        }
    }
}
