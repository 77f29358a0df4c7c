//! The deployed collectors, from the manifests that were compiled in, and the periods of the status rule.

use clickhouse::Row;
use polo_core::manifest::ManifestError;
use polo_core::{CollectorId, CollectorManifest, Version};
use serde::{Deserialize, Serialize};

use crate::migrations::MANIFESTS;
use crate::{Store, StoreError, TableRow};

/// The manifests of all collectors, by id.
///
/// # Errors
/// Where one breaks a rule, or waits for a collector that there is not.
pub fn manifests() -> Result<Vec<CollectorManifest>, ManifestError> {
    let all: Vec<CollectorManifest> = MANIFESTS
        .iter()
        .map(|(folder, json)| CollectorManifest::parse(folder, json))
        .collect::<Result<_, _>>()?;
    for manifest in &all {
        let unknown = |id: &&CollectorId| !all.iter().any(|other| other.id == **id);
        if let Some(id) = manifest.after.iter().find(unknown) {
            return Err(ManifestError::Value {
                folder: manifest.id.to_string(),
                field: "after",
                value: id.to_string(),
                rule: "but there is no such collector",
            });
        }
    }
    Ok(all)
}

#[derive(Row, Serialize, Deserialize)]
struct CollectorRow {
    collector: CollectorId,
    scope: String,
    schedule: String,
    period_hours: u32,
    freshness_hours: u32,
    timeout_s: u32,
    expected: bool,
    _version: Version,
}

impl TableRow for CollectorRow {
    const TABLE: &'static str = "collectors";
}

#[derive(Row, Deserialize)]
struct KnownCollector {
    collector: CollectorId,
}

/// A collector that is expected to run.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct ExpectedCollector {
    /// Its id.
    pub collector: CollectorId,
    /// `region`, `account` or `payer`.
    pub scope: String,
}

impl Store {
    /// The expected collectors, by id.
    pub async fn expected_collectors(&self) -> Result<Vec<ExpectedCollector>, StoreError> {
        let query = self.client().query(
            "SELECT ?fields FROM (SELECT toString(collector) AS collector, toString(scope) AS scope
             FROM collectors FINAL WHERE expected) ORDER BY collector",
        );
        self.fetch("read collectors", query).await
    }

    /// Records which collectors are expected to run from now on; one that is gone stays, expected no more.
    pub async fn register_collectors(
        &self,
        manifests: &[CollectorManifest],
    ) -> Result<(), StoreError> {
        let version = self.version().await?;
        let query = self
            .client()
            .query("SELECT DISTINCT collector FROM collectors WHERE expected");
        let known: Vec<KnownCollector> = self.fetch("read collectors", query).await?;
        let mut rows: Vec<CollectorRow> = manifests
            .iter()
            .map(|manifest| CollectorRow {
                collector: manifest.id.clone(),
                scope: manifest.scope.as_str().to_owned(),
                schedule: manifest.schedule.clone(),
                period_hours: manifest.period_hours,
                freshness_hours: manifest.freshness_hours,
                timeout_s: manifest.timeout_s,
                expected: true,
                _version: version,
            })
            .collect();
        rows.extend(
            known
                .into_iter()
                .filter(|row| !manifests.iter().any(|m| m.id == row.collector))
                .map(|row| CollectorRow {
                    collector: row.collector,
                    scope: String::new(),
                    schedule: String::new(),
                    period_hours: 0,
                    freshness_hours: 0,
                    timeout_s: 0,
                    expected: false,
                    _version: version,
                }),
        );
        self.insert(&rows).await
    }

    /// Overrides a period of the status rule: `propagation_grace` or `denial_confirmation`, in seconds.
    pub async fn set_rule_period(
        &self,
        setting: &str,
        value_seconds: u32,
    ) -> Result<(), StoreError> {
        let query = self
            .client()
            .query("INSERT INTO rule_settings (setting, value_seconds) VALUES ({setting:String}, {value:UInt32})")
            .param("setting", setting)
            .param("value", value_seconds);
        self.bounded("write rule_settings", query.execute()).await
    }
}
