//! What every function shares: settings, cold start, the Lambda entry, access checks, and the run loop of collectors.
//!
//! Invariant: a handler sees no Lambda types, and everything that does not change between invocations is made once,
//! at the cold start.

pub mod access;
pub mod attributes;
mod budget;
pub mod collector;
pub mod config;
pub mod context;
pub mod error;
pub mod function;
mod log;
pub mod payers;
mod process;
mod readable;
pub mod run;
pub mod sink;
mod waiting;
pub mod warm;

pub use attributes::Attributes;
pub use collector::{CollectError, Collector, PageTokens, Target};
pub use config::Config;
pub use context::Context;
pub use error::FunctionError;
pub use function::{Function, Payload, Request, answer, collector_main, function_main};
pub use polo_store::resources::SeenResource;
pub use process::run_process;
pub use readable::Readable;
pub use sink::Sink;
pub use waiting::Waiting;
pub use warm::Warm;
