//! The function `log_groups`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_runtime::collector_main::<log_groups::LogGroups>()
}
