//! What a collector is, and the run loop that all of them share.
//!
//! Invariant: a collector sees no Lambda types and no ledger; it reads a target into a sink.

use std::process::ExitCode;

mod admit;
pub mod attributes;
mod budget;
pub mod collector;
mod error;
mod places;
mod recorder;
mod rows;
pub mod run;
pub mod sink;

pub use attributes::Attributes;
pub use collector::{Collector, Target};
pub use error::CollectError;
pub use polo_store::resources::SeenResource;
pub use run::CollectorFunction;
pub use sink::Sink;

/// The entire `main` of a collector.
pub fn collector_main<C: Collector>() -> ExitCode {
    polo_runtime::function_main::<CollectorFunction<C>>()
}
