//! The function `access-verifier`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_runtime::function_main::<access_verifier::AccessVerifier>()
}
