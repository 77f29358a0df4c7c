//! The built program on the real engine and a Lambda API of the test's own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod accounts;
mod completion;
mod invoke;
mod migrate;
mod page;
mod roles;
mod rollout;
mod runs;
mod secret;
mod support;
mod wrong_environment;
