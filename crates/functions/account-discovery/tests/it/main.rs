//! Discovery on the real engine and a wire-level Organizations: every test has a database of its own.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

mod checks;
mod configured;
mod database;
mod events;
mod hierarchy;
mod leaving;
mod listing;
mod organization;
mod organizations;
mod places;
mod refresh;
mod size;
mod states;
mod tags;
mod world;
