//! cost over Cost Explorer's published answers, on the real engine and a wire-level AWS.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

mod accounts;
mod budget;
mod days;
mod failures;
mod permissions;
mod readme;
mod rows;
mod runs;
mod views;
mod world;
