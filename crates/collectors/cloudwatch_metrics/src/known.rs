//! What the database knows already: when a region was last read to its end, and what was asked of CloudWatch before.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_collect::Target;
use polo_core::{Place, Timestamp};
use polo_store::known_resources::KnownResource;
use polo_store::{Store, StoreError};
use serde::Deserialize;

use crate::metrics::{KINDS, Metric};

#[derive(Row, Deserialize)]
struct PlaceRow {
    place: Place,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    last_look: Option<DateTime<Utc>>,
    has_resources: bool,
}

/// What is known of all places of the account, read once in a run.
pub(crate) struct KnownPlaces(HashMap<Place, PlaceRow>);

impl KnownPlaces {
    pub(crate) async fn read(store: &Store, target: &Target) -> Result<Self, StoreError> {
        let query = store
            .query(
                "SELECT place, maxOrNull(looked_at) AS last_look, toBool(max(is_there)) AS has_resources FROM
                 (
                     SELECT toString(region) AS place, toNullable(looked_at) AS looked_at, 0 AS is_there FROM last_complete_looks
                     WHERE collector = {collector:String} AND account_id = {account:String}
                     UNION ALL
                     SELECT DISTINCT toString(region), NULL, 1 FROM resources FINAL
                     WHERE account_id = {account:String} AND gone_at IS NULL AND resource_type IN {kinds:Array(String)}
                 )
                 GROUP BY place",
            )
            .param("collector", target.origin().collector.as_str())
            .param("account", target.account_id().as_str())
            .param("kinds", KINDS.as_slice());
        let rows: Vec<PlaceRow> = store.fetch("read last_complete_looks", query).await?;
        let by_place = rows.into_iter().map(|row| (row.place.clone(), row));
        Ok(Self(by_place.collect()))
    }

    /// When the last complete look at this place began.
    pub(crate) fn last_look(&self, place: &Place) -> Option<Timestamp> {
        self.0.get(place)?.last_look
    }

    /// Whether there is anything to ask about.
    pub(crate) fn has_resources(&self, place: &Place) -> bool {
        self.0.get(place).is_some_and(|row| row.has_resources)
    }
}

/// What is known of one metric of one resource.
#[derive(Debug, Clone, Row, Deserialize)]
pub(crate) struct Known {
    resource_type: String,
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

/// What is known of some resources, by kind and id.
pub(crate) struct KnownSeries(HashMap<(String, String), Vec<Known>>);

impl KnownSeries {
    /// Reads what is known of resources of one place.
    pub(crate) async fn of(
        store: &Store,
        target: &Target,
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
                "SELECT toString(resource_type) AS resource_type, resource_id, toString(metric) AS metric, toString(statistic) AS statistic,
                     known_from AS from, asked_to AS to, used_at
                 FROM cloudwatch_metrics_asked FINAL
                 WHERE account_id = {account:String} AND region = {region:String} AND resource_type IN {kinds:Array(String)}
                   AND resource_id IN {ids:Array(String)}",
            )
            .param("account", target.account_id().as_str())
            .param("region", target.region())
            .param("kinds", KINDS.as_slice())
            .param("ids", ids);
        let rows: Vec<Known> = store.fetch("read cloudwatch_metrics_asked", query).await?;
        let mut known: HashMap<(String, String), Vec<Known>> = HashMap::new();
        for row in rows {
            let key = (row.resource_type.clone(), row.resource_id.clone());
            known.entry(key).or_default().push(row);
        }
        Ok(Self(known))
    }

    /// What is known of one metric of one resource, if it was ever asked about.
    pub(crate) fn series(&self, resource: &KnownResource, metric: &Metric) -> Option<&Known> {
        let key = (resource.resource_type.clone(), resource.resource_id.clone());
        self.0
            .get(&key)?
            .iter()
            .find(|known| known.metric == metric.name && known.statistic == metric.statistic)
    }
}
