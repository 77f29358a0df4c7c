//! The function `config_sagemaker`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_collect::collector_main::<config_sagemaker::ConfigSagemaker>()
}
