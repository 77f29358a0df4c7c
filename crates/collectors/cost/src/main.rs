//! The function `cost`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_collect::collector_main::<cost::Cost>()
}
