//! The dispatcher on the real engine and a wire-level bus: every test has a database of its own.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

mod database;
mod manual;
mod newly_active;
mod payers;
mod reads;
mod reconcile;
mod refusals;
mod rejected;
mod sweep;
mod world;
