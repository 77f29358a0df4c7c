//! Support for tests: the embedded engine with a fresh database per test, and a wire-level AWS.

pub mod accounts;
pub mod aws;
pub mod clickhouse;
pub mod events;
pub mod gate;
pub mod sql;
