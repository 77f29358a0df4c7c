//! The function `coverage-notifier`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_runtime::function_main::<coverage_notifier::CoverageNotifier>()
}
