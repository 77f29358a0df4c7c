//! config_ec2 over EC2's published answers, on the real engine and a wire-level AWS.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

mod idle;
mod outcomes;
mod pages;
mod permissions;
mod rows;
mod world;
