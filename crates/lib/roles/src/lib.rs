//! The member roles from their one source, `infra/roles/member-roles.template.json`: filled in, worked out for one
//! account, and rendered for those who roll them out without CloudFormation.
//!
//! Invariant: pure, and nothing about the roles is written here. The source says what they are, the manifests what is
//! read, and the caller gives the parameters; an intrinsic function or a property that is not known is an error.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")
)]

mod commands;
mod error;
mod intrinsics;
mod parameters;
mod role;
mod template;
mod terraform;

pub use commands::commands;
pub use error::RolesError;
pub use parameters::Values;
pub use role::{Role, Roles};
pub use template::{Account, Template, read_role_trusted_names};
pub use terraform::terraform;
