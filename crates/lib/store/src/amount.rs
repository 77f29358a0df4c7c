//! Money and other exact amounts as ClickHouse keeps them: `Decimal(38, 18)`.
//!
//! Invariant: no binary fraction ever stands between AWS's text and the table.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The places that the column keeps. Cost Explorer gives ten, sometimes more.
const SCALE: u32 = 18;

/// An exact amount, a column of type `Decimal(38, 18)`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(Decimal);

impl Amount {
    /// The amount.
    pub fn decimal(self) -> Decimal {
        self.0
    }

    fn units(self) -> i128 {
        let rounded = self.0.round_dp(SCALE);
        // At most 2^96 × 10^18, which is less than 2^127 only below 1.7 × 10^20: far above any bill.
        rounded
            .mantissa()
            .saturating_mul(10_i128.pow(SCALE - rounded.scale()))
    }
}

impl From<Decimal> for Amount {
    fn from(amount: Decimal) -> Self {
        Self(amount)
    }
}

impl FromStr for Amount {
    type Err = rust_decimal::Error;

    /// From AWS's text, `12.3456789012` or `1.2E-7`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains(['e', 'E']) {
            Decimal::from_scientific(text).map(Self)
        } else {
            Decimal::from_str(text).map(Self)
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i128(self.units())
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let units = i128::deserialize(deserializer)?;
        Decimal::try_from_i128_with_scale(units, SCALE)
            .map(|amount| Self(amount.normalize()))
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_writes_is_kept_to_the_last_place() {
        for (text, units) in [
            ("0", 0),
            ("12.3456789012", 12_345_678_901_200_000_000),
            ("-0.000000000000000001", -1),
            ("1.2E-7", 120_000_000_000),
            ("99999999999.99", 99_999_999_999_990_000_000_000_000_000),
        ] {
            assert_eq!(text.parse::<Amount>().unwrap().units(), units, "{text}");
        }
        assert!("12,50".parse::<Amount>().is_err());
        assert!("".parse::<Amount>().is_err());
    }
}
