//! An error with all its causes in one line. Sources never appear in an error's own text, so the boundary that logs
//! or answers joins them here, once.

use std::error::Error;

/// The error and its sources in one line, outermost first, joined by colons. A cause that stands in the text already is
/// left out, because some libraries repeat theirs.
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = cause.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The innermost cause: the layers of an HTTP client say only that the layer below failed.
pub fn innermost_cause<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Link(&'static str, #[source] Option<Box<Link>>);

    #[test]
    fn causes_are_joined_once_in_one_line() {
        let inner = Link("connect:\nrefused", None);
        let middle = Link("client error: connect:\nrefused", Some(Box::new(inner)));
        let outer = Link("the database cannot be reached", Some(Box::new(middle)));
        assert_eq!(
            error_chain(&outer),
            "the database cannot be reached: client error: connect: refused"
        );
    }
}
