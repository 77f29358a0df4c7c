//! The provisioner on the real engine and a wire-level AWS: every test has a database of its own.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

mod credentials;
mod deliveries;
mod lost_answers;
mod operations;
mod refusals;
mod ticks;
mod world;
