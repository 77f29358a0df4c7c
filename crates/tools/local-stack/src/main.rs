//! The local stack's program; everything is in the library, so that tests and other tools can use the pieces.

use std::process::ExitCode;

fn main() -> ExitCode {
    local_stack::main()
}
