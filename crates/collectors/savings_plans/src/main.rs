//! The function `savings_plans`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_collect::collector_main::<savings_plans::SavingsPlans>()
}
