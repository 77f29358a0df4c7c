//! The function `log_groups`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_collect::collector_main::<log_groups::LogGroups>()
}
