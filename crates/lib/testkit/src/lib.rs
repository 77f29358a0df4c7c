//! Support for tests: the embedded engine with a fresh database per test, and a wire-level AWS.

pub mod accounts;
pub mod aws;
mod cbor;
pub mod clickhouse;
pub mod collector;
pub mod delivery;
mod engine;
pub mod events;
pub mod gate;
pub mod iam_actions;
pub mod login;
pub mod readme;
pub mod relay;
pub mod resources;
pub mod sql;
