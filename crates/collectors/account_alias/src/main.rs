//! The function `account_alias`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_collect::collector_main::<account_alias::AccountAlias>()
}
