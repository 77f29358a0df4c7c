//! savings_plans over AWS's published answers, on the real engine and a wire-level AWS.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

mod failures;
mod pages;
mod payer;
mod permissions;
mod readme;
mod rows;
mod views;
mod world;
