//! The stack's processes on this machine: start, health, records, stop. INVARIANT: only processes that this project's `up` started are ever
//! stopped, and a pid that now belongs to another process is left alone.

pub(crate) mod commands;
pub mod env_file;
pub mod layout;
pub(crate) mod process;
mod readiness;
mod service;
pub(crate) mod up;
pub(crate) mod watch_env;
mod watch_file;
