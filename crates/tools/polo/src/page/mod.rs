//! `polo page`: the status page on loopback, for a browser, which cannot sign requests as a function URL asks it to.
//!
//! Invariants: it listens on 127.0.0.1 only and answers only to that name, because any page in the operator's browser could
//! send requests to it. It answers only under the token in the printed address, because every user of the machine reaches
//! loopback. It passes on GET and nothing that the browser says. Credentials stay in this process.

mod find;
mod forward;
mod server;
mod signature;

pub(crate) use find::Lookup;
pub(crate) use forward::Forward;
pub(crate) use server::{Token, listen, serve};
