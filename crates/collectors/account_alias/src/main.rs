//! The function `account_alias`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_runtime::collector_main::<account_alias::AccountAlias>()
}
