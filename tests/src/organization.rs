//! Small organizations: described here, loaded by `tests/support/load.py` through the stack's own AWS API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// An organization to load.
#[derive(Debug, Clone, Serialize)]
pub struct Organization {
    regions: Vec<&'static str>,
    units: Vec<(&'static str, &'static str)>,
    stack_set_units: Vec<&'static str>,
    accounts: Vec<Account>,
}

/// One of its accounts.
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    name: String,
    unit: &'static str,
    role: &'static str,
    alias: String,
    instances: BTreeMap<&'static str, u32>,
}

/// What was loaded.
#[derive(Debug, Clone, Deserialize)]
pub struct Loaded {
    /// `o-…`.
    pub organization_id: String,
    /// The management account, which is the hub too.
    pub management_id: String,
    /// The ids of OUs by name; the root's under the empty name.
    pub units: BTreeMap<String, String>,
    accounts: BTreeMap<String, String>,
}

impl Default for Organization {
    fn default() -> Self {
        Self {
            // Two are enough to tell one region from another.
            regions: vec!["us-east-1", "eu-central-1"],
            units: Vec::new(),
            stack_set_units: Vec::new(),
            accounts: Vec::new(),
        }
    }
}

impl Organization {
    /// An OU beneath another; the root is the empty name.
    #[must_use]
    pub fn unit(mut self, name: &'static str, parent: &'static str) -> Self {
        self.units.push((name, parent));
        self
    }

    /// The StackSet rolls the read role out to this OU.
    #[must_use]
    pub fn rolled_out_to(mut self, unit: &'static str) -> Self {
        self.stack_set_units.push(unit);
        self
    }

    /// One more account.
    #[must_use]
    pub fn account(mut self, account: Account) -> Self {
        self.accounts.push(account);
        self
    }
}

impl Account {
    /// With a role that trusts Polo's functions by name.
    #[must_use]
    pub fn working(name: &str) -> Self {
        Self::of(name, "pinned")
    }

    /// With a role that trusts the hub account with the external id, whoever it is there.
    #[must_use]
    pub fn open(name: &str) -> Self {
        Self::of(name, "open")
    }

    /// Without a role of its own.
    #[must_use]
    pub fn bare(name: &str) -> Self {
        Self::of(name, "none")
    }

    fn of(name: &str, role: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            unit: "",
            role,
            alias: String::new(),
            instances: BTreeMap::new(),
        }
    }

    /// In this OU.
    #[must_use]
    pub fn in_unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// With an alias.
    #[must_use]
    pub fn alias(mut self, alias: &str) -> Self {
        alias.clone_into(&mut self.alias);
        self
    }

    /// With running instances.
    #[must_use]
    pub fn instances(mut self, region: &'static str, number: u32) -> Self {
        self.instances.insert(region, number);
        self
    }
}

impl Loaded {
    /// The id of an account by its name.
    ///
    /// # Panics
    /// If there is none: the test is wrong.
    #[must_use]
    pub fn account(&self, name: &str) -> &str {
        self.accounts
            .get(name)
            .unwrap_or_else(|| panic!("the organization has no account {name}"))
    }
}
