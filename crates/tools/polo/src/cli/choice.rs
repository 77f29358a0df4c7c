//! A value out of a few. Invariant: completions and `--help` list the values, and a wrong one is a sentence that does.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use polo_core::text::quoted;
use polo_core::{PoloStatus, StatusReason};
use polo_report::counts::STATUSES;
use polo_report::standing::STANDINGS;

/// The parser of such a value.
#[derive(Debug, Clone)]
pub(crate) struct Choice<T> {
    what: &'static str,
    known: Vec<(&'static str, T)>,
}

/// The status of an account.
pub(crate) fn status() -> Choice<PoloStatus> {
    Choice {
        what: "status",
        known: STATUSES.map(|status| (status.as_str(), status)).into(),
    }
}

/// The reason of a status.
pub(crate) fn status_reason() -> Choice<StatusReason> {
    Choice {
        what: "reason",
        known: StatusReason::ALL
            .map(|reason| (reason.as_str(), reason))
            .into(),
    }
}

/// What a run can be.
pub(crate) fn run_outcome() -> Choice<&'static str> {
    Choice {
        what: "outcome",
        known: STANDINGS.map(|standing| (standing, standing)).into(),
    }
}

/// Whether the rows of an adopted table expire.
pub(crate) fn adopted_history() -> Choice<bool> {
    Choice {
        what: "choice",
        known: vec![("keep", false), ("expire", true)],
    }
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Choice<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let text = value.to_string_lossy();
        let known = self.known.iter().find(|(name, _)| *name == text);
        let parsed = known.map(|(_, value)| value.clone()).ok_or_else(|| {
            let names: Vec<&str> = self.known.iter().map(|(name, _)| *name).collect();
            format!(
                "there is no {} {}: give one of {}",
                self.what,
                quoted(&text),
                names.join(", ")
            )
        });
        // clap makes the error of a function's answer only.
        let answer = move |_: &str| parsed.clone();
        answer.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(
            self.known.iter().map(|(name, _)| PossibleValue::new(*name)),
        ))
    }
}
