//! What other collectors have found, for a collector that asks about resources instead of listing them.
//!
//! Invariant: only what is there now, and a page at a time: an account may have a hundred thousand.

use clickhouse::Row;
use polo_core::{AccountId, Place};
use serde::Deserialize;

use crate::{Store, StoreError};

/// A resource that is there.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct KnownResource {
    /// The kind, as `ec2_instance`.
    pub resource_type: String,
    /// Its id within account, region and kind.
    pub resource_id: String,
    /// Its ARN.
    pub arn: String,
    /// Its state in its service's words.
    pub state: String,
    /// Its attributes, a JSON object.
    pub attributes: String,
}

impl Store {
    /// The resources of these kinds at one place of an account, in the order of the kinds and then by id, `limit` of them
    /// at most, beginning behind `after`.
    pub async fn known_resources_after(
        &self,
        account_id: &AccountId,
        place: &Place,
        resource_types: &[&str],
        after: Option<&KnownResource>,
        limit: usize,
    ) -> Result<Vec<KnownResource>, StoreError> {
        let (after_type, after_id) = after.map_or(("", ""), |last| {
            (last.resource_type.as_str(), last.resource_id.as_str())
        });
        let done = resource_types.iter().position(|kind| *kind == after_type);
        let left = &resource_types[done.unwrap_or_default()..];
        let query = self
            .query(
                "SELECT toString(resource_type) AS resource_type, resource_id, arn, toString(state) AS state, attributes
                 FROM resources AS r FINAL
                 WHERE account_id = {account:String} AND region = {place:String} AND gone_at IS NULL
                   AND r.resource_type IN {types:Array(String)}
                   AND (r.resource_type != {after_type:String} OR resource_id > {after_id:String})
                 ORDER BY indexOf({types:Array(String)}, resource_type), resource_id LIMIT {limit:UInt64}",
            )
            .param("account", account_id.as_str())
            .param("place", place.as_str())
            .param("types", left)
            .param("after_type", after_type)
            .param("after_id", after_id)
            .param("limit", limit);
        self.fetch("read resources", query).await
    }
}
