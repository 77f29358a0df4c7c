//! Requests that get a sentence instead of what they asked for.
//!
//! Invariant: the sentence names the value and the fix, and nothing of what lies behind the page: no address, no user,
//! no text of the database.

use maud::html;
use polo_core::text::quoted;
use polo_runtime::FunctionError;
use polo_store::StoreError;
use serde_json::json;

use crate::answer::Answer;
use crate::document::{self, Frame};
use crate::event::BYTES_AT_MOST;
use crate::form::Form;

/// A status, a sentence, and what may have been meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: u16,
    sentence: String,
    links: Vec<Link>,
    /// Where what was asked for is, from the page's root.
    moved_to: Option<String>,
}

/// A way on, from the page's root: `accounts/123456789012`, or `?status=active`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) to: String,
    pub(crate) label: String,
}

impl Link {
    pub(crate) fn new(to: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            to: to.into(),
            label: label.into(),
        }
    }
}

impl Problem {
    fn new(status: u16, sentence: impl Into<String>) -> Self {
        Self {
            status,
            sentence: sentence.into(),
            links: Vec::new(),
            moved_to: None,
        }
    }

    /// The page only reads.
    pub(crate) fn method(method: &str) -> Self {
        Self::new(
            405,
            format!(
                "the status page answers GET and HEAD, not {}",
                quoted(method)
            ),
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

    /// A path or a query that no page has.
    pub(crate) fn too_long(what: &str) -> Self {
        Self::bad_request(format!(
            "the {what} of this address is longer than {BYTES_AT_MOST} bytes: no page has one as long"
        ))
    }

    /// It is at another path, and the query stays.
    pub(crate) fn moved(path: &str, query: Option<&str>) -> Self {
        let query = query.filter(|query| !query.is_empty());
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let to = format!("{}{query}", path.trim_start_matches('/'));
        Self {
            moved_to: Some(to.clone()),
            ..Self::new(308, format!("this page is at {}", quoted(path)))
        }
        .with(vec![Link::new(to, path)])
    }

    /// With ways on.
    pub(crate) fn with(self, links: Vec<Link>) -> Self {
        Self { links, ..self }
    }

    /// What is said of a failure; its own words are for the log.
    pub(crate) fn of(error: &FunctionError) -> Self {
        match error {
            FunctionError::Store(error @ StoreError::UnknownAccount { .. }) => {
                Self::not_found(error.to_string())
            }
            // Overloaded is no answer either, and nothing that a migration would mend.
            FunctionError::Store(error) if error.retryable() => Self::new(
                503,
                "the database does not answer, so the accounts cannot be shown: try again, and check the function's \
                 log if it persists",
            ),
            FunctionError::LoginRefused { .. } => Self::new(
                503,
                "the database refuses the page's login: check the function's log",
            ),
            FunctionError::Store(_) => Self::new(
                503,
                "the database refuses the page's queries; its schema may be older than the page: run `polo migrate`, \
                 and check the function's log",
            ),
            FunctionError::Secret(error) if error.retryable() => Self::new(
                503,
                "the database's password cannot be read now: try again, and check the function's log if it persists",
            ),
            _ => Self::new(
                503,
                "the page's settings are wrong: check the function's log",
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

    /// A name for programs, and a title for people.
    fn names(&self) -> (&'static str, &'static str) {
        match self.status {
            308 => ("Moved", "Moved"),
            400 => ("BadRequest", "Bad request"),
            404 => ("NotFound", "Not found"),
            405 => ("MethodNotAllowed", "Read-only"),
            _ => ("Unavailable", "Not available now"),
        }
    }

    /// The answer, in the form of what was asked for.
    pub(crate) fn answer(&self, form: Form, path: &str) -> Answer {
        // From however deep the wrong path is.
        let up = "../".repeat(path.matches('/').count().saturating_sub(1));
        let (error_type, title) = self.names();
        let mut answer = match form {
            Form::Json => Answer::json(
                self.status,
                &json!({"error": self.sentence, "errorType": error_type}),
            ),
            Form::Html => {
                let body = html! {
                    h1 { (title) }
                    p { (sentence(&self.sentence)) }
                    ul class="ways" {
                        @for link in &self.links { li { a href=(from(&up, &link.to)) { (link.label) } } }
                        li { a href=(from(&up, "")) { "All accounts" } }
                    }
                };
                Answer::html(self.status, document::page(&Frame::new(title, &up), &body))
            }
        };
        answer.location = self.moved_to.as_ref().map(|to| from(&up, to));
        answer
    }
}

/// An address relative to a page; "./" is the root itself, because an empty address would keep a query.
fn from(up: &str, to: &str) -> String {
    if up.is_empty() && (to.is_empty() || to.starts_with('?')) {
        format!("./{to}")
    } else {
        format!("{up}{to}")
    }
}

/// With a capital letter and an end.
fn sentence(text: &str) -> String {
    let end = if text.ends_with(['?', '.']) { "" } else { "." };
    format!("{}{end}", document::capitalized(text))
}
