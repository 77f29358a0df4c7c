//! The function `cloudwatch_metrics`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_runtime::collector_main::<cloudwatch_metrics::CloudwatchMetrics>()
}
