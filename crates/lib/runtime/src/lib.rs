//! What every function shares: settings, cold start and the Lambda entry.
//!
//! Invariant: a handler sees no Lambda types, and everything that does not change between invocations is made once,
//! at the cold start.

pub mod config;
pub mod context;
pub mod error;
pub mod function;
mod log;
mod process;
mod readable;
pub mod warm;

pub use config::Config;
pub use context::Context;
pub use error::FunctionError;
pub use function::{Function, Payload, Request, answer, function_main};
pub use process::run_process;
pub use readable::Readable;
pub use warm::Warm;
