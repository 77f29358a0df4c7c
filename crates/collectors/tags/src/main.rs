//! The function `tags`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_collect::collector_main::<tags::Tags>()
}
