//! Where a run looks: the account, the payer, or a region.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const ACCOUNT: &str = "global";
const PAYER: &str = "payer";

/// The name of an AWS region, as `eu-west-1`.
///
/// Regions come from AWS and are stored, so a name that is younger than this program is one too. What people write is
/// checked more strictly, by [`crate::Setting::Region`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

/// A place of a run. It is stored as text: `global`, `payer`, or the region's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Place {
    /// The account itself, for APIs without regions.
    Account,
    /// All accounts that one account pays for.
    Payer,
    /// One region of the account.
    Region(Region),
}

/// The text is not the name of a region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is not the name of a region, such as eu-west-1", crate::text::quoted(.text))]
pub struct InvalidRegion {
    /// What was given.
    pub text: String,
}

impl Region {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Place {
    /// The place as it is stored.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Account => ACCOUNT,
            Self::Payer => PAYER,
            Self::Region(region) => region.as_str(),
        }
    }

    /// The region, if the place is one.
    pub fn region(&self) -> Option<&Region> {
        match self {
            Self::Region(region) => Some(region),
            Self::Account | Self::Payer => None,
        }
    }
}

impl TryFrom<String> for Region {
    type Error = InvalidRegion;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let is_region = (1..=64).contains(&text.len())
            && text.bytes().all(is_legal)
            && ![ACCOUNT, PAYER].contains(&text.as_str());
        if is_region {
            Ok(Self(text))
        } else {
            Err(InvalidRegion { text })
        }
    }
}

impl FromStr for Region {
    type Err = InvalidRegion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Place {
    type Error = InvalidRegion;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            ACCOUNT => Ok(Self::Account),
            PAYER => Ok(Self::Payer),
            _ => Region::try_from(text).map(Self::Region),
        }
    }
}

impl FromStr for Place {
    type Err = InvalidRegion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        match place {
            Place::Region(region) => region.into(),
            Place::Account | Place::Payer => place.as_str().to_owned(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_survive_being_stored() {
        for text in ["global", "payer", "eu-west-1", "us-isob-east-1"] {
            let place: Place = text.parse().unwrap();
            assert_eq!(String::from(place), text);
        }
        assert_eq!("global".parse(), Ok(Place::Account));
    }

    #[test]
    fn a_place_word_is_no_region() {
        for text in [
            "global",
            "payer",
            "",
            "EU-WEST-1",
            "eu west 1",
            "eu-west-1,",
        ] {
            assert!(text.parse::<Region>().is_err(), "{text}");
        }
    }
}
