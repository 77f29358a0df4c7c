//! The run loop of collectors, on the real engine and a wire-level AWS: every test has a database of its own.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

mod coverage;
mod database;
mod deliveries;
mod overlap;
mod refusals;
mod regions;
mod resources;
mod shelf;
mod targets;
mod world;
