//! Following `NextToken` to its end. An empty page that carries one is a page like any other.

use polo_core::ErrorClass;

use crate::AwsFailure;

/// The token of the page after this one; `None` after the last.
///
/// The same token twice would list one page for ever, so it is a failure.
pub(crate) fn next_token(
    action: &str,
    current: Option<&str>,
    next: Option<&str>,
) -> Result<Option<String>, AwsFailure> {
    match next.filter(|token| !token.is_empty()) {
        None => Ok(None),
        Some(token) if Some(token) == current => Err(AwsFailure::new(
            ErrorClass::Bug,
            action,
            "RepeatedNextToken",
            "the answer names the page that was just read as the next one",
        )),
        Some(token) => Ok(Some(token.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_ends_without_a_token_and_never_turns_in_a_circle() {
        assert_eq!(next_token("a:B", Some("x"), None), Ok(None));
        assert_eq!(next_token("a:B", Some("x"), Some("")), Ok(None));
        assert_eq!(
            next_token("a:B", Some("x"), Some("y")),
            Ok(Some("y".into()))
        );
        assert!(next_token("a:B", Some("x"), Some("x")).is_err());
    }
}
