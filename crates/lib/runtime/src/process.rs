//! The process of a function: its log, its asynchronous runtime, and the cold start.
//!
//! Invariant: wrong settings do not end the process; every event is answered with what is wrong, and logs it once.

use std::process::ExitCode;
use std::sync::Arc;

use crate::{Context, FunctionError, Warm, log};

/// The whole of a process: what `make` makes is held warm, and `serve` asks Lambda's runtime API for events, which it
/// does for as long as the process lives.
pub fn run_process<T, S, F>(
    name: &'static str,
    make: fn(Context) -> Result<T, FunctionError>,
    serve: S,
) -> ExitCode
where
    T: Send + Sync,
    S: FnOnce(Arc<Warm<T>>) -> F,
    F: Future<Output = Result<(), lambda_runtime::Error>>,
{
    log::start();
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the asynchronous runtime cannot be made");
            return ExitCode::FAILURE;
        }
    };
    let served = runtime.block_on(async {
        let warm = Arc::new(Warm::from_environment(name, make));
        // The cold start's work is done before the first event arrives, which meets and logs the same error.
        if let Err(error) = warm.start().await {
            tracing::debug!(error_type = error.error_type(), "cold start failed");
        }
        serve(warm).await
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the Lambda runtime API failed");
            ExitCode::FAILURE
        }
    }
}
