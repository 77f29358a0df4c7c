//! The function `config_elb`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_collect::collector_main::<config_elb::ConfigElb>()
}
