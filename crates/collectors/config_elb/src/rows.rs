//! From Elastic Load Balancing's words to rows. Pure.
//!
//! Invariant: a resource without an id is no resource; everything else that AWS leaves out is left out of the row too,
//! lists are sorted, because AWS gives them in any order, and what could not be read is listed as `unreadable`.

pub(crate) mod classic;
pub(crate) mod v2;

use polo_collect::{Attributes, SeenResource};
use serde_json::json;

use crate::health::Health;

/// Keys and values, sorted.
pub(crate) type Tags = Vec<(String, String)>;

/// What all kinds share.
fn resource(
    resource_type: &'static str,
    id: &str,
    name: Option<&str>,
    tags: Option<&Tags>,
    attributes: Attributes,
) -> SeenResource {
    SeenResource {
        resource_type,
        resource_id: id.to_owned(),
        arn: String::new(),
        name: name.unwrap_or_default().to_owned(),
        state: String::new(),
        tags: tags.cloned().unwrap_or_default(),
        attributes: attributes.into_value(),
    }
}

/// The counts of targets; `healthy` is the state of a target that requests go to.
fn with_health(attributes: Attributes, health: Option<&Health>, healthy: &str) -> Attributes {
    attributes
        .value("targets", health.map(Health::targets))
        .value(
            "healthy_targets",
            health.map(|health| health.in_state(healthy)),
        )
        .value(
            "targets_by_state",
            health.map(|health| json!(health.by_state())),
        )
}
