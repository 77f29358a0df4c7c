//! The function `config_ec2`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_collect::collector_main::<config_ec2::ConfigEc2>()
}
