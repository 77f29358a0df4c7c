//! The frame of every page: head, style, header with search, main part, footer.
//!
//! Invariants: no script and nothing from elsewhere, which the content security policy enforces; color is never the only
//! sign; every page works on a narrow screen, in light and dark, with a keyboard and with a screen reader.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use polo_core::Timestamp;
use polo_report::times;

/// The one style sheet, in the page itself.
pub(crate) const STYLE: &str = include_str!("style.css");

/// The icon, which every page has in itself too: without one a browser asks the host's root.
pub(crate) const ICON: &str = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><rect width='16' height='16' \
    rx='3' fill='#0550ae'/><path d='M6 13V3.5h2.5a2.75 2.75 0 0 1 0 5.5H6' fill='none' stroke='#fff' stroke-width='2'/></svg>";

/// Nothing may be loaded but the icon; the style is allowed by its digest, which a test compares. The search form goes
/// nowhere else.
pub(crate) const CONTENT_SECURITY: &str = concat!(
    "default-src 'none'; style-src 'sha256-",
    include_str!("style.sha256"),
    "'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
);

/// What surrounds a page's body.
pub(crate) struct Frame<'a> {
    title: &'a str,
    /// Leads to the overview: empty there, `../` one level below it.
    up: &'a str,
    /// What the data is of.
    at: Option<Timestamp>,
    /// What was searched for.
    search: &'a str,
}

impl<'a> Frame<'a> {
    /// Without data.
    pub(crate) fn new(title: &'a str, up: &'a str) -> Self {
        Self {
            title,
            up,
            at: None,
            search: "",
        }
    }

    /// With data of this moment.
    pub(crate) fn at(self, at: Timestamp) -> Self {
        Self {
            at: Some(at),
            ..self
        }
    }

    /// With the words that were searched for.
    pub(crate) fn search(self, search: &'a str) -> Self {
        Self { search, ..self }
    }

    /// The overview's address: "./" is the overview itself, because an empty address would keep a query.
    fn home(&self) -> &'a str {
        if self.up.is_empty() { "./" } else { self.up }
    }
}

/// A page.
pub(crate) fn page(frame: &Frame<'_>, body: &Markup) -> Markup {
    let (up, home) = (frame.up, frame.home());
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="description" content="The AWS accounts that Polo sees, and why it does not see the others.";
                link rel="icon" href={ "data:image/svg+xml," (escaped(ICON)) };
                title { (frame.title) " · Polo" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href="#main" { "Skip to content" }
                header {
                    a class="home" href=(home) { "Polo" }
                    nav aria-label="Pages" {
                        a href=(home) { "Accounts" }
                        a href={ (up) "api/coverage" } { "Coverage as JSON" }
                        a href={ (up) "api/accounts" } { "Accounts as JSON" }
                    }
                    form class="search" role="search" method="get" action=(home) {
                        label class="v" for="q" { "Search accounts by name, id or owner" }
                        input id="q" name="q" type="search" maxlength="200" placeholder="Name, id or owner" value=(frame.search);
                        button { "Search" }
                    }
                }
                main id="main" { (body) }
                @if let Some(at) = frame.at {
                    footer {
                        "As of " (moment(at)) ", by the database's clock. Reload the page for newer data."
                    }
                }
            }
        }
    }
}

/// The way from the overview to a page: addresses and names; the page itself, which is last, has no address.
pub(crate) fn breadcrumb(ways: &[(String, String)], here: &str) -> Markup {
    html! {
        nav class="crumbs" aria-label="Breadcrumb" {
            ol {
                @for (to, name) in ways { li { a href=(to) { (name) } } }
                li aria-current="page" { (here) }
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

/// A text with a capital letter.
pub(crate) fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}

/// As the address of an image has it.
fn escaped(svg: &str) -> String {
    svg.replace('<', "%3C")
        .replace('>', "%3E")
        .replace('#', "%23")
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
