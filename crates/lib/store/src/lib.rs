//! The ClickHouse seam: one client per process, the migrations, and one module per writer of tables.
//!
//! Invariant: every table has one kind of writer, the truth about accounts is the view `v_accounts`, and
//! `aws_accounts` is only ever written as its copy.

pub mod accounts;
pub mod amount;
pub mod billed_calls;
pub mod checks;
mod client;
pub mod collectors;
mod config;
pub mod dispatches;
mod error;
pub mod facts;
pub mod hierarchy;
pub mod known_resources;
pub mod migrations;
pub mod payers;
pub mod regions;
pub mod resources;
pub mod runs;
pub mod settings;
pub mod stack_instances;

pub use amount::Amount;
pub use client::{Store, TableRow, time_of};
pub use config::{InvalidStoreConfig, StoreConfig};
pub use error::StoreError;
