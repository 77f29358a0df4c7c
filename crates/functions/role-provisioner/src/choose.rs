//! Which accounts to ask an instance for, and why not the others. Pure.
//!
//! Invariant: only an account that waits for its role, that the StackSet targets, and that gets no role by itself any
//! more is asked for; an excluded account never is.

use std::collections::BTreeSet;
use std::fmt;

use chrono::TimeDelta;
use polo_aws::StackInstance;
use polo_aws::stack_set_operations::OUS_AT_MOST;
use polo_core::organization::OrgState;
use polo_core::{AccountId, PoloStatus, Timestamp};
use polo_store::StoreError;
use polo_store::accounts::AccountRow;
use polo_store::provisioning::{ProvisioningAction, ProvisioningHistory};

/// An account that Polo has just found is left to auto-deployment, which begins within minutes of its entering an OU.
const LEFT_TO_AUTO_DEPLOYMENT: TimeDelta = TimeDelta::minutes(30);
/// The pauses after one attempt, after two failed ones, and after more. Each is a little shorter than the hours that it
/// stands for, so that a tick that comes seconds early does not wait for the next one.
const PAUSES: [TimeDelta; 3] = [
    TimeDelta::minutes(55),
    TimeDelta::minutes(5 * 60 + 55),
    TimeDelta::minutes(23 * 60 + 55),
];
/// Accounts in one operation; the others wait for the next one.
const ACCOUNTS_AT_MOST: usize = 1_000;

/// What the choice goes by, beyond the account.
pub(crate) struct Rules<'a> {
    /// The OUs or roots that the StackSet targets.
    pub(crate) rollout_ous: &'a [String],
    /// The read role that the StackSet makes, with its path if it has one.
    pub(crate) read_role_name: &'a str,
    /// Whether a person asks, who need not wait.
    pub(crate) by_hand: bool,
    /// Now.
    pub(crate) now: Timestamp,
}

/// An account to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) account_id: AccountId,
    pub(crate) action: ProvisioningAction,
    /// The target of the StackSet that it lies beneath.
    pub(crate) ou_id: String,
}

/// Why an account is not asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WhyNot {
    Excluded { reason: String },
    Active,
    ManagementAccount,
    OutsideRollout { ous: String },
    NotActiveInAws { state: String },
    OtherRole { role_arn: String },
    Current,
    UnderWay,
    Inoperable,
    NotChecked,
    AskedBefore,
    LeftToAutoDeployment { until: Timestamp },
    Pausing { failures: u32, until: Timestamp },
}

impl WhyNot {
    /// A stable name for counts.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            Self::Excluded { .. } => "excluded",
            Self::Active => "active",
            Self::ManagementAccount => "management_account",
            Self::OutsideRollout { .. } => "outside_rollout",
            Self::NotActiveInAws { .. } => "not_active_in_aws",
            Self::OtherRole { .. } => "other_role",
            Self::Current => "current",
            Self::UnderWay => "under_way",
            Self::Inoperable => "inoperable",
            Self::NotChecked => "not_checked",
            Self::AskedBefore => "asked_before",
            Self::LeftToAutoDeployment { .. } => "left_to_auto_deployment",
            Self::Pausing { .. } => "pausing",
        }
    }
}

/// The rest of a sentence that begins with "account 123456789012 ".
impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Excluded { reason } => {
                write!(f, "is excluded ({reason}): it gets no role until that is lifted")
            }
            Self::Active => f.write_str("is active: its role works, there is nothing to deploy"),
            Self::ManagementAccount => f.write_str(
                "is the organization's management account, which StackSets skip: deploy the roles stack there",
            ),
            Self::OutsideRollout { ous } => write!(
                f,
                "lies beneath none of the StackSet's targets ({ous}): move it, add its OU to POLO_ROLLOUT_OUS and the \
                 StackSet, or make its role with `polo roles commands`"
            ),
            Self::NotActiveInAws { state } => {
                write!(f, "is {state} in AWS Organizations: a StackSet deploys to active accounts alone")
            }
            Self::OtherRole { role_arn } => write!(
                f,
                "is read through {role_arn}, which the StackSet does not make: correct that role, or set it back with \
                 `polo accounts set --read-role-arn default`"
            ),
            Self::Current => f.write_str(
                "has a current stack instance: its role is deployed, so trust, external id or a policy refuse Polo",
            ),
            Self::UnderWay => f.write_str("has a stack instance that is being deployed now: wait for it"),
            Self::Inoperable => f.write_str(
                "has an inoperable stack instance, which no operation mends: delete the instance with its stack \
                 retained, then the stack in the account",
            ),
            Self::NotChecked => f.write_str(
                "has no access check that says anything: its role may be there already, so check it first with `polo verify`",
            ),
            Self::AskedBefore => f.write_str("was asked for, and that operation has not ended yet: wait for it"),
            Self::LeftToAutoDeployment { until } => write!(
                f,
                "is new: the StackSet's auto-deployment has until {} to serve it",
                minute(*until)
            ),
            Self::Pausing { failures, until } => write!(
                f,
                "was asked for lately and failed {failures} times in a row: it is asked for again after {}",
                minute(*until)
            ),
        }
    }
}

fn minute(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// An account of the registry, its text understood.
pub(crate) struct Account {
    pub(crate) id: AccountId,
    status: PoloStatus,
    row: AccountRow,
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id()?,
            status: row.status()?,
            row,
        })
    }
}

impl Account {
    /// The StackSet's target above an account that waits for the StackSet's role, as far as Polo knows by itself.
    pub(crate) fn target(&self, rules: &Rules<'_>) -> Result<String, WhyNot> {
        let row = &self.row;
        match self.status {
            PoloStatus::Excluded => {
                return Err(WhyNot::Excluded {
                    reason: row.status_reason.clone(),
                });
            }
            PoloStatus::Active => return Err(WhyNot::Active),
            PoloStatus::PendingSetup | PoloStatus::NoAccess => {}
        }
        if row.is_management {
            return Err(WhyNot::ManagementAccount);
        }
        // The nearest one: the fewer accounts a target holds, the less a mistake could reach.
        let mut above = row.parents.iter().rev();
        let Some(ou_id) = above.find(|parent| rules.rollout_ous.contains(parent)) else {
            return Err(WhyNot::OutsideRollout {
                ous: rules.rollout_ous.join(", "),
            });
        };
        if OrgState::parse(&row.org_state) != OrgState::Active {
            return Err(WhyNot::NotActiveInAws {
                state: row.org_state.clone(),
            });
        }
        let made = format!(":role/{}", rules.read_role_name);
        if !row.polo_read_role.ends_with(&made) {
            return Err(WhyNot::OtherRole {
                role_arn: row.polo_read_role.clone(),
            });
        }
        if row.read_verdict == "none" {
            return Err(WhyNot::NotChecked);
        }
        Ok(ou_id.clone())
    }

    /// What to ask for, where its place is [`Self::target`] and this is all that there is of its instance and attempts.
    pub(crate) fn wanted(
        &self,
        ou_id: String,
        instance: Option<&StackInstance>,
        history: Option<&ProvisioningHistory>,
        rules: &Rules<'_>,
    ) -> Result<Wanted, WhyNot> {
        let action = action(instance)?;
        if let Some(why_not) = self.too_early(action, history, rules) {
            return Err(why_not);
        }
        Ok(Wanted {
            account_id: self.id.clone(),
            action,
            ou_id,
        })
    }

    fn too_early(
        &self,
        action: ProvisioningAction,
        history: Option<&ProvisioningHistory>,
        rules: &Rules<'_>,
    ) -> Option<WhyNot> {
        if history.is_some_and(|history| history.is_open) {
            return Some(WhyNot::AskedBefore);
        }
        if rules.by_hand {
            return None;
        }
        let served_until = self.row.discovered_at + LEFT_TO_AUTO_DEPLOYMENT;
        if action == ProvisioningAction::Create && rules.now < served_until {
            return Some(WhyNot::LeftToAutoDeployment {
                until: served_until,
            });
        }
        let history = history?;
        let until = history.last_taken_at? + pause_after(history.failures);
        (rules.now < until).then_some(WhyNot::Pausing {
            failures: history.failures,
            until,
        })
    }
}

/// What the instance asks for.
fn action(instance: Option<&StackInstance>) -> Result<ProvisioningAction, WhyNot> {
    let Some(instance) = instance else {
        return Ok(ProvisioningAction::Create);
    };
    match (instance.status.as_str(), instance.detailed_status.as_str()) {
        ("CURRENT", _) => Err(WhyNot::Current),
        ("INOPERABLE", _) => Err(WhyNot::Inoperable),
        (_, "PENDING" | "RUNNING") => Err(WhyNot::UnderWay),
        _ => Ok(ProvisioningAction::Update),
    }
}

fn pause_after(failures: u32) -> TimeDelta {
    match failures {
        0 | 1 => PAUSES[0],
        2 => PAUSES[1],
        _ => PAUSES[2],
    }
}

/// The accounts of one operation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Group {
    pub(crate) ou_ids: BTreeSet<String>,
    pub(crate) account_ids: Vec<AccountId>,
    /// How many wait for the next operation, because one takes so many accounts and OUs.
    pub(crate) left: usize,
}

/// The wanted accounts of one action, as many as one operation takes.
pub(crate) fn group(wanted: &[Wanted], action: ProvisioningAction) -> Group {
    let mut group = Group::default();
    for one in wanted.iter().filter(|one| one.action == action) {
        let fits = group.ou_ids.contains(&one.ou_id) || group.ou_ids.len() < OUS_AT_MOST;
        if fits && group.account_ids.len() < ACCOUNTS_AT_MOST {
            group.ou_ids.insert(one.ou_id.clone());
            group.account_ids.push(one.account_id.clone());
        } else {
            group.left += 1;
        }
    }
    group
}

#[cfg(test)]
mod tests;
