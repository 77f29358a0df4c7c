//! The verifier on the real engine and a wire-level AWS: every test has a database of its own.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

mod database;
mod deliveries;
mod due;
mod payers;
mod reads;
mod refusals;
mod roles;
mod stack_set;
mod told;
mod verdicts;
mod world;
