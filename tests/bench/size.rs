//! How large and how old a database is.

use std::fmt;

/// A number of accounts and of days of history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) accounts: u64,
    pub(crate) days: u64,
}

const DEFAULT: [Size; 4] = [
    Size::new(10, 1),
    Size::new(1_000, 1),
    Size::new(1_000, 180),
    Size::new(10_000, 1),
];

impl Size {
    const fn new(accounts: u64, days: u64) -> Self {
        Self { accounts, days }
    }

    /// The sizes that the arguments name, else the default. Cargo's own argument, `--bench`, names none.
    pub(crate) fn all_from(arguments: impl Iterator<Item = String>) -> Vec<Self> {
        let named: Vec<Self> = arguments
            .filter(|argument| argument != "--bench")
            .map(|argument| {
                Self::of(&argument).unwrap_or_else(|| {
                    panic!("size {argument:?}: write accounts x days, such as 1000x30, with at most 10000 accounts")
                })
            })
            .collect();
        if named.is_empty() {
            DEFAULT.to_vec()
        } else {
            named
        }
    }

    fn of(text: &str) -> Option<Self> {
        let (accounts, days) = text.split_once('x')?;
        let size = Self::new(accounts.parse().ok()?, days.parse().ok()?);
        // Account ids have 12 digits.
        ((1..=10_000).contains(&size.accounts) && size.days > 0).then_some(size)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = if self.days == 1 { "day" } else { "days" };
        write!(f, "{} × {} {days}", grouped(self.accounts), self.days)
    }
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
