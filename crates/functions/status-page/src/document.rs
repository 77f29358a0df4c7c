//! The frame of every page: head, style, header, main part, footer.
//!
//! Invariants: no script and nothing from elsewhere, which the content security policy enforces; colour is never the only
//! sign; every page works on a narrow screen, in light and dark, with a keyboard and with a screen reader.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use polo_core::Timestamp;
use polo_report::times;

/// The one style sheet, in the page itself.
pub(crate) const STYLE: &str = include_str!("style.css");

/// Nothing may be loaded; the style is allowed by its digest, which a test compares.
pub(crate) const CONTENT_SECURITY: &str = concat!(
    "default-src 'none'; style-src 'sha256-",
    include_str!("style.sha256"),
    "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
);

/// A page. `up` leads to the overview: empty there, `../` one level below it. `at` is what the data is of.
pub(crate) fn page(title: &str, up: &str, at: Option<Timestamp>, body: &Markup) -> Markup {
    // "./" is the overview itself: an empty address would keep a query.
    let home = if up.is_empty() { "./" } else { up };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Polo" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    a class="home" href=(home) { "Polo" }
                    nav aria-label="Pages" {
                        a href=(home) { "Accounts" }
                        a href={ (up) "api/coverage" } { "Coverage as JSON" }
                        a href={ (up) "api/accounts" } { "Accounts as JSON" }
                    }
                }
                main { (body) }
                @if let Some(at) = at {
                    footer {
                        "As of " (moment(at)) ", by the database's clock. Load the page again for what holds now."
                    }
                }
            }
        }
    }
}

/// A time to the second, readable by programs too.
pub(crate) fn moment(at: Timestamp) -> Markup {
    html! { time datetime=(machine(at)) { (times::second(at)) " UTC" } }
}

/// How long ago a time was.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> Markup {
    html! { time datetime=(machine(at)) { (times::age(at, now)) } }
}

fn machine(at: Timestamp) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `1 account`, `2 accounts`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_policy_allows_the_style_and_nothing_else() {
        let digest = aws_smithy_types::base64::encode(Sha256::digest(STYLE));
        assert_eq!(
            include_str!("style.sha256"),
            digest,
            "the style has changed: write this digest into style.sha256, without a line break"
        );
        assert!(CONTENT_SECURITY.contains(&format!("style-src 'sha256-{digest}'")));
    }
}
