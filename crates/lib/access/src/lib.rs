//! What discovery and verifier ask of accounts themselves: whether their roles can be assumed, and who pays for them.

pub mod checks;
pub mod payers;
