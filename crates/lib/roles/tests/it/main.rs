//! The member roles, from the repository's own template and manifests.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod parameters;
mod read_back;
mod renderings;
mod support;
mod template;
