//! The run loop of collectors, on the real engine and a wire-level AWS: every test has a database of its own.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

mod budget;
mod coverage;
mod database;
mod deliveries;
mod login;
mod overlap;
mod payer;
mod refusals;
mod regions;
mod resources;
mod shelf;
mod statements;
mod targets;
mod till;
mod world;
