//! cloudwatch_metrics over CloudWatch's published answers, on the real engine and a wire-level AWS.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

mod answers;
mod idle;
mod known;
mod questions;
mod rows;
mod runs;
mod world;
