//! account_alias over IAM's published answers, on the real engine and a wire-level AWS.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

mod alias;
mod world;
