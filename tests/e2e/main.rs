//! End to end: every test starts a local stack of its own, loads an organization of its own, and asks what came of it.
//!
//! Invariant: a test drives Polo as a deployment is driven: schedules, events, invocations, the command line, SQL.

mod crashes;
mod database;
mod deployment;
mod events;
mod first_day;
mod input;
mod kit;
mod operator;
mod page;
mod plain_account;
mod provisioning;
mod readme;
mod regions;
mod removals;
mod roles;
mod samples;
mod stack;
mod volume;
mod watch;
