//! The organization as a tree of roots, OUs and accounts.
//!
//! Invariants: every account is in it exactly once, also one whose OU nobody knows; a parent that lies beneath its own
//! child, in a table that others write as well, loses no account; a branch without accounts is left out.

use std::collections::{BTreeMap, HashSet};

use polo_core::text::clip;
use polo_store::accounts::AccountRow;
use polo_store::hierarchy::OrganizationNode;

use crate::budget::NAME_CHARACTERS;
use crate::snapshot::{Snapshot, Standing};

/// The id of the branch of accounts whose OU nobody knows, and of those outside an organization.
pub(crate) const OUTSIDE: &str = "outside";

/// A root or an OU with what lies beneath it.
#[derive(Debug)]
pub(crate) struct Branch<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    /// The accounts directly in it: what needs somebody first, then by name.
    pub(crate) accounts: Vec<&'a AccountRow>,
    /// By name.
    pub(crate) branches: Vec<Branch<'a>>,
    /// Of all accounts beneath it.
    pub(crate) tally: Tally,
}

/// How many accounts stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) accounts: usize,
    pub(crate) blocked: usize,
    pub(crate) gaps: usize,
    pub(crate) excluded: usize,
}

impl Tally {
    fn add(&mut self, standing: Standing) {
        self.accounts += 1;
        match standing {
            Standing::Blocked => self.blocked += 1,
            Standing::Gap => self.gaps += 1,
            Standing::Excluded => self.excluded += 1,
            Standing::Covered => {}
        }
    }

    fn merge(&mut self, other: &Self) {
        self.accounts += other.accounts;
        self.blocked += other.blocked;
        self.gaps += other.gaps;
        self.excluded += other.excluded;
    }
}

/// The tree, roots by name, the accounts outside it last.
pub(crate) fn grow(snapshot: &Snapshot) -> Vec<Branch<'_>> {
    let known: HashSet<&str> = snapshot
        .nodes
        .iter()
        .map(|node| node.node_id.as_str())
        .collect();
    let mut children: BTreeMap<&str, Vec<&OrganizationNode>> = BTreeMap::new();
    for node in &snapshot.nodes {
        let parent = node.parent_id.as_str();
        let parent = if known.contains(parent) { parent } else { "" };
        children.entry(parent).or_default().push(node);
    }
    let mut accounts: BTreeMap<&str, Vec<&AccountRow>> = BTreeMap::new();
    for account in &snapshot.accounts {
        let parent = account.parents.last().map_or("", String::as_str);
        let parent = if known.contains(parent) { parent } else { "" };
        accounts.entry(parent).or_default().push(account);
    }
    let roots = children.remove("").unwrap_or_default();
    let mut branches = below(roots, &mut children, &mut accounts, snapshot);
    // What is left hangs on nothing that a root leads to.
    let outside: Vec<&AccountRow> = accounts.into_values().flatten().collect();
    let outside = Branch::of(OUTSIDE, "Outside any OU", outside, Vec::new(), snapshot);
    branches.extend((outside.tally.accounts > 0).then_some(outside));
    branches
}

/// Each node is taken out of `children` with its parent, so that a circle ends.
fn below<'a>(
    mut nodes: Vec<&'a OrganizationNode>,
    children: &mut BTreeMap<&str, Vec<&'a OrganizationNode>>,
    accounts: &mut BTreeMap<&str, Vec<&'a AccountRow>>,
    snapshot: &Snapshot,
) -> Vec<Branch<'a>> {
    nodes.sort_by_key(|node| (&node.node_name, &node.node_id));
    nodes
        .into_iter()
        .map(|node| {
            let id = node.node_id.as_str();
            let inner = children.remove(id).unwrap_or_default();
            let branches = below(inner, children, accounts, snapshot);
            let own = accounts.remove(id).unwrap_or_default();
            Branch::of(id, &node.node_name, own, branches, snapshot)
        })
        .filter(|branch| branch.tally.accounts > 0)
        .collect()
}

impl<'a> Branch<'a> {
    fn of(
        id: &'a str,
        name: &'a str,
        mut accounts: Vec<&'a AccountRow>,
        branches: Vec<Branch<'a>>,
        snapshot: &Snapshot,
    ) -> Self {
        accounts.sort_by_key(|account| snapshot.rank(account));
        let mut tally = Tally::default();
        for account in &accounts {
            tally.add(snapshot.standing(account));
        }
        for branch in &branches {
            tally.merge(&branch.tally);
        }
        Self {
            id,
            name,
            accounts,
            branches,
            tally,
        }
    }

    /// The branches from this one to the one with an id, both included; none if it is not beneath this one.
    pub(crate) fn path_to(&self, id: &str) -> Option<Vec<&Self>> {
        if self.id == id {
            return Some(vec![self]);
        }
        let mut path = self.branches.iter().find_map(|inner| inner.path_to(id))?;
        path.insert(0, self);
        Some(path)
    }

    /// How it is shown: a name that says nothing, as every root has it, comes with its id.
    pub(crate) fn label(&self) -> String {
        label(self.id, self.name)
    }
}

/// The nodes from a root to the one with an id, both included; none if no root leads there.
pub(crate) fn chain<'a>(nodes: &'a [OrganizationNode], id: &str) -> Vec<&'a OrganizationNode> {
    let mut chain: Vec<&OrganizationNode> = Vec::new();
    let mut next = id;
    while let Some(node) = nodes.iter().find(|node| node.node_id == next) {
        if chain.iter().any(|known| known.node_id == node.node_id) {
            // A circle hangs on no root.
            return Vec::new();
        }
        chain.push(node);
        next = &node.parent_id;
    }
    chain.reverse();
    chain
}

/// A node as it is shown.
pub(crate) fn label(id: &str, name: &str) -> String {
    let name = clip(name, NAME_CHARACTERS);
    if name.is_empty() {
        id.to_owned()
    } else if id.starts_with("r-") {
        format!("{name} ({id})")
    } else {
        name.into_owned()
    }
}
