//! The function `savings_plans`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_runtime::collector_main::<savings_plans::SavingsPlans>()
}
