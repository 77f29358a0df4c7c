//! One line of the local AWS's log of calls.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A call that reached the local AWS.
#[derive(Debug, Clone, Deserialize)]
pub struct Call {
    /// The signing name: `ec2`, `iam`, `sts`, `organizations`.
    pub service: String,
    /// AWS's name of the operation.
    pub operation: String,
    /// The caller's account.
    #[serde(default)]
    pub account_id: Option<String>,
    /// The caller.
    #[serde(default)]
    pub caller_arn: Option<String>,
    /// The region that was asked.
    #[serde(default)]
    pub region: Option<String>,
    /// The arguments that are no secrets.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
}

impl Call {
    /// Whether it was made in this account, or was an attempt to get in.
    #[must_use]
    pub fn concerns(&self, account_id: &str) -> bool {
        let role = format!("arn:aws:iam::{account_id}:role/");
        self.account_id.as_deref() == Some(account_id)
            || self
                .params
                .get("RoleArn")
                .is_some_and(|arn| arn.starts_with(&role))
    }

    /// Whether it reads an organization: what a repeated discovery may do.
    #[must_use]
    pub fn lists(&self) -> bool {
        matches!(self.service.as_str(), "organizations" | "cloudformation")
    }

    /// Whether it asks for the credentials of a role.
    #[must_use]
    pub fn assumes_role(&self) -> bool {
        self.operation == "AssumeRole"
    }
}
