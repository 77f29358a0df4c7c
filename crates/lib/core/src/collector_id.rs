//! The id of a collector: folder, package, function, table prefix and `detail.collector`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A collector's id, in snake_case, as `config_ec2`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CollectorId(String);

/// The text is not a collector's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is not the id of a collector, such as config_ec2: write it in snake_case", crate::text::quoted(.text))]
pub struct InvalidCollectorId {
    /// What was given.
    pub text: String,
}

impl CollectorId {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CollectorId {
    type Error = InvalidCollectorId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if !text.is_empty() && text.bytes().all(is_legal) {
            Ok(Self(text))
        } else {
            Err(InvalidCollectorId { text })
        }
    }
}

impl FromStr for CollectorId {
    type Err = InvalidCollectorId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl From<CollectorId> for String {
    fn from(id: CollectorId) -> Self {
        id.0
    }
}

impl fmt::Display for CollectorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
