//! The migrator on the real engine, a wire-level AWS, and the place where CloudFormation waits for its answer.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

mod answers;
mod deployments;
mod refusals;
mod world;
