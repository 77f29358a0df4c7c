//! The function `role-provisioner`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_runtime::function_main::<role_provisioner::RoleProvisioner>()
}
