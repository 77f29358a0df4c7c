//! Makes the StackSet's instances for accounts that wait for their role and get none by themselves: auto-deployment serves
//! accounts that enter an OU, once, and an instance that has failed stays failed.
//!
//! Invariants: an account is never asked for because the StackSet could not be read; one operation for all accounts of
//! one action; the same delivery asks for the same operation, however often it arrives.

mod ask;
mod choose;
mod settle;
mod stack_set;

use std::collections::{BTreeMap, HashMap};

use polo_core::{Field, Invocation, ids};
use polo_runtime::config::{ConfigProblem, ProvisioningConfig, StackSetConfig};
use polo_runtime::{Context, Function, FunctionError, Request};
use polo_store::provisioning::{ProvisioningAction, ProvisioningHistory};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ask::{Asked, ask};
use crate::choose::{Account, Rules, Wanted, WhyNot, group};
use crate::settle::settle;
use crate::stack_set::StackSet;

/// New instances first: they wait for nothing but the call.
const ACTIONS: [ProvisioningAction; 2] = [ProvisioningAction::Create, ProvisioningAction::Update];

/// The function.
pub struct RoleProvisioner {
    context: Context,
    stack_set: StackSetConfig,
    provisioning: ProvisioningConfig,
}

impl Function for RoleProvisioner {
    const NAME: &'static str = "role-provisioner";
    type Payload = Invocation;
    const TAKES: &'static [Field] = &[Field::AccountId];

    fn new(context: Context) -> Result<Self, FunctionError> {
        let stack_set = context.config.stack_set.clone().ok_or(ConfigProblem::Missing {
            name: "POLO_STACK_SET_NAME",
            fix: "give the StackSet that rolls the roles out; without one there is nothing to make instances of",
        })?;
        let provisioning = context.config.provisioning.clone().ok_or(ConfigProblem::Missing {
            name: "POLO_ROLLOUT_OUS",
            fix: "give the OUs or roots that the StackSet targets, separated by commas, and POLO_ROLE_REGION",
        })?;
        Ok(Self {
            context,
            stack_set,
            provisioning,
        })
    }

    async fn handle(
        &self,
        invocation: Invocation,
        _request: &Request,
    ) -> Result<Value, FunctionError> {
        let rules = Rules {
            rollout_ous: &self.provisioning.rollout_ous,
            read_role_name: &self.context.config.read_role_name,
            by_hand: invocation.is_manual(),
            now: self.context.clock.now(),
        };
        let mut passed_over = PassedOver::default();
        let waiting = self.waiting(&invocation, &rules, &mut passed_over).await?;
        let store = &self.context.store;
        let name = &self.stack_set.name;
        let open = store.open_provisioning_attempts(name).await?;
        if waiting.is_empty() && open.is_empty() {
            return Ok(json!({ "waiting": 0, "not_asked": passed_over.counts() }));
        }

        let stack_set = StackSet::new(
            &self.context,
            &self.stack_set,
            &self.provisioning,
            invocation.sweep_id,
        );
        let operations = ACTIONS.map(|action| {
            let id = ids::stack_set_operation(invocation.sweep_id, action.as_str());
            (action, id)
        });
        let own = operations.map(|(_, id)| id);
        let settled = settle(&self.context, &stack_set, open, &own).await?;

        let count = waiting.len();
        let wanted = if waiting.is_empty() {
            Vec::new()
        } else {
            let instances = stack_set.instances().await?;
            let history = store.provisioning_history(name).await?;
            let history: HashMap<&str, &ProvisioningHistory> = history
                .iter()
                .map(|history| (history.account_id.as_str(), history))
                .collect();
            let mut wanted: Vec<Wanted> = Vec::new();
            for (account, ou_id) in &waiting {
                let instance = instances.get(&account.id);
                let history = history.get(account.id.as_str()).copied();
                match account.wanted(ou_id.clone(), instance, history, &rules) {
                    Ok(one) => wanted.push(one),
                    Err(why_not) => passed_over.add(&invocation, account, why_not)?,
                }
            }
            wanted
        };

        // A delivery that has begun an operation does not widen it: the accounts found since wait for the next tick.
        let begun = store.provisioning_operations_begun(&own).await?;
        let is_begun = |id: &Uuid| begun.contains(id) || settled.known.contains(id);
        let mut answer = json!({
            "waiting": count, "not_asked": passed_over.counts(), "settled": settled.counts,
            "create": null, "update": null, "busy": null
        });
        let mut failure = settled.failure;
        for (action, id) in operations.into_iter().filter(|(_, id)| !is_begun(id)) {
            let group = group(&wanted, action);
            let region = &self.provisioning.role_region;
            match ask(&self.context, &stack_set, action, id, group, region).await {
                Ok(Asked::Nothing) => {}
                Ok(Asked::Accepted(asked)) => answer[action.as_str()] = asked,
                Ok(Asked::Busy(message)) => {
                    answer["busy"] = message.into();
                    // What is in the way of one is in the way of the other.
                    break;
                }
                // The other action is asked for all the same: its accounts have no part in this.
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(answer), Err)
    }
}

impl RoleProvisioner {
    /// The accounts that wait for the StackSet's role, each with the target above it.
    async fn waiting(
        &self,
        invocation: &Invocation,
        rules: &Rules<'_>,
        passed_over: &mut PassedOver,
    ) -> Result<Vec<(Account, String)>, FunctionError> {
        let store = &self.context.store;
        let rows = match &invocation.account_id {
            Some(account_id) => vec![store.account(account_id).await?],
            None => store.accounts().await?,
        };
        let mut waiting = Vec::new();
        for row in rows {
            let account = Account::try_from(row)?;
            match account.target(rules) {
                Ok(ou_id) => waiting.push((account, ou_id)),
                Err(why_not) => passed_over.add(invocation, &account, why_not)?,
            }
        }
        Ok(waiting)
    }
}

/// The accounts that are not asked for, counted by why.
#[derive(Default)]
struct PassedOver(BTreeMap<&'static str, usize>);

impl PassedOver {
    /// Counts an account; one that a person has named is refused instead.
    fn add(
        &mut self,
        invocation: &Invocation,
        account: &Account,
        why_not: WhyNot,
    ) -> Result<(), FunctionError> {
        if invocation.is_manual() && invocation.account_id.is_some() {
            return Err(FunctionError::Refused(format!(
                "account {} {why_not}",
                account.id
            )));
        }
        *self.0.entry(why_not.key()).or_default() += 1;
        Ok(())
    }

    fn counts(&self) -> Value {
        json!(self.0)
    }
}
