//! What the command line and the status page say of accounts and runs: JSON shapes, words, times, how a run stands.
//!
//! Invariant: two tools that show the same thing take it from here, so that they cannot disagree.

pub mod collectors;
pub mod counts;
pub mod gap;
pub mod history;
pub mod json;
pub mod standing;
pub mod times;
pub mod words;
