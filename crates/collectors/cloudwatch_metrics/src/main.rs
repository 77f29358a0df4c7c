//! The function `cloudwatch_metrics`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_collect::collector_main::<cloudwatch_metrics::CloudwatchMetrics>()
}
