//! tags over the tagging API's published answers, on the real engine and a wire-level AWS.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

mod current;
mod outcomes;
mod pages;
mod permissions;
mod rows;
mod world;
