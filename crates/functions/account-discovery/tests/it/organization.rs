//! An organization as the wire shows it: accounts page by page, roots, OUs, tags.

use std::collections::BTreeMap;

use polo_testkit::aws::{Call, Reply, accounts_page, organization_account};
use serde_json::{Value, json};

/// The root of every organization here.
pub(crate) const ROOT: &str = "r-examplerootid";
/// An OU, in which accounts lie unless a test says otherwise.
pub(crate) const WORKLOADS: &str = "ou-examplerootid-00000001";
/// Another.
pub(crate) const SANDBOX: &str = "ou-examplerootid-00000002";

/// An account as the listing shows it, who joined at a moment finer than the registry keeps.
pub(crate) fn account(id: &str) -> Value {
    let mut account = organization_account(id);
    account["JoinedTimestamp"] = json!(1_700_000_000.123_456);
    account
}

/// The organization.
#[derive(Clone)]
pub(crate) struct Organization {
    /// `o-…`.
    pub(crate) id: String,
    /// Its management account.
    pub(crate) management: String,
    /// Its accounts, as `ListAccounts` shows them.
    pub(crate) accounts: Vec<Value>,
    /// Where accounts lie, for `ListAccountsForParent` and `ListParents`; else in [`WORKLOADS`].
    pub(crate) places: BTreeMap<String, String>,
    /// Accounts on a page.
    pub(crate) page: usize,
    /// Tags by account.
    pub(crate) tags: BTreeMap<String, Vec<(String, String)>>,
}

impl Organization {
    /// An organization of these accounts, all in [`WORKLOADS`], on one page.
    pub(crate) fn of(id: &str, accounts: &[&str]) -> Self {
        Self {
            id: id.to_owned(),
            management: "111122223333".to_owned(),
            accounts: accounts.iter().map(|id| account(id)).collect(),
            places: BTreeMap::new(),
            page: 20,
            tags: BTreeMap::new(),
        }
    }

    /// One of its accounts, to be changed.
    pub(crate) fn account(&mut self, id: &str) -> &mut Value {
        self.accounts
            .iter_mut()
            .find(|account| account["Id"] == id)
            .unwrap()
    }

    /// Takes fields from all accounts.
    pub(crate) fn forget(&mut self, fields: &[&str]) {
        for account in &mut self.accounts {
            for field in fields {
                account.as_object_mut().unwrap().remove(*field);
            }
        }
    }

    /// Moves an account into an OU.
    pub(crate) fn move_to(&mut self, id: &str, ou: &str) {
        self.places.insert(id.to_owned(), ou.to_owned());
        let account = self.account(id);
        if account.get("Paths").is_some() {
            account["Paths"] = json!([format!("o-exampleorgid/{ROOT}/{ou}/{id}/")]);
        }
    }

    /// Removes an account.
    pub(crate) fn remove(&mut self, id: &str) {
        self.accounts.retain(|account| account["Id"] != id);
    }

    fn place(&self, id: &str) -> &str {
        self.places.get(id).map_or(WORKLOADS, String::as_str)
    }

    fn page_of(&self, accounts: &[Value], call: &Call) -> Reply {
        let from = call.parameter("NextToken").parse().unwrap_or(0);
        let to = (from + self.page).min(accounts.len());
        let next = (to < accounts.len()).then(|| to.to_string());
        accounts_page(&accounts[from..to], next.as_deref())
    }

    /// What it answers.
    pub(crate) fn answer(&self, call: &Call) -> Reply {
        let parent = call.parameter("ParentId");
        match call.operation.as_str() {
            "DescribeOrganization" => Reply::json(json!({"Organization": {
                "Id": self.id, "MasterAccountId": self.management,
                "Arn": format!("arn:aws:organizations::{}:organization/{}", self.management, self.id)
            }})),
            "ListAccounts" => self.page_of(&self.accounts, call),
            "ListRoots" => Reply::json(json!({"Roots": [{"Id": ROOT, "Name": "Root"}]})),
            "ListOrganizationalUnitsForParent" => {
                let units = if parent == ROOT {
                    json!([{"Id": WORKLOADS, "Name": "Workloads"}, {"Id": SANDBOX, "Name": "Sandbox"}])
                } else {
                    json!([])
                };
                Reply::json(json!({"OrganizationalUnits": units}))
            }
            "ListAccountsForParent" => {
                let below: Vec<Value> = self
                    .accounts
                    .iter()
                    .filter(|account| self.place(account["Id"].as_str().unwrap()) == parent)
                    .cloned()
                    .collect();
                self.page_of(&below, call)
            }
            "DescribeAccount" => {
                let id = call.parameter("AccountId");
                match self.accounts.iter().find(|account| account["Id"] == *id) {
                    Some(account) => Reply::json(json!({"Account": account})),
                    None => Reply::error(
                        400,
                        "AccountNotFoundException",
                        "You specified an account that doesn't exist.",
                    ),
                }
            }
            "ListParents" => {
                let child = call.parameter("ChildId");
                let parent = if child.starts_with("ou-") {
                    ROOT
                } else {
                    self.place(&child)
                };
                Reply::json(json!({"Parents": [{"Id": parent, "Type": "ORGANIZATIONAL_UNIT"}]}))
            }
            "ListTagsForResource" => {
                let tags: Vec<Value> = self
                    .tags
                    .get(&call.parameter("ResourceId"))
                    .into_iter()
                    .flatten()
                    .map(|(key, value)| json!({"Key": key, "Value": value}))
                    .collect();
                Reply::json(json!({"Tags": tags}))
            }
            other => Reply::error(400, "NoSuchOperationHere", other),
        }
    }
}
