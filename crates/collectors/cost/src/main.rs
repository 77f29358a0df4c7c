//! The function `cost`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_runtime::collector_main::<cost::Cost>()
}
