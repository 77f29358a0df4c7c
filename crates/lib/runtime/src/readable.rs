//! An event as it arrives, readable or not.
//!
//! Invariant: what cannot be read reaches the function's own error path, so that its answer has a stable type and one log
//! line, as every other refusal has.

use polo_core::PayloadError;
use polo_core::text::clip;
use serde::{Deserialize, Deserializer};

use crate::FunctionError;

/// What an event holds, or why it cannot be read.
#[derive(Debug)]
pub struct Readable<T>(Result<T, String>);

impl<T> Readable<T> {
    /// What it holds.
    ///
    /// # Errors
    /// [`PayloadError::NotJson`] with the reason.
    pub fn read(self) -> Result<T, FunctionError> {
        const SHOWN_CHARACTERS: usize = 200;
        self.0.map_err(|problem| {
            PayloadError::NotJson {
                problem: clip(&problem, SHOWN_CHARACTERS).into_owned(),
            }
            .into()
        })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Readable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(
            T::deserialize(deserializer).map_err(|error| error.to_string()),
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Value, FunctionError> {
        let deserializer = &mut serde_json::Deserializer::from_slice(bytes);
        Readable::deserialize(deserializer).unwrap().read()
    }

    #[test]
    fn unreadable_events_are_refused_with_a_stable_type() {
        let deep = "[".repeat(500);
        for event in [
            deep.as_bytes(),
            b"{",
            b"\xff\xfe",
            b"",
            b"{'account_id': 1}",
        ] {
            let error = read(event).unwrap_err();
            assert_eq!(error.error_type(), "PayloadInvalid");
            assert!(error.chain().len() <= 500, "{}", error.chain());
            assert!(error.chain().contains("cannot be read as JSON"));
        }
        assert_eq!(read(b"{}").unwrap(), serde_json::json!({}));
    }
}
