//! The StackSet, with the credentials that may change it.
//!
//! Invariant: the function's own credentials or those of the configured role, never both.

use std::collections::{HashMap, HashSet};

use aws_types::SdkConfig;
use polo_aws::{
    CallAs, StackInstance, StackInstancesError, StackSetOperationError, StackSetOperations,
    list_stack_instances,
};
use polo_core::AccountId;
use polo_runtime::config::{ProvisioningConfig, StackSetConfig};
use polo_runtime::{Context, FunctionError};
use uuid::Uuid;

/// The StackSet of this deployment.
pub(crate) struct StackSet<'a> {
    context: &'a Context,
    name: &'a str,
    region: &'a str,
    call_as: CallAs,
    config: SdkConfig,
    /// Its operations.
    pub(crate) operations: StackSetOperations,
}

impl<'a> StackSet<'a> {
    /// With the role's credentials, where there is one; nothing is asked yet.
    pub(crate) fn new(
        context: &'a Context,
        stack_set: &'a StackSetConfig,
        provisioning: &'a ProvisioningConfig,
        sweep_id: Uuid,
    ) -> Self {
        let call_as = stack_set.call_as();
        let config = context.management(provisioning.role_arn.as_ref(), sweep_id);
        Self {
            context,
            name: &stack_set.name,
            region: &provisioning.role_region,
            call_as,
            operations: StackSetOperations::new(&config, &stack_set.name, call_as, context.backoff),
            config,
        }
    }

    /// The accounts that an operation is known to be for; none where CloudFormation does not know the operation.
    pub(crate) async fn part_of(
        &self,
        operation_id: Uuid,
    ) -> Result<Option<HashSet<AccountId>>, FunctionError> {
        let id = operation_id.to_string();
        if self
            .operations
            .operation(&id)
            .await
            .map_err(failed)?
            .is_none()
        {
            return Ok(None);
        }
        let all = self.operations.results(&id).await.map_err(failed)?;
        Ok(Some(
            all.results.into_iter().map(|one| one.account_id).collect(),
        ))
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        self.name
    }

    /// The instances in the roles' region, from a whole listing.
    pub(crate) async fn instances(
        &self,
    ) -> Result<HashMap<AccountId, StackInstance>, FunctionError> {
        let instances =
            list_stack_instances(&self.config, self.name, self.call_as, &self.context.backoff)
                .await
                .map_err(|error| match error {
                    StackInstancesError::Aws(failure) => FunctionError::Call(failure),
                    StackInstancesError::StackSetNotFound { .. } => not_found(&error),
                })?;
        Ok(instances
            .into_iter()
            .filter(|instance| instance.region == self.region)
            .map(|instance| (instance.account_id.clone(), instance))
            .collect())
    }
}

/// The function's error of a failed operation.
pub(crate) fn failed(error: StackSetOperationError) -> FunctionError {
    match error {
        StackSetOperationError::Aws(failure) | StackSetOperationError::Unanswered(failure) => {
            FunctionError::Call(failure)
        }
        StackSetOperationError::StackSetNotFound { .. } => not_found(&error),
    }
}

fn not_found(error: &dyn std::error::Error) -> FunctionError {
    FunctionError::Listing {
        error_type: "StackSetNotFound",
        message: error.to_string(),
    }
}
