//! Discovers which accounts exist, and checks at once those that are new or due.
//!
//! Invariants: only a complete listing says that an account has left; nothing is written of a listing that cannot be
//! trusted; no call is made per account but for tags, which have a budget.

mod explicit;
mod facts;
mod organization;
mod refresh;
mod report;
mod tags;

use polo_core::{Field, Invocation};
use polo_runtime::config::Mode;
use polo_runtime::{Context, Function, FunctionError, Request};
use serde_json::{Value, json};

use crate::report::Discovered;

/// The function.
pub struct AccountDiscovery {
    context: Context,
}

impl Function for AccountDiscovery {
    const NAME: &'static str = "account-discovery";
    type Payload = Invocation;
    const TAKES: &'static [Field] = &[Field::AccountId, Field::AcceptRemovals];

    fn new(context: Context) -> Result<Self, FunctionError> {
        Ok(Self { context })
    }

    async fn handle(
        &self,
        invocation: Invocation,
        _request: &Request,
    ) -> Result<Value, FunctionError> {
        let context = &self.context;
        // Once for all organizations.
        let mut registry = context.store.registry().await?;
        let mut discovered: Vec<Discovered> = Vec::new();
        let mut first_error = None;
        match (&context.config.mode, &invocation.account_id) {
            (Mode::Organizations(organizations), Some(account_id)) => {
                let done =
                    refresh::account(context, organizations, account_id, &invocation).await?;
                done.read_again(context, &mut registry).await?;
                discovered.push(done);
            }
            (Mode::Organizations(organizations), None) => {
                for organization in organizations {
                    let done =
                        organization::discover(context, organization, &invocation, &registry);
                    match done.await {
                        Ok(done) => {
                            // The next one may list an account that has just left this one.
                            done.read_again(context, &mut registry).await?;
                            discovered.push(done);
                        }
                        // One organization's failure must not hide the others; the function fails in the end.
                        Err(error) => {
                            tracing::warn!(organization.id = ?organization.id, "discovery of an organization failed");
                            match &first_error {
                                None => first_error = Some(error),
                                // The first one is the function's own error, which is logged as such.
                                Some(_) => {
                                    tracing::error!(error = error.chain(), "discovery failed")
                                }
                            }
                        }
                    }
                }
            }
            (Mode::Explicit(accounts), only) => {
                let only = only.as_ref();
                let done =
                    explicit::discover(context, accounts, only, &invocation, &registry).await?;
                done.read_again(context, &mut registry).await?;
                discovered.push(done);
            }
        }
        let trees: Vec<_> = discovered
            .iter_mut()
            .filter_map(|done| done.tree.take())
            .collect();
        if first_error.is_some() {
            // What a discovery that failed has stored is not known.
            registry = context.store.registry().await?;
        }
        let told = report::tell(context, invocation.sweep_id, &discovered, &mut registry).await?;
        let nodes = context
            .store
            .sync_hierarchy(context.clock.now(), &registry, &trees)
            .await?;
        let summaries: Vec<Value> = discovered.iter().map(report::summary).collect();
        let problem = discovered.into_iter().find_map(|done| done.problem);
        match first_error.or(problem) {
            Some(error) => Err(error),
            None => Ok(
                json!({ "organizations": summaries, "told": told, "hierarchy_nodes_changed": nodes }),
            ),
        }
    }
}
