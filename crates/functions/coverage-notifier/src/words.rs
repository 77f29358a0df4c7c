//! Causes in words, as clauses without a period.

use polo_core::{ErrorClass, reason_in_words};
use polo_store::notices::ConcernKind;

/// A concern's cause in words.
pub(crate) fn cause_in_words(kind: ConcernKind, cause: &str) -> String {
    match kind {
        ConcernKind::Access => reason_in_words(cause).to_owned(),
        ConcernKind::Collecting => {
            let (collector, class) = cause.split_once(": ").unwrap_or((cause, ""));
            format!(
                "{collector} is not collected whole: {}",
                class_in_words(class)
            )
        }
    }
}

/// A gap's error class in words; one that this version does not know stays as it is.
fn class_in_words(class: &str) -> &str {
    match class.parse::<ErrorClass>() {
        Ok(ErrorClass::Denied) => "the read role lacks a permission",
        Ok(ErrorClass::DeniedByScp) => "a service control policy denies it",
        Ok(ErrorClass::DeniedByRcp) => "a resource control policy denies it",
        Ok(ErrorClass::NotReady) => {
            "the account is too new for the service, or not subscribed to it"
        }
        Ok(ErrorClass::RegionDisabled) => "the region is not enabled",
        Ok(ErrorClass::Throttled) => "AWS throttled the calls",
        Ok(ErrorClass::Timeout) => "no answer came in time",
        Ok(ErrorClass::Network) => "there was no connection",
        Ok(ErrorClass::ExpiredToken) => "the credentials ran out",
        Ok(ErrorClass::InvalidToken) => "the credentials were refused",
        Ok(ErrorClass::WrongAccount) => "the answer was for another account",
        Ok(ErrorClass::NotFound) => "what was asked for does not exist",
        Ok(ErrorClass::Config) => "Polo's own settings are wrong",
        Ok(ErrorClass::Service) => "the service failed",
        Ok(ErrorClass::Budget) => "the day's budget for billed calls is used up",
        Ok(ErrorClass::Bug) => "Polo did not understand the answer",
        // The one class that no call has: the run itself did not end.
        Err(_) if class == "crashed" => "the run did not end",
        Err(_) => class,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_class_has_words_of_its_own_and_an_unknown_one_is_shown_as_it_is() {
        let words: BTreeSet<&str> = ErrorClass::ALL
            .into_iter()
            .map(|class| class_in_words(class.as_str()))
            .chain(["crashed", "eclipsed"].map(class_in_words))
            .collect();
        assert_eq!(words.len(), ErrorClass::ALL.len() + 2);
        assert!(words.contains("eclipsed"));
        assert_eq!(
            cause_in_words(ConcernKind::Collecting, "tags: crashed"),
            "tags is not collected whole: the run did not end"
        );
        assert_eq!(
            cause_in_words(ConcernKind::Access, "not_checked"),
            "access is not checked yet"
        );
    }
}
