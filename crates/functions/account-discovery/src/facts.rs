//! From what is listed to what the registry holds. Pure.

use polo_core::organization::{OrgAccount, OrgTree, OuFilter};
use polo_core::reconcile::{AccountFacts, Membership};
use polo_core::{AccountId, Partition, RoleArn};
use polo_runtime::Config;

/// What is common to the accounts of one listing.
pub(crate) struct Frame<'a> {
    pub(crate) config: &'a Config,
    pub(crate) organization_id: &'a str,
    pub(crate) management_account_id: &'a AccountId,
    pub(crate) filter: &'a OuFilter,
    pub(crate) home_partition: Partition,
}

impl Frame<'_> {
    /// The partition of an account: its own ARN's, else its home region's.
    pub(crate) fn partition(&self, account: &OrgAccount) -> Partition {
        Partition::of_arn(&account.arn).unwrap_or_else(|| self.home_partition.clone())
    }

    /// The facts about a listed account whose place is known.
    pub(crate) fn facts(
        &self,
        account: &OrgAccount,
        parents: &[String],
        tree: &OrgTree,
    ) -> AccountFacts {
        let partition = self.partition(account);
        let role = |name: &str| RoleArn::new(partition.clone(), account.id.clone(), name);
        AccountFacts {
            account_id: account.id.clone(),
            organization_id: self.organization_id.to_owned(),
            account_name: account.name.clone(),
            account_email: account.email.clone(),
            org_state: account.state.as_str().to_owned(),
            membership: Membership::Member,
            in_scope: self.filter.admits(parents),
            is_management: account.id == *self.management_account_id,
            parents: parents.to_vec(),
            org_unit: tree.path_of_names(parents),
            joined_at: account.joined_at,
            joined_method: account.joined_method.clone(),
            read_role_arn: role(&self.config.read_role_name),
            action_role_arn: self.config.action_role_name.as_deref().map(role),
            reinstated_at: None,
            left_at: None,
            partition: partition.to_string(),
        }
    }
}
