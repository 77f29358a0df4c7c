//! The example organization: loaded by its own program, described by what that prints.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::error::StackError;
use crate::local::env_file;
use crate::local::layout::Layout;
use crate::local::up::binary;
use crate::screen::Screen;

/// What the loader prints.
#[derive(Debug, Deserialize)]
pub(crate) struct Example {
    pub(crate) organization_id: String,
    pub(crate) out_of_scope_ou_ids: Vec<String>,
    pub(crate) accounts: Vec<ExampleAccount>,
}

/// One account of it.
#[derive(Debug, Deserialize)]
pub(crate) struct ExampleAccount {
    pub(crate) account_id: String,
    pub(crate) name: String,
    pub(crate) condition: String,
    pub(crate) expected_polo_status: String,
    pub(crate) expected_status_reason: String,
    #[serde(default)]
    pub(crate) expected_resources: Option<BTreeMap<String, u64>>,
    #[serde(default)]
    pub(crate) operator: Option<Decision>,
}

/// What an operator decides about it.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub(crate) enum Decision {
    /// Not to be monitored.
    Exclude {
        /// Why.
        reason: String,
    },
    /// Its role is not where it is built.
    Set {
        /// Where it is.
        read_role_arn: String,
    },
}

impl Example {
    /// Loads it, or reads it if it is there already.
    pub(crate) fn load(layout: &Layout) -> Result<Self, StackError> {
        let program = layout
            .root
            .join("infra/local/example/example_organization.py");
        let output = Command::new(layout.python())
            .arg(&program)
            .envs(env_file::read(&layout.env_file())?)
            .stderr(Stdio::inherit())
            .output()
            .map_err(|source| StackError::Run {
                program: program.clone(),
                source,
            })?;
        if !output.status.success() {
            return Err(StackError::Refused {
                message: "the example organization could not be loaded (its reason is above); start again with `make down up`"
                    .to_owned(),
            });
        }
        serde_json::from_slice(&output.stdout).map_err(|error| StackError::Refused {
            message: format!("the description of the example organization cannot be read: {error}"),
        })
    }
}

/// Decides about an account as an operator does, through the command line.
pub(crate) fn decide(layout: &Layout, account: &ExampleAccount) -> Result<(), StackError> {
    let arguments: Vec<&str> = match &account.operator {
        None => return Ok(()),
        Some(Decision::Exclude { reason }) => {
            vec![
                "accounts",
                "exclude",
                &account.account_id,
                "--reason",
                reason,
                "--author",
                "example",
            ]
        }
        // `activate` stores the role and has it checked at once.
        Some(Decision::Set { read_role_arn }) => {
            vec![
                "accounts",
                "activate",
                &account.account_id,
                "--read-role-arn",
                read_role_arn,
                "--author",
                "example",
            ]
        }
    };
    polo(layout, &arguments)
}

/// Runs `polo` against the stack, its output for the reader.
fn polo(layout: &Layout, arguments: &[&str]) -> Result<(), StackError> {
    let program = binary(layout, "polo");
    let status = Command::new(&program)
        .args(arguments)
        .envs(env_file::read(&layout.env_file())?)
        .env("COLUMNS", Screen::of_process().width.to_string())
        .status()
        .map_err(|source| StackError::Run { program, source })?;
    if status.success() {
        return Ok(());
    }
    Err(StackError::Refused {
        message: format!("`polo {}` failed, its reason is above", arguments.join(" ")),
    })
}
