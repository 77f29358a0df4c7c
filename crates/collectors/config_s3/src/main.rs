//! The function `config_s3`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_collect::collector_main::<config_s3::ConfigS3>()
}
