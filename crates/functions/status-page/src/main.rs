//! The function `status-page`.

use std::process::ExitCode;

fn main() -> ExitCode {
    status_page::main()
}
