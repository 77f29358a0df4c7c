//! Requests that get a sentence instead of what they asked for.
//!
//! Invariant: the sentence names the value and the fix, and nothing of what lies behind the page: no address, no user,
//! no text of the database.

use maud::html;
use polo_runtime::FunctionError;
use polo_store::StoreError;
use serde_json::json;

use crate::answer::Answer;
use crate::document;
use crate::route::Form;

/// A status and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: u16,
    sentence: String,
}

impl Problem {
    fn new(status: u16, sentence: impl Into<String>) -> Self {
        Self {
            status,
            sentence: sentence.into(),
        }
    }

    /// The page only reads.
    pub(crate) fn method(method: &str) -> Self {
        Self::new(
            405,
            format!("the status page only answers GET, and not {method:?}"),
        )
    }

    /// Nothing is there.
    pub(crate) fn not_found(sentence: impl Into<String>) -> Self {
        Self::new(404, sentence)
    }

    /// A value that cannot be right.
    pub(crate) fn bad_request(sentence: impl Into<String>) -> Self {
        Self::new(400, sentence)
    }

    /// What is told of a failure; its own words are for the log.
    pub(crate) fn of(error: &FunctionError) -> Self {
        match error {
            FunctionError::Store(error @ StoreError::UnknownAccount { .. }) => {
                Self::not_found(error.to_string())
            }
            // Overloaded is no answer either, and nothing that a migration would mend.
            FunctionError::Store(error) if error.retryable() => Self::new(
                503,
                "the database gives no answer, so nothing can be said of the accounts now: try again, and look into \
                 the function's log if it stays so",
            ),
            FunctionError::LoginRefused { .. } => Self::new(
                503,
                "the database refuses the page's login: look into the function's log",
            ),
            FunctionError::Store(_) => Self::new(
                503,
                "the database refuses the page's questions, perhaps because its schema is older than the page: run \
                 `polo migrate`, and look into the function's log",
            ),
            FunctionError::Secret(error) if error.retryable() => Self::new(
                503,
                "the database's password cannot be read now: try again, and look into the function's log if it stays so",
            ),
            _ => Self::new(
                503,
                "the page's settings are wrong: look into the function's log",
            ),
        }
    }

    /// HTTP's status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The sentence.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// The answer, in the form of what was asked for.
    pub(crate) fn answer(&self, form: Form, path: &str) -> Answer {
        match form {
            Form::Json => {
                Answer::json_text(self.status, json!({"error": self.sentence}).to_string())
            }
            Form::Html => {
                let title = match self.status {
                    400 => "This cannot be right",
                    404 => "Not found",
                    405 => "Only for reading",
                    _ => "Not available now",
                };
                let body = html! {
                    h1 { (title) }
                    p { (capitalised(&self.sentence)) "." }
                };
                // From however deep the wrong path is.
                let up = "../".repeat(path.matches('/').count().saturating_sub(1));
                Answer::html(self.status, document::page(title, &up, None, &body))
            }
        }
    }
}

/// The sentence with a capital letter.
fn capitalised(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}
