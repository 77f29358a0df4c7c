//! Resources and their history, `resources` and `resource_changes`.
//!
//! Invariant: a resource is gone only if a look at its place was complete, and the look that began last
//! wins. History is written before state, so that a change is recorded again, not lost, if an attempt dies in between.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_core::{AccountId, CollectorId, Place, Timestamp, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Store, StoreError, TableRow};

/// How many resources are compared and stored at a time, at most.
pub const BATCH_ROWS: usize = 2_000;

/// How many bytes of resources are compared and stored at a time, about: resources with many tags make smaller batches.
pub const BATCH_BYTES: usize = 1 << 20;

/// How many bytes of ids one statement takes. The server refuses a parameter of 128 KiB.
const ID_BYTES: usize = 64 << 10;

/// One resource as a collector saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenResource {
    /// The kind, as CloudFormation would say it in snake_case: `ec2_instance`, `ec2_volume`.
    pub resource_type: &'static str,
    /// Its id within account, region and kind.
    pub resource_id: String,
    /// Its ARN.
    pub arn: String,
    /// Its name, for people; empty where it has none.
    pub name: String,
    /// Its state in its service's words; empty where it has none.
    pub state: String,
    /// Its tags, sorted by key.
    pub tags: Vec<(String, String)>,
    /// What it costs or wastes on, as a JSON object with sorted keys.
    pub attributes: serde_json::Value,
}

impl SeenResource {
    /// About how many bytes it takes, in memory and on the wire.
    pub fn bytes(&self) -> usize {
        let tags: usize = self
            .tags
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum();
        let texts = [&self.resource_id, &self.arn, &self.name, &self.state];
        let texts: usize = texts.iter().map(|text| text.len()).sum();
        texts + tags + self.attributes.to_string().len()
    }

    /// How many bytes its id takes in an array of a parameter at most: quoted, and every byte escaped.
    fn id_parameter_bytes(&self) -> usize {
        2 * self.resource_id.len() + 3
    }
}

/// One reading of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The place.
    pub place: Place,
    /// The version before the place's first call, under which all that it sees is stored.
    pub version: Version,
}

impl Look {
    /// When it began.
    pub fn started_at(&self) -> Timestamp {
        self.version.at()
    }
}

/// Who looks: a run of a collector in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The account.
    pub account_id: AccountId,
    /// The collector.
    pub collector: CollectorId,
    /// The run.
    pub run_id: Uuid,
}

/// A resource, and the look that saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The look.
    pub look: Arc<Look>,
    /// The resource.
    pub resource: SeenResource,
}

/// How many rows were written of each place.
pub type RowsWritten = HashMap<Place, u64>;

/// Batches that are bounded by rows, by bytes and by the bytes of their ids. A resource above a bound is a batch of its own.
fn batches(seen: &[Seen]) -> Vec<&[Seen]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes, mut id_bytes) = (0, 0, 0);
    for (at, Seen { resource, .. }) in seen.iter().enumerate() {
        let (more, more_id) = (resource.bytes(), resource.id_parameter_bytes());
        let is_full =
            at - start == BATCH_ROWS || bytes + more > BATCH_BYTES || id_bytes + more_id > ID_BYTES;
        if is_full && at > start {
            batches.push(&seen[start..at]);
            (start, bytes, id_bytes) = (at, 0, 0);
        }
        bytes += more;
        id_bytes += more_id;
    }
    if start < seen.len() {
        batches.push(&seen[start..]);
    }
    batches
}

#[derive(Debug, Clone, Row, Serialize, Deserialize)]
struct ResourceRow {
    account_id: AccountId,
    region: Place,
    resource_type: String,
    resource_id: String,
    collector: CollectorId,
    arn: String,
    name: String,
    state: String,
    tags: Vec<(String, String)>,
    attributes: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    first_seen_at: DateTime<Utc>,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    last_seen_at: DateTime<Utc>,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis::option")]
    gone_at: Option<DateTime<Utc>>,
    #[serde(with = "clickhouse::serde::uuid")]
    run_id: Uuid,
    _version: Version,
}

impl TableRow for ResourceRow {
    const TABLE: &'static str = "resources";
}

impl ResourceRow {
    fn new(
        origin: &Origin,
        look: &Look,
        resource: &SeenResource,
        before: Option<&ResourceRow>,
    ) -> Self {
        Self {
            account_id: origin.account_id.clone(),
            region: look.place.clone(),
            resource_type: resource.resource_type.to_owned(),
            resource_id: resource.resource_id.clone(),
            collector: origin.collector.clone(),
            arn: resource.arn.clone(),
            name: resource.name.clone(),
            state: resource.state.clone(),
            tags: resource.tags.clone(),
            attributes: resource.attributes.to_string(),
            first_seen_at: before.map_or(look.started_at(), |before| before.first_seen_at),
            last_seen_at: look.started_at(),
            gone_at: None,
            run_id: origin.run_id,
            _version: look.version,
        }
    }

    /// What a change of is a change of the resource, as JSON for the history.
    fn content(&self) -> serde_json::Value {
        let attributes = serde_json::from_str(&self.attributes)
            .unwrap_or_else(|_| serde_json::Value::String(self.attributes.clone()));
        let tags: serde_json::Map<String, serde_json::Value> = self
            .tags
            .iter()
            .map(|(key, value)| (key.clone(), value.clone().into()))
            .collect();
        serde_json::json!({
            "arn": self.arn, "name": self.name, "state": self.state, "tags": tags, "attributes": attributes
        })
    }
}

#[derive(Debug, Row, Serialize)]
struct ChangeRow {
    account_id: AccountId,
    region: Place,
    resource_type: String,
    resource_id: String,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    changed_at: DateTime<Utc>,
    change: &'static str,
    before: String,
    after: String,
    #[serde(with = "clickhouse::serde::uuid")]
    run_id: Uuid,
}

impl TableRow for ChangeRow {
    const TABLE: &'static str = "resource_changes";
}

impl ChangeRow {
    /// A change of `before` into `row`, which the look of `row` found.
    fn new(row: &ResourceRow, change: &'static str, before: Option<&ResourceRow>) -> Self {
        let after = if change == "gone" {
            String::new()
        } else {
            row.content().to_string()
        };
        Self {
            account_id: row.account_id.clone(),
            region: row.region.clone(),
            resource_type: row.resource_type.clone(),
            resource_id: row.resource_id.clone(),
            changed_at: row._version.at(),
            change,
            before: before
                .map(|before| before.content().to_string())
                .unwrap_or_default(),
            after,
            run_id: row.run_id,
        }
    }
}

#[derive(Debug, Row, Deserialize)]
struct ResourceCount {
    account_id: String,
    resources: u64,
}

impl Store {
    /// How many resources each account has now; an account without any is not in it.
    pub async fn resource_counts(&self) -> Result<HashMap<String, u64>, StoreError> {
        let query = self
            .client()
            .query("SELECT account_id, count() AS resources FROM v_resources GROUP BY account_id");
        let rows: Vec<ResourceCount> = self.fetch("count v_resources", query).await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.account_id, row.resources))
            .collect())
    }

    /// Stores resources that looks of one run saw, and what about them is new.
    pub async fn write_seen(
        &self,
        origin: &Origin,
        seen: &[Seen],
    ) -> Result<RowsWritten, StoreError> {
        let mut written = RowsWritten::new();
        let mut left = batches(seen);
        left.reverse();
        while let Some(batch) = left.pop() {
            let Some(known) = self.known_resources(origin, batch).await? else {
                let (half, rest) = batch.split_at(batch.len() / 2);
                left.extend([rest, half]);
                continue;
            };
            let mut rows = Vec::with_capacity(batch.len());
            let mut changes = Vec::new();
            for Seen { look, resource } in batch {
                let before = known.get(&key(look, resource));
                if before.is_some_and(|before| before._version > look.version) {
                    // A look that began later has been here: this one has nothing to add.
                    continue;
                }
                let row = ResourceRow::new(origin, look, resource, before);
                let change = match before {
                    None => Some("appeared"),
                    Some(before) if before.gone_at.is_some() => Some("returned"),
                    Some(before) if before.content() != row.content() => Some("changed"),
                    Some(_) => None,
                };
                changes.extend(change.map(|change| ChangeRow::new(&row, change, before)));
                rows.push(row);
            }
            self.write_changes(&changes, &rows, &mut written).await?;
        }
        Ok(written)
    }

    /// Marks as gone what complete looks of one run did not see.
    ///
    /// To be called only after every page of their places was read and every resource of it stored.
    pub async fn mark_gone(
        &self,
        origin: &Origin,
        looks: &[Arc<Look>],
    ) -> Result<RowsWritten, StoreError> {
        let mut written = RowsWritten::new();
        if looks.is_empty() {
            return Ok(written);
        }
        let places: Vec<&str> = looks.iter().map(|look| look.place.as_str()).collect();
        let versions: Vec<u64> = looks.iter().map(|look| look.version.0).collect();
        let look_of: HashMap<&Place, &Look> =
            looks.iter().map(|look| (&look.place, &**look)).collect();
        let mut limit = BATCH_ROWS;
        let mut after = (String::new(), String::new(), String::new());
        loop {
            let query = self
                .client()
                .query(
                    "WITH {versions:Array(UInt64)}[indexOf({places:Array(String)}, toString(region))] AS looked
                     SELECT ?fields FROM resources FINAL
                     WHERE account_id = {account:String} AND region IN {places:Array(String)} AND collector = {collector:String}
                       AND gone_at IS NULL AND _version < looked AND last_seen_at < fromUnixTimestamp64Micro(toInt64(looked), 'UTC')
                       AND (region > {place:String} OR (region = {place:String} AND (resource_type > {type:String}
                           OR (resource_type = {type:String} AND resource_id > {id:String}))))
                     ORDER BY region, resource_type, resource_id LIMIT {limit:UInt64}",
                )
                .param("account", origin.account_id.as_str())
                .param("places", &places)
                .param("versions", &versions)
                .param("collector", origin.collector.as_str())
                .param("place", &after.0)
                .param("type", &after.1)
                .param("id", &after.2)
                .param("limit", limit);
            const READ: &str = "read resources not seen";
            let rows: Vec<ResourceRow> = if limit == 1 {
                self.fetch(READ, query).await?
            } else if let Some(rows) = self.fetch_some(READ, query).await? {
                rows
            } else {
                limit /= 2;
                continue;
            };
            let is_last = rows.len() < limit;
            if let Some(last) = rows.last() {
                after = (
                    last.region.to_string(),
                    last.resource_type.clone(),
                    last.resource_id.clone(),
                );
            }
            let mut changes = Vec::with_capacity(rows.len());
            let mut gone = Vec::with_capacity(rows.len());
            for before in rows {
                let Some(look) = look_of.get(&before.region) else {
                    continue;
                };
                let row = ResourceRow {
                    gone_at: Some(look.started_at()),
                    run_id: origin.run_id,
                    _version: look.version,
                    ..before.clone()
                };
                changes.push(ChangeRow::new(&row, "gone", Some(&before)));
                gone.push(row);
            }
            self.write_changes(&changes, &gone, &mut written).await?;
            if is_last {
                return Ok(written);
            }
        }
    }

    async fn write_changes(
        &self,
        changes: &[ChangeRow],
        rows: &[ResourceRow],
        written: &mut RowsWritten,
    ) -> Result<(), StoreError> {
        self.insert(changes).await?;
        self.insert(rows).await?;
        let places = rows.iter().map(|row| &row.region);
        for place in places.chain(changes.iter().map(|change| &change.region)) {
            *written.entry(place.clone()).or_default() += 1;
        }
        Ok(())
    }

    /// What is stored of these resources; none if that is too much for one answer and they can be halved.
    async fn known_resources(
        &self,
        origin: &Origin,
        batch: &[Seen],
    ) -> Result<Option<HashMap<Key, ResourceRow>>, StoreError> {
        let ids: Vec<&str> = batch
            .iter()
            .map(|seen| seen.resource.resource_id.as_str())
            .collect();
        let distinct = |texts: BTreeSet<&'_ str>| texts.into_iter().map(str::to_owned).collect();
        let types: Vec<String> = distinct(
            batch
                .iter()
                .map(|seen| seen.resource.resource_type)
                .collect(),
        );
        let places: Vec<String> =
            distinct(batch.iter().map(|seen| seen.look.place.as_str()).collect());
        let query = self
            .client()
            .query(
                "SELECT ?fields FROM resources FINAL
                 WHERE account_id = {account:String} AND region IN {places:Array(String)}
                   AND resource_type IN {types:Array(String)} AND resource_id IN {ids:Array(String)}",
            )
            .param("account", origin.account_id.as_str())
            .param("places", places)
            .param("types", types)
            .param("ids", ids);
        const READ: &str = "read resources";
        let rows: Option<Vec<ResourceRow>> = if batch.len() == 1 {
            Some(self.fetch(READ, query).await?)
        } else {
            self.fetch_some(READ, query).await?
        };
        Ok(rows.map(|rows| {
            rows.into_iter()
                .map(|row| {
                    let key = (
                        row.region.clone(),
                        row.resource_type.clone(),
                        row.resource_id.clone(),
                    );
                    (key, row)
                })
                .collect()
        }))
    }
}

/// Place, type and id of a resource.
type Key = (Place, String, String);

fn key(look: &Look, resource: &SeenResource) -> Key {
    (
        look.place.clone(),
        resource.resource_type.to_owned(),
        resource.resource_id.clone(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(count: usize, id_length: usize, tag_length: usize) -> Vec<Seen> {
        let look = Arc::new(Look {
            place: Place::Account,
            version: Version(1),
        });
        let resource = SeenResource {
            resource_type: "log_group",
            resource_id: "i".repeat(id_length),
            arn: String::new(),
            name: String::new(),
            state: String::new(),
            tags: vec![("key".into(), "v".repeat(tag_length))],
            attributes: serde_json::json!({}),
        };
        vec![Seen { look, resource }; count]
    }

    fn sizes(seen: &[Seen]) -> Vec<usize> {
        batches(seen).iter().map(|batch| batch.len()).collect()
    }

    #[test]
    fn batches_are_bounded_by_rows_bytes_and_ids() {
        assert!(sizes(&[]).is_empty());
        assert_eq!(sizes(&seen(2_001, 10, 10)), [2_000, 1]);
        // 65,536 bytes hold 81 ids of 803 bytes.
        assert_eq!(sizes(&seen(100, 400, 10)), [81, 19]);
        assert_eq!(sizes(&seen(3, 10, BATCH_BYTES / 2)), [1, 1, 1]);
        assert_eq!(sizes(&seen(2, 10, BATCH_BYTES * 3)), [1, 1]);
    }
}
