//! Everything around the functions that AWS provides in production, on one machine: a Lambda emulator and an EventBridge forwarder over the
//! *synthesized* templates, and the commands that start and stop them together with the engine and the local AWS.
//! INVARIANT: the wiring is read from the templates, never written down a second time here.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")
)]

mod cli;
pub mod client;
mod clock;
mod dead_letters;
mod emulator;
mod error;
mod events;
mod http_error;
mod inspection;
pub mod local;
mod run;
mod screen;
mod serve;
mod template;

pub use cli::main;
pub use error::StackError;
