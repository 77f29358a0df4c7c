//! The function `config_ec2`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_runtime::collector_main::<config_ec2::ConfigEc2>()
}
