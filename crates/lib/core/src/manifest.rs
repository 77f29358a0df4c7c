//! A collector's manifest, `collector.json`: the one place where its id, scope, schedule and permissions are
//! written. Wiring, dispatcher, coverage and policies read it; nothing is registered a second time.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};

use crate::CollectorId;

/// Where a collector is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Once, in the account that pays.
    Payer,
    /// Once per account.
    Account,
    /// Once per account, and once more in the one that pays, for what only that one can tell.
    AccountAndPayer,
    /// Once per enabled region of an account.
    Region,
}

impl Scope {
    /// The scope as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Payer => "payer",
            Self::Account => "account",
            Self::AccountAndPayer => "account_and_payer",
            Self::Region => "region",
        }
    }
}

/// What AWS bills of a collector's calls, and how much of it may be asked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Billing {
    /// What is counted: a request of Cost Explorer, a metric of GetMetricData.
    pub unit: String,
    /// AWS's list price of 1,000 units, in USD.
    #[serde(deserialize_with = "decimal_text")]
    pub usd_per_1000_units: Decimal,
    /// What one run asks at most.
    pub run_units_at_most: u64,
    /// What all runs of one account and UTC day may cost, in USD, unless the deployment says otherwise.
    #[serde(deserialize_with = "decimal_text")]
    pub day_usd_at_most: Decimal,
    /// The page that names the price.
    pub source: String,
}

impl Billing {
    /// What one run costs at most, in USD.
    pub fn run_usd_at_most(&self) -> Decimal {
        self.usd(self.run_units_at_most)
    }

    /// What this many units cost, in USD.
    pub fn usd(&self, units: u64) -> Decimal {
        self.usd_per_1000_units * Decimal::from(units) / Decimal::ONE_THOUSAND
    }
}

/// Money is written as text, because a JSON number would pass through a binary fraction.
fn decimal_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let text = String::deserialize(deserializer)?;
    Decimal::from_str_exact(&text).map_err(|error| {
        serde::de::Error::custom(format!("{text:?} is no decimal number: {error}"))
    })
}

/// What a collector declares of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollectorManifest {
    /// Folder, package, binary, table prefix and `detail.collector`: snake_case, never transformed.
    pub id: CollectorId,
    /// One line for people.
    pub description: String,
    /// The sweep that it belongs to: `daily` is asked by the rule `daily-sweep`.
    pub schedule: String,
    /// Where it is asked.
    pub scope: Scope,
    /// How often a sweep asks it.
    pub period_hours: u32,
    /// How old its last complete run may be before coverage calls it stale.
    pub freshness_hours: u32,
    /// The function's memory in MB.
    pub memory_mb: u32,
    /// The function's time-out in seconds; Lambda allows 900 at most.
    pub timeout_s: u32,
    /// The IAM actions that it needs in a member account.
    pub read_actions: Vec<String>,
    /// The tables that it writes.
    pub tables: Vec<String>,
    /// Its own tables that hold history, each with the column that says how old a row is. Their rows expire.
    #[serde(default)]
    pub history: BTreeMap<String, String>,
    /// Its own tables that hold the last look at each resource, with `account_id`, `region`, `collected_at` and text keys.
    /// Rows of resources that are gone for long are deleted.
    #[serde(default)]
    pub current: Vec<String>,
    /// The collectors on whose findings it works: in an account it is asked for once they have ended.
    #[serde(default)]
    pub after: Vec<CollectorId>,
    /// What its calls cost; none where AWS bills nothing for them.
    #[serde(default)]
    pub billing: Option<Billing>,
}

/// A manifest that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON of the right shape.
    #[error("collector.json of {folder:?} cannot be read")]
    Json {
        /// The folder it lies in.
        folder: String,
        /// What the parser says.
        #[source]
        source: serde_json::Error,
    },
    /// A value that breaks a rule.
    #[error("collector.json of {folder:?}: {field} is {value}, {rule}")]
    Value {
        /// The folder it lies in.
        folder: String,
        /// The field.
        field: &'static str,
        /// What it holds.
        value: String,
        /// What it has to be.
        rule: &'static str,
    },
}

impl CollectorManifest {
    /// Reads and validates the manifest that lies in `folder`.
    pub fn parse(folder: &str, json: &str) -> Result<Self, ManifestError> {
        let manifest: Self = serde_json::from_str(json).map_err(|source| ManifestError::Json {
            folder: folder.to_owned(),
            source,
        })?;
        let invalid = |field, value: String, rule| {
            Err(ManifestError::Value {
                folder: folder.to_owned(),
                field,
                value,
                rule,
            })
        };
        if manifest.id.as_str() != folder {
            return invalid(
                "id",
                manifest.id.into(),
                "but it has to be the folder's name",
            );
        }
        if !(1..=900).contains(&manifest.timeout_s) {
            return invalid(
                "timeout_s",
                manifest.timeout_s.to_string(),
                "but Lambda allows 1 to 900 seconds",
            );
        }
        if !(128..=10_240).contains(&manifest.memory_mb) {
            return invalid(
                "memory_mb",
                manifest.memory_mb.to_string(),
                "but Lambda allows 128 to 10240 MB",
            );
        }
        if manifest.period_hours == 0 || manifest.freshness_hours < manifest.period_hours {
            return invalid(
                "freshness_hours",
                manifest.freshness_hours.to_string(),
                "less than one period",
            );
        }
        if manifest.after.contains(&manifest.id) {
            return invalid("after", manifest.id.into(), "but it cannot wait for itself");
        }
        let is_name = |text: &str| {
            let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            !text.is_empty() && text.bytes().all(legal)
        };
        let is_own = |table: &String| {
            let own = table.starts_with(&format!("{}_", manifest.id));
            own && manifest.tables.contains(table) && is_name(table)
        };
        for (table, column) in &manifest.history {
            if !is_own(table) || !is_name(column) {
                return invalid(
                    "history",
                    format!("{table}: {column}"),
                    "but it has to be a table of its own and one of that table's columns",
                );
            }
        }
        for table in &manifest.current {
            if !is_own(table) || manifest.history.contains_key(table) {
                return invalid(
                    "current",
                    table.clone(),
                    "but it has to be a table of its own that is not history",
                );
            }
        }
        if manifest.read_actions.is_empty() {
            return invalid(
                "read_actions",
                "empty".to_owned(),
                "but a collector that calls nothing collects nothing",
            );
        }
        if let Some(billing) = &manifest.billing {
            if billing.usd_per_1000_units <= Decimal::ZERO {
                let price = billing.usd_per_1000_units.to_string();
                return invalid(
                    "usd_per_1000_units",
                    price,
                    "but what costs nothing needs no billing",
                );
            }
            if billing.run_units_at_most == 0 {
                return invalid(
                    "run_units_at_most",
                    "0".to_owned(),
                    "but a run has to ask for something",
                );
            }
            if billing.day_usd_at_most < billing.run_usd_at_most() {
                let budget = billing.day_usd_at_most.to_string();
                return invalid("day_usd_at_most", budget, "less than what one run may cost");
            }
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(
        change: impl FnOnce(&mut serde_json::Value),
    ) -> Result<CollectorManifest, ManifestError> {
        let mut json = serde_json::json!({
            "id": "config_ec2", "description": "EC2", "schedule": "daily", "scope": "region", "period_hours": 24,
            "freshness_hours": 36, "memory_mb": 256, "timeout_s": 900,
            "read_actions": ["ec2:DescribeInstances"], "tables": ["resources"]
        });
        change(&mut json);
        CollectorManifest::parse("config_ec2", &json.to_string())
    }

    #[test]
    fn a_whole_manifest_is_read() {
        assert_eq!(manifest(|_| ()).unwrap().scope, Scope::Region);
    }

    #[test]
    fn what_a_run_costs_at_most_is_told_exactly() {
        let billed = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut billing = serde_json::json!({
                "unit": "request", "usd_per_1000_units": "10.00", "run_units_at_most": 30, "day_usd_at_most": "0.90",
                "source": "https://aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing/"
            });
            change(&mut billing);
            manifest(|json| json["billing"] = billing)
        };
        let billing = billed(&|_| ()).unwrap().billing.unwrap();
        assert_eq!(billing.run_usd_at_most().to_string(), "0.30");
        for (field, value) in [
            ("usd_per_1000_units", serde_json::json!("0")),
            ("run_units_at_most", serde_json::json!(0)),
            ("day_usd_at_most", serde_json::json!("0.29")),
        ] {
            let error = billed(&|billing| billing[field] = value.clone());
            let error = error.unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        }
        // A JSON number would pass through a binary fraction.
        assert!(matches!(
            billed(&|billing| billing["day_usd_at_most"] = 0.9.into()),
            Err(ManifestError::Json { .. })
        ));
    }

    #[test]
    fn values_that_break_a_rule_are_named() {
        for (field, value) in [
            ("id", serde_json::json!("ec2")),
            ("timeout_s", serde_json::json!(901)),
            ("memory_mb", serde_json::json!(64)),
            ("freshness_hours", serde_json::json!(12)),
            ("read_actions", serde_json::json!([])),
            ("after", serde_json::json!(["config_ec2"])),
            ("history", serde_json::json!({"resources": "gone_at"})),
            ("history", serde_json::json!({"config_ec2_other": "at"})),
            ("current", serde_json::json!(["resources"])),
        ] {
            let error = manifest(|json| json[field] = value.clone())
                .unwrap_err()
                .to_string();
            assert!(error.contains(field), "{error}");
        }
        assert!(matches!(
            manifest(|json| json["typo"] = 1.into()),
            Err(ManifestError::Json { .. })
        ));
    }
}
