//! What a listing changes in the registry: who is new, who changed, who has left.
//!
//! Invariant: nothing leaves on the word of a partial listing, and nobody leaves in a crowd unless a person says so.

use std::collections::HashMap;

use crate::{AccountId, RoleArn, Timestamp};

/// Whether an account belongs to its organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Membership {
    /// Listed.
    Member,
    /// Listed once, and missing from a complete listing since.
    Left,
}

impl Membership {
    /// The membership as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Left => "left",
        }
    }
}

/// What discovery knows of one account: the row of `account_facts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFacts {
    /// The account.
    pub account_id: AccountId,
    /// The organization that listed it, or `explicit` for a configured list.
    pub organization_id: String,
    /// The partition, from the account's own ARN.
    pub partition: String,
    /// Its friendly name; the id where nobody names it.
    pub account_name: String,
    /// Its root user's e-mail address.
    pub account_email: String,
    /// AWS's word for its state; empty where no organization says.
    pub org_state: String,
    /// Whether it belongs to the organization.
    pub membership: Membership,
    /// Whether the OU filters admit it.
    pub in_scope: bool,
    /// Whether it is the organization's management account.
    pub is_management: bool,
    /// The root and OUs above it, outermost first.
    pub parents: Vec<String>,
    /// The same by name, as `Root/Workloads/Prod`.
    pub org_unit: String,
    /// When it joined.
    pub joined_at: Option<Timestamp>,
    /// `CREATED` or `INVITED`.
    pub joined_method: String,
    /// The read role that settings and organization give it, before an operator's override.
    pub read_role_arn: RoleArn,
    /// The action role, where one is configured.
    pub action_role_arn: Option<RoleArn>,
    /// When it last came back from being out of monitoring by its own state.
    pub reinstated_at: Option<Timestamp>,
    /// When it was found to have left.
    pub left_at: Option<Timestamp>,
}

impl AccountFacts {
    /// Whether the organization itself (not an operator) puts it outside monitoring.
    fn is_out(&self) -> bool {
        use crate::organization::OrgState;
        self.membership == Membership::Left
            || !self.in_scope
            || OrgState::parse(&self.org_state).ends_monitoring()
    }

    /// The names of the fields in which two rows differ, for the event that reports the change.
    fn differences(&self, other: &Self) -> Vec<&'static str> {
        // Destructured, so that a new field does not compile until it is compared or left out here.
        let Self {
            account_id: _,
            organization_id,
            partition,
            account_name,
            account_email,
            org_state,
            membership,
            in_scope,
            is_management,
            parents,
            org_unit,
            joined_at,
            joined_method,
            read_role_arn,
            action_role_arn,
            // They follow from the others.
            reinstated_at: _,
            left_at: _,
        } = self;
        let fields = [
            ("organization_id", *organization_id != other.organization_id),
            ("partition", *partition != other.partition),
            ("account_name", *account_name != other.account_name),
            ("account_email", *account_email != other.account_email),
            ("org_state", *org_state != other.org_state),
            ("membership", *membership != other.membership),
            ("in_scope", *in_scope != other.in_scope),
            ("is_management", *is_management != other.is_management),
            ("parents", *parents != other.parents),
            ("org_unit", *org_unit != other.org_unit),
            ("joined_at", *joined_at != other.joined_at),
            ("joined_method", *joined_method != other.joined_method),
            ("read_role_arn", *read_role_arn != other.read_role_arn),
            ("action_role_arn", *action_role_arn != other.action_role_arn),
        ];
        fields
            .into_iter()
            .filter(|(_, differs)| *differs)
            .map(|(name, _)| name)
            .collect()
    }
}

/// More accounts would leave at once than anybody should believe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{leaving} of {known} accounts of {organization_id} are missing from the listing: nothing was marked as left; \
     if that is true, confirm it once with `polo discover --accept-removals={leaving}`"
)]
pub struct MassRemoval {
    /// The organization.
    pub organization_id: String,
    /// How many are missing.
    pub leaving: usize,
    /// How many were members.
    pub known: usize,
}

/// A changed account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The account as it is now.
    pub facts: AccountFacts,
    /// The fields that changed.
    pub fields: Vec<&'static str>,
}

/// What a listing changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reconciliation {
    /// Never seen before.
    pub discovered: Vec<AccountFacts>,
    /// Seen before, different now, the ones that left among them.
    pub changed: Vec<Change>,
    /// How many are as they were.
    pub unchanged: usize,
    /// Set if accounts are missing and the guard kept them.
    pub refused: Option<MassRemoval>,
}

impl Reconciliation {
    /// What has to be stored: new and changed accounts.
    pub fn facts(&self) -> impl Iterator<Item = &AccountFacts> {
        let changed = self.changed.iter().map(|change| &change.facts);
        self.discovered.iter().chain(changed)
    }

    /// How many accounts are changed because they have left.
    pub fn left(&self) -> usize {
        let left = |change: &&Change| change.facts.left_at.is_some();
        self.changed.iter().filter(left).count()
    }
}

/// Compares what was seen of one organization with what is known of all.
///
/// `complete` says whether every page was read. `accepted_removals` is the number of leaving accounts that a person
/// has confirmed; it has to be exact, so that it confirms one listing and not the next one too.
pub fn reconcile(
    now: Timestamp,
    organization_id: &str,
    known: &HashMap<AccountId, AccountFacts>,
    seen: Vec<AccountFacts>,
    complete: bool,
    accepted_removals: Option<usize>,
) -> Reconciliation {
    let mut result = Reconciliation::default();
    let seen_ids: std::collections::HashSet<AccountId> =
        seen.iter().map(|facts| facts.account_id.clone()).collect();
    for mut facts in seen {
        let Some(before) = known.get(&facts.account_id) else {
            result.discovered.push(facts);
            continue;
        };
        facts.reinstated_at = if before.is_out() && !facts.is_out() {
            Some(now)
        } else {
            before.reinstated_at
        };
        let fields = facts.differences(before);
        if fields.is_empty() {
            result.unchanged += 1;
        } else {
            result.changed.push(Change { facts, fields });
        }
    }
    if !complete {
        return result;
    }
    let members: Vec<&AccountFacts> = known
        .values()
        .filter(|facts| {
            facts.organization_id == organization_id && facts.membership == Membership::Member
        })
        .collect();
    let mut leaving: Vec<&AccountFacts> = members
        .iter()
        .copied()
        .filter(|facts| !seen_ids.contains(&facts.account_id))
        .collect();
    leaving.sort_by(|a, b| a.account_id.cmp(&b.account_id));
    if is_mass_removal(leaving.len(), members.len()) && accepted_removals != Some(leaving.len()) {
        result.refused = Some(MassRemoval {
            organization_id: organization_id.to_owned(),
            leaving: leaving.len(),
            known: members.len(),
        });
        return result;
    }
    for facts in leaving {
        let mut facts = facts.clone();
        facts.membership = Membership::Left;
        facts.left_at = Some(now);
        result.changed.push(Change {
            facts,
            fields: vec!["membership"],
        });
    }
    result
}

/// More than 20 % and more than three.
fn is_mass_removal(leaving: usize, members: usize) -> bool {
    leaving > 3 && leaving * 5 > members
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};

    fn now() -> Timestamp {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn facts(n: usize) -> AccountFacts {
        let account_id: AccountId = format!("{n:012}").parse().unwrap();
        AccountFacts {
            read_role_arn: format!("arn:aws:iam::{account_id}:role/dev-PoloReadRole")
                .parse()
                .unwrap(),
            account_id,
            organization_id: "o-a".into(),
            partition: "aws".into(),
            account_name: format!("account {n}"),
            account_email: String::new(),
            org_state: "ACTIVE".into(),
            membership: Membership::Member,
            in_scope: true,
            is_management: false,
            parents: vec!["r-b".into()],
            org_unit: "Root".into(),
            joined_at: None,
            joined_method: "CREATED".into(),
            action_role_arn: None,
            reinstated_at: None,
            left_at: None,
        }
    }

    fn known(n: usize) -> HashMap<AccountId, AccountFacts> {
        (0..n).map(|i| (facts(i).account_id, facts(i))).collect()
    }

    fn seen(n: usize) -> Vec<AccountFacts> {
        (0..n).map(facts).collect()
    }

    #[test]
    fn a_quarter_of_twenty_vanishing_marks_nothing_until_the_exact_number_is_accepted() {
        let refused = reconcile(now(), "o-a", &known(20), seen(15), true, None);
        assert_eq!(
            refused.refused.as_ref().map(|r| (r.leaving, r.known)),
            Some((5, 20))
        );
        assert!(refused.changed.is_empty());
        assert!(
            reconcile(now(), "o-a", &known(20), seen(15), true, Some(4))
                .refused
                .is_some()
        );
        let accepted = reconcile(now(), "o-a", &known(20), seen(15), true, Some(5));
        assert_eq!((accepted.refused, accepted.changed.len()), (None, 5));
        assert!(
            accepted
                .changed
                .iter()
                .all(|c| c.facts.membership == Membership::Left)
        );
    }

    #[test]
    fn few_or_a_small_share_may_leave() {
        assert_eq!(
            reconcile(now(), "o-a", &known(4), seen(1), true, None)
                .changed
                .len(),
            3
        );
        assert_eq!(
            reconcile(now(), "o-a", &known(20), seen(16), true, None)
                .changed
                .len(),
            4
        );
        assert!(
            reconcile(now(), "o-a", &known(19), seen(15), true, None)
                .refused
                .is_some()
        );
    }

    #[test]
    fn a_partial_listing_removes_nobody_and_still_discovers() {
        let result = reconcile(now(), "o-a", &known(2), vec![facts(5)], false, None);
        assert_eq!((result.discovered.len(), result.changed.len()), (1, 0));
    }

    #[test]
    fn another_organizations_accounts_do_not_leave_this_one() {
        assert_eq!(
            reconcile(now(), "o-b", &known(3), vec![], true, None),
            Reconciliation::default()
        );
    }

    #[test]
    fn coming_back_is_noted_and_kept() {
        let mut all = known(1);
        let before = all.values_mut().next().unwrap();
        before.org_state = "SUSPENDED".into();
        let back = reconcile(now(), "o-a", &all, seen(1), true, None);
        assert_eq!(back.changed[0].facts.reinstated_at, Some(now()));
        assert_eq!(back.changed[0].fields, ["org_state"]);
        let mut renamed = facts(0);
        renamed.account_name = "new name".into();
        let all = HashMap::from([(facts(0).account_id, back.changed[0].facts.clone())]);
        let later = reconcile(
            now() + TimeDelta::hours(1),
            "o-a",
            &all,
            vec![renamed],
            true,
            None,
        );
        assert_eq!(later.changed[0].facts.reinstated_at, Some(now()));
    }

    #[test]
    fn an_unchanged_account_is_not_written() {
        let result = reconcile(now(), "o-a", &known(3), seen(3), true, None);
        assert_eq!(
            (
                result.unchanged,
                result.discovered.len(),
                result.changed.len()
            ),
            (3, 0, 0)
        );
    }
}
