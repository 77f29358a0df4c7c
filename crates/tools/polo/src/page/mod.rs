//! `polo page`: the status page on loopback, for a browser, which cannot sign requests as a function URL asks it to.
//!
//! Invariants: it listens on 127.0.0.1 alone and answers to that name alone, since any page in the operator's browser
//! could send requests to it, and answers nobody who does not know the token in the printed address, since every user of
//! the machine could; it passes on GET and nothing that the browser says; credentials stay in this process.

mod find;
mod forward;
mod server;
mod signature;

pub(crate) use find::Lookup;
pub(crate) use forward::Forward;
pub(crate) use server::{Token, listen, serve};
