//! The function `collection-dispatcher`.

use std::process::ExitCode;

fn main() -> ExitCode {
    polo_runtime::function_main::<collection_dispatcher::CollectionDispatcher>()
}
