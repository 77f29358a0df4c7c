//! The tree that all parts of Polo share, `hierarchy_nodes` and `hierarchy_dict`.
//!
//! Invariant: only rows with `hierarchy = 'aws_account'` are written, and metadata keys of others stay.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use clickhouse::Row;
use polo_core::organization::OrgTree;
use polo_core::{Timestamp, Version};
use serde::{Deserialize, Serialize};

use crate::registry::Registry;
use crate::{Store, StoreError, TableRow};

const HIERARCHY: &str = "aws_account";

#[derive(Debug, Clone, Row, Serialize, Deserialize)]
struct NodeRow {
    node_id: String,
    node_type: String,
    node_name: String,
    parent_id: String,
    hierarchy: String,
    metadata: Vec<(String, String)>,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    created_at: DateTime<Utc>,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    updated_at: DateTime<Utc>,
    _version: Version,
}

impl TableRow for NodeRow {
    const TABLE: &'static str = "hierarchy_nodes";
}

/// A node as it should be.
struct Wanted {
    node_id: String,
    node_type: &'static str,
    node_name: String,
    parent_id: String,
    metadata: Vec<(&'static str, String)>,
}

/// A root or an OU of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct OrganizationNode {
    /// `r-…` or `ou-…`.
    pub node_id: String,
    /// Its name.
    pub node_name: String,
    /// What it lies in, empty for a root.
    pub parent_id: String,
}

impl Store {
    /// The roots and OUs that were ever listed, by id. One without accounts may be gone: the tree keeps what it saw.
    pub async fn organization_nodes(&self) -> Result<Vec<OrganizationNode>, StoreError> {
        let query = self
            .client()
            .query(
                "SELECT ?fields FROM hierarchy_nodes FINAL
                 WHERE hierarchy = {hierarchy:String} AND node_type IN ('root', 'organizational_unit')
                 ORDER BY node_id",
            )
            .param("hierarchy", HIERARCHY);
        self.fetch("read hierarchy_nodes", query).await
    }

    /// Brings the tree in line with the registry and, where it was listed, with the organization's OUs; then has the
    /// dictionary reloaded. Returns how many nodes changed.
    pub async fn sync_hierarchy(
        &self,
        now: Timestamp,
        registry: &Registry,
        trees: &[OrgTree],
    ) -> Result<usize, StoreError> {
        let version = self.version().await?;
        let query = self
            .client()
            .query("SELECT ?fields FROM hierarchy_nodes FINAL WHERE hierarchy = {hierarchy:String}")
            .param("hierarchy", HIERARCHY);
        let known: Vec<NodeRow> = self.fetch("read hierarchy_nodes", query).await?;
        let known: HashMap<&str, &NodeRow> = known
            .iter()
            .map(|node| (node.node_id.as_str(), node))
            .collect();
        let changed: Vec<NodeRow> = wanted_nodes(registry, trees)
            .into_iter()
            .filter_map(|wanted| changed_node(wanted, &known, now, version))
            .collect();
        self.insert(&changed).await?;
        if !changed.is_empty() || self.hierarchy_dict_is_locked_out().await? {
            self.reload_hierarchy_dict().await?;
        }
        Ok(changed.len())
    }
}

fn wanted_nodes(registry: &Registry, trees: &[OrgTree]) -> Vec<Wanted> {
    let organization_nodes = trees.iter().flat_map(OrgTree::nodes).map(|node| Wanted {
        node_id: node.id.clone(),
        node_type: if node.parent_id.is_some() {
            "organizational_unit"
        } else {
            "root"
        },
        node_name: node.name.clone(),
        parent_id: node.parent_id.clone().unwrap_or_default(),
        metadata: Vec::new(),
    });
    let account_nodes = registry.accounts().map(|account| Wanted {
        node_id: format!("account:{}", account.account_id),
        node_type: "account",
        node_name: account.account_name.clone(),
        parent_id: account.parents.last().cloned().unwrap_or_default(),
        metadata: vec![
            ("role", account.account_role.clone()),
            ("owner", account.owner.clone()),
            ("polo_status", account.polo_status.clone()),
        ],
    });
    organization_nodes.chain(account_nodes).collect()
}

/// The row to write, if the node is not yet as it should be.
fn changed_node(
    wanted: Wanted,
    known: &HashMap<&str, &NodeRow>,
    now: Timestamp,
    version: Version,
) -> Option<NodeRow> {
    let before = known.get(wanted.node_id.as_str());
    let mut metadata: BTreeMap<String, String> = before
        .map(|node| node.metadata.iter().cloned().collect())
        .unwrap_or_default();
    metadata.extend(
        wanted
            .metadata
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value)),
    );
    let unchanged = before.is_some_and(|node| {
        node.node_type == wanted.node_type
            && node.node_name == wanted.node_name
            && node.parent_id == wanted.parent_id
            && node.metadata.iter().cloned().collect::<BTreeMap<_, _>>() == metadata
    });
    (!unchanged).then(|| NodeRow {
        node_id: wanted.node_id,
        node_type: wanted.node_type.to_owned(),
        node_name: wanted.node_name,
        parent_id: wanted.parent_id,
        hierarchy: HIERARCHY.to_owned(),
        metadata: metadata.into_iter().collect(),
        created_at: before.map_or(now, |node| node.created_at),
        updated_at: now,
        _version: before.map_or(version, |node| version.max(node._version.next())),
    })
}
