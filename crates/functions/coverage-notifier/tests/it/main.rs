//! The notifier on the real engine, a wire-level Secrets Manager and a Slack on loopback: every test has a database of
//! its own.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

mod database;
mod failing;
mod manual;
mod secret;
mod slack;
mod told;
mod world;
