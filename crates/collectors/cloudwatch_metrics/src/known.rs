//! What the database knows already: when a region was last read to its end, and what was asked of CloudWatch before.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_core::Timestamp;
use polo_runtime::Target;
use polo_store::known_resources::KnownResource;
use polo_store::{Store, StoreError};
use serde::Deserialize;

use crate::metrics::Metric;

#[derive(Row, Deserialize)]
struct LastLook {
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    last: Option<DateTime<Utc>>,
}

/// When the last look at this region began that was read to its end.
pub(crate) async fn last_look(
    store: &Store,
    target: &Target,
) -> Result<Option<Timestamp>, StoreError> {
    let query = store
        .query(
            "SELECT maxOrNull(looked_at) AS last FROM last_complete_looks
             WHERE collector = {collector:String} AND account_id = {account:String} AND region = {region:String}",
        )
        .param("collector", target.look().collector)
        .param("account", target.account_id().as_str())
        .param("region", target.region());
    let rows: Vec<LastLook> = store.fetch("read last_complete_looks", query).await?;
    Ok(rows.first().and_then(|row| row.last))
}

/// What is known of one metric of one resource.
#[derive(Debug, Clone, Row, Deserialize)]
pub(crate) struct Known {
    resource_id: String,
    metric: String,
    statistic: String,
    /// Where the unbroken chain of questions begins.
    #[serde(with = "clickhouse::serde::chrono::datetime")]
    pub(crate) from: DateTime<Utc>,
    /// Up to when it was asked about.
    #[serde(with = "clickhouse::serde::chrono::datetime")]
    pub(crate) to: DateTime<Utc>,
    /// The last hour whose value was above zero.
    #[serde(with = "clickhouse::serde::chrono::datetime::option")]
    pub(crate) used_at: Option<DateTime<Utc>>,
}

/// What is known of some resources of one kind, by their ids.
pub(crate) struct KnownSeries(HashMap<String, Vec<Known>>);

impl KnownSeries {
    /// Reads what is known of resources of one kind.
    pub(crate) async fn of(
        store: &Store,
        target: &Target,
        resource_type: &str,
        resources: &[KnownResource],
    ) -> Result<Self, StoreError> {
        if resources.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        let ids: Vec<&str> = resources
            .iter()
            .map(|resource| resource.resource_id.as_str())
            .collect();
        let query = store
            .query(
                "SELECT resource_id, toString(metric) AS metric, toString(statistic) AS statistic,
                     known_from AS from, asked_to AS to, used_at
                 FROM cloudwatch_metrics_asked FINAL
                 WHERE account_id = {account:String} AND region = {region:String} AND resource_type = {kind:String}
                   AND resource_id IN {ids:Array(String)}",
            )
            .param("account", target.account_id().as_str())
            .param("region", target.region())
            .param("kind", resource_type)
            .param("ids", ids);
        let rows: Vec<Known> = store.fetch("read cloudwatch_metrics_asked", query).await?;
        let mut known: HashMap<String, Vec<Known>> = HashMap::new();
        for row in rows {
            known.entry(row.resource_id.clone()).or_default().push(row);
        }
        Ok(Self(known))
    }

    /// What is known of one metric of one resource, if it was ever asked about.
    pub(crate) fn series(&self, resource_id: &str, metric: &Metric) -> Option<&Known> {
        self.0
            .get(resource_id)?
            .iter()
            .find(|known| known.metric == metric.name && known.statistic == metric.statistic)
    }
}
