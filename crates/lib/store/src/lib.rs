//! The ClickHouse seam: one client per process, the migrations, and one module per writer of tables.
//!
//! Invariant: every table has one kind of writer, the truth about accounts is the view `v_accounts`, and
//! `aws_accounts` is only ever written as its copy.

pub mod accounts;
pub mod admission;
pub mod amount;
pub mod billed_calls;
pub mod checks;
mod client;
pub mod collectors;
mod config;
pub mod coverage;
pub mod dispatches;
mod engine_clock;
mod error;
pub mod facts;
pub mod hierarchy;
mod hierarchy_dict;
pub mod known_resources;
pub mod migrations;
pub mod notices;
pub mod payers;
pub mod provisioning;
pub mod regions;
pub mod registry;
pub mod resources;
pub mod retention;
pub mod runs;
pub mod settings;
pub mod stack_instances;

pub use amount::Amount;
pub use client::{Store, TableRow};
pub use config::{InvalidStoreConfig, StoreConfig};
pub use engine_clock::EngineClock;
pub use error::{StoreError, is_refused_login};
