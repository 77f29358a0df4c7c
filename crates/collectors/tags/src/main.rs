//! The function `tags`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_runtime::collector_main::<tags::Tags>()
}
