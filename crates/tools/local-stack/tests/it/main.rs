//! The built program as a whole: functions are real processes on the real runtime client, templates are files, the local AWS is a stand-in that
//! hands out credentials. INVARIANT: no test waits for a duration; each waits for a state, or for an answer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod events;
mod function_url;
mod input;
mod invoke;
mod queue;
mod stack;
mod start;
