//! What AWS Organizations says: accounts, their states, the tree of OUs, and which of it is in scope.
//!
//! Invariant: a listing knows whether it is complete. Only a complete one may say that an account has left.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AccountId, Timestamp};

/// The state of an account in its organization.
///
/// Source: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html>
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OrgState {
    /// Created, not yet usable.
    PendingActivation,
    /// In use.
    Active,
    /// Suspended by AWS.
    Suspended,
    /// A request to close it is being processed.
    PendingClosure,
    /// Closed; listed for 90 days more.
    Closed,
    /// A state that AWS has added since: kept as it is, and never taken for closed.
    Other(String),
}

impl OrgState {
    /// Reads AWS's word for a state; every word is a state.
    pub fn parse(word: &str) -> Self {
        match word {
            "PENDING_ACTIVATION" => Self::PendingActivation,
            "ACTIVE" => Self::Active,
            "SUSPENDED" => Self::Suspended,
            "PENDING_CLOSURE" => Self::PendingClosure,
            "CLOSED" => Self::Closed,
            other => Self::Other(other.to_owned()),
        }
    }

    /// AWS's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::PendingActivation => "PENDING_ACTIVATION",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::PendingClosure => "PENDING_CLOSURE",
            Self::Closed => "CLOSED",
            Self::Other(word) => word,
        }
    }

    /// Whether the state alone puts an account outside monitoring.
    pub fn ends_monitoring(&self) -> bool {
        match self {
            Self::Suspended | Self::PendingClosure | Self::Closed => true,
            Self::PendingActivation | Self::Active | Self::Other(_) => false,
        }
    }
}

impl fmt::Display for OrgState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An account as Organizations lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgAccount {
    /// The account.
    pub id: AccountId,
    /// Its ARN, which names the partition, the management account and the organization.
    pub arn: String,
    /// Its friendly name.
    pub name: String,
    /// Its root user's e-mail address.
    pub email: String,
    /// Its state.
    pub state: OrgState,
    /// When it joined.
    pub joined_at: Option<Timestamp>,
    /// `CREATED` or `INVITED`.
    pub joined_method: String,
    /// The root and the OUs above it, outermost first; `None` where the listing does not say.
    pub parents: Option<Vec<String>>,
}

/// The root and the OUs that `Account.Paths` names, outermost first.
///
/// A path is `o-…/r-…/ou-…/ou-…/<account id>`; an account lies in one place, so the first path counts.
pub fn parents_of_path(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|part| part.starts_with("r-") || part.starts_with("ou-"))
        .map(str::to_owned)
        .collect()
}

/// A root or an OU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgNode {
    /// `r-…` or `ou-…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The node above it; none for a root.
    pub parent_id: Option<String>,
}

/// The tree of roots and OUs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrgTree {
    nodes: HashMap<String, OrgNode>,
}

impl OrgTree {
    /// A tree of these nodes.
    pub fn new(nodes: impl IntoIterator<Item = OrgNode>) -> Self {
        Self {
            nodes: nodes
                .into_iter()
                .map(|node| (node.id.clone(), node))
                .collect(),
        }
    }

    /// All nodes, by id.
    pub fn nodes(&self) -> Vec<&OrgNode> {
        let mut nodes: Vec<_> = self.nodes.values().collect();
        nodes.sort_by(|a, b| a.id.cmp(&b.id));
        nodes
    }

    /// The chain of ids from the root down to `id`, outermost first.
    pub fn chain(&self, id: &str) -> Vec<String> {
        let mut chain = Vec::new();
        let mut at = Some(id.to_owned());
        while let Some(current) = at {
            // A loop can't come from Organizations; it must not hang us if it does.
            if chain.contains(&current) {
                break;
            }
            at = self
                .nodes
                .get(&current)
                .and_then(|node| node.parent_id.clone());
            chain.push(current);
        }
        chain.reverse();
        chain
    }

    /// The names along a chain of ids, as `Root/Workloads/Prod`; an unknown node shows its id.
    pub fn path_of_names(&self, chain: &[String]) -> String {
        let names: Vec<&str> = chain
            .iter()
            .map(|id| {
                self.nodes
                    .get(id)
                    .map_or(id.as_str(), |node| node.name.as_str())
            })
            .collect();
        names.join("/")
    }
}

/// Which OUs are in scope. A filter excludes; it never hides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OuFilter {
    /// Only accounts beneath one of these; absent means all, empty means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_ous: Option<Vec<String>>,
    /// Not the accounts beneath one of these.
    #[serde(default)]
    pub exclude_ous: Vec<String>,
}

impl OuFilter {
    /// Whether an account beneath `parents` is in scope; exclusion wins.
    pub fn admits(&self, parents: &[String]) -> bool {
        let beneath = |ous: &[String]| ous.iter().any(|ou| parents.contains(ou));
        !beneath(&self.exclude_ous) && self.include_ous.as_deref().is_none_or(beneath)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn an_unknown_state_is_kept_and_is_not_closed() {
        let state = OrgState::parse("HIBERNATED");
        assert_eq!(state, OrgState::Other("HIBERNATED".into()));
        assert_eq!(state.as_str(), "HIBERNATED");
        assert!(!state.ends_monitoring());
    }

    #[test]
    fn paths_give_the_chain_of_parents() {
        assert_eq!(
            parents_of_path("o-a/r-b/ou-b-1/ou-b-2/123456789012/"),
            ids("r-b ou-b-1 ou-b-2")
        );
        assert_eq!(parents_of_path("o-a/r-b/123456789012"), ids("r-b"));
    }

    #[test]
    fn an_absent_include_list_means_all_and_an_empty_one_none() {
        let parents = ids("r-b ou-b-1");
        assert!(OuFilter::default().admits(&parents));
        assert!(
            !OuFilter {
                include_ous: Some(vec![]),
                exclude_ous: vec![]
            }
            .admits(&parents)
        );
        assert!(
            OuFilter {
                include_ous: Some(ids("r-b")),
                exclude_ous: vec![]
            }
            .admits(&parents)
        );
        assert!(
            !OuFilter {
                include_ous: Some(ids("r-b")),
                exclude_ous: ids("ou-b-1")
            }
            .admits(&parents)
        );
    }

    #[test]
    fn the_tree_names_its_paths_and_survives_a_loop() {
        let node = |id: &str, name: &str, parent: Option<&str>| OrgNode {
            id: id.into(),
            name: name.into(),
            parent_id: parent.map(str::to_owned),
        };
        let tree = OrgTree::new([
            node("r-b", "Root", None),
            node("ou-1", "Workloads", Some("r-b")),
            node("ou-2", "Prod", Some("ou-1")),
            node("ou-x", "X", Some("ou-y")),
            node("ou-y", "Y", Some("ou-x")),
        ]);
        assert_eq!(
            tree.path_of_names(&tree.chain("ou-2")),
            "Root/Workloads/Prod"
        );
        assert_eq!(tree.chain("ou-x").len(), 2);
    }
}
