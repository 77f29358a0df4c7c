//! config_elb over Elastic Load Balancing's published answers, on the real engine and a wire-level AWS.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

mod at_once;
mod behind;
mod deleted;
mod idle;
mod outcomes;
mod pages;
mod permissions;
mod rows;
mod shortfalls;
mod world;
