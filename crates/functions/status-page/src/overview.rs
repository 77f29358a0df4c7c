//! The overview: how much Polo sees, what needs attention, and the organization.
//!
//! Invariant: what Polo cannot see is named first; if there are more accounts than one answer holds, those that need
//! attention are shown, and the OUs, the counts and the search lead to the others.

use maud::{Markup, html};
use polo_core::text::counted;

use crate::answer::Answer;
use crate::attention;
use crate::budget::fitting;
use crate::document::{self, Frame, ago};
use crate::filter::{Coverage, Filter};
use crate::list;
use crate::rows::{ALL_OPEN, View, table};
use crate::snapshot::{Snapshot, Standing};
use crate::tree;

/// `/`.
pub(crate) fn render(snapshot: &Snapshot) -> Answer {
    fitting(|rows| page(snapshot, rows))
}

fn page(snapshot: &Snapshot, rows: usize) -> Markup {
    let body = html! {
        h1 { "Accounts" }
        (banner(snapshot))
        (list::counts(snapshot, &Filter::default()))
        (listings(snapshot))
        (attention::section(snapshot, rows))
        (organization(snapshot, rows))
    };
    document::page(&Frame::new("Accounts", "").at(snapshot.at), &body)
}

fn organization(snapshot: &Snapshot, rows: usize) -> Markup {
    let branches = tree::grow(snapshot);
    let view = View { snapshot, up: "" };
    let open = snapshot.accounts.len() <= ALL_OPEN;
    let mut lines = rows;
    let inner = html! { @for branch in &branches { (view.branch(branch, 0, open, &mut lines)) } };
    html! {
        @if !branches.is_empty() {
            section aria-labelledby="organization" {
                h2 id="organization" { "Organization" }
                @if !open { p { "Open an OU to see its accounts." } }
                (table("OUs and accounts of the organization", &inner))
                @if lines == 0 { p { "There are more OUs than fit here; open one of those above." } }
            }
        }
    }
}

fn banner(snapshot: &Snapshot) -> Markup {
    let blocked = snapshot.count(Standing::Blocked);
    let gaps = snapshot.count(Standing::Gap);
    let monitored = snapshot.accounts.len() - snapshot.count(Standing::Excluded);
    let of = counted(monitored, "monitored account");
    let all = |coverage| {
        format!(
            "./{}",
            Filter::default().with(None, Some(coverage)).query(None)
        )
    };
    html! {
        @if snapshot.accounts.is_empty() {
            section class="banner plain" aria-label="Coverage" {
                p { strong { "The registry is empty." } }
                p { "Run " code { "polo discover" } ", or wait for the next hourly discovery." }
            }
        } @else if blocked + gaps == 0 {
            section class="banner calm" aria-label="Coverage" {
                p { strong { "Polo sees " (if monitored == 1 { "" } else { "all of " }) (of) ", and nothing is missing." } }
            }
        } @else {
            section class={ "banner " (if blocked > 0 { "alarm" } else { "warn" }) } aria-label="Coverage" {
                @if blocked > 0 {
                    p { strong { "Warning: Polo cannot see " a href=(all(Coverage::NotVisible)) { (blocked) " of " (of) } "." } }
                    p {
                        "Nothing is collected from " (if blocked == 1 { "it: its" } else { "them: their" })
                        " cost and resources are unknown."
                    }
                }
                @if gaps > 0 {
                    p {
                        strong {
                            a href=(all(Coverage::WithGaps)) { (counted(gaps, "account")) }
                            " that Polo sees " (if gaps == 1 { "has a gap." } else { "have gaps." })
                        }
                        " Something could not be collected, or was not collected in time."
                    }
                }
            }
        }
    }
}

/// Since when the list of accounts itself is known.
fn listings(snapshot: &Snapshot) -> Markup {
    html! {
        @for listing in &snapshot.listings {
            p {
                @if listing.organization_id.is_empty() { "The accounts were" }
                @else { "Organization " (listing.organization_id) " was" }
                " last listed " (ago(listing.started_at, snapshot.at)) "."
            }
        }
    }
}
