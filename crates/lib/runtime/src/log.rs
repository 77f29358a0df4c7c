//! The log of a function: as Lambda's logging settings ask, each failure once.
//!
//! Invariant: the Lambda runtime's own line about an error that a function returned is left out, because `invoke` has
//! logged that error with its type and request.

use std::str::FromStr;

use tracing_subscriber::filter::{EnvFilter, LevelFilter};

/// Where the Lambda runtime logs again what a function returned.
const REPEATED: &str = "lambda_runtime::layers::panic=off";

/// Starts the log: `AWS_LAMBDA_LOG_LEVEL` (or `RUST_LOG`) and `AWS_LAMBDA_LOG_FORMAT` decide on level and form.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html>
#[expect(
    clippy::disallowed_methods,
    reason = "Lambda sets these variables, and nothing else reads them"
)]
pub(crate) fn start() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok();
    let level = level.and_then(|level| LevelFilter::from_str(&level).ok());
    let builder =
        EnvFilter::builder().with_default_directive(level.unwrap_or(LevelFilter::INFO).into());
    let filter = match REPEATED.parse() {
        Ok(repeated) => builder.from_env_lossy().add_directive(repeated),
        Err(_) => builder.from_env_lossy(),
    };
    let log = tracing_subscriber::fmt()
        .with_target(false)
        .without_time()
        .with_env_filter(filter);
    let format = std::env::var("AWS_LAMBDA_LOG_FORMAT").unwrap_or_default();
    if format.eq_ignore_ascii_case("json") {
        log.json().init();
    } else {
        log.init();
    }
}
