//! config_s3 over S3's published answers, on the real engine and a wire-level AWS.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

mod at_once;
mod idle;
mod outcomes;
mod pages;
mod permissions;
mod regions;
mod rows;
mod shortfalls;
mod world;
