//! Support for the end-to-end tests: a whole local stack per test, organizations to load into it, and a gate that can
//! hold or cut the connections between a function and what it talks to.
//!
//! Invariant: nothing waits for a duration. Whatever is waited for is a state that can be asked, with a limit that only
//! a hang reaches.

mod calls;
mod collectors;
mod gate;
mod organization;
mod stack;

pub use calls::Call;
pub use collectors::swept_collectors;
pub use gate::Gate;
pub use organization::{Account, Loaded, Organization};
pub use stack::{Failure, Stack, root, until};
