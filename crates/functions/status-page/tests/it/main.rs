//! The status page on the real engine: what it shows, what it answers to programs, and what it refuses.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod api;
mod events;
mod failures;
mod pages;
mod refusals;
mod size;
mod world;
