//! The function `schema-migrator`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_runtime::function_main::<schema_migrator::SchemaMigrator>()
}
