//! What is told of accounts and runs, by the command line and the status page alike: JSON shapes, times in words, how a
//! run stands.
//!
//! Invariant: two tools that tell the same thing take it from here, so that they cannot tell it differently.

pub mod counts;
pub mod history;
pub mod json;
pub mod standing;
pub mod times;
