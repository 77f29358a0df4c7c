//! The function `account-discovery`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_runtime::function_main::<account_discovery::AccountDiscovery>()
}
