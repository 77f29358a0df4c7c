//! An error with all its causes in one line. Sources never appear in an error's own text, so the boundary that logs
//! or answers joins them here, once.

use std::error::Error;

/// The error and its sources, outermost first, joined by colons.
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
