//! The accounts that need attention, by cause. Invariant: what Polo cannot see comes before gaps.

use polo_core::text::counted;
use std::collections::BTreeMap;

use maud::{Markup, html};
use polo_core::status_reason::explain;
use polo_report::gap::cause;
use polo_report::words;
use polo_store::accounts::AccountRow;

use crate::document::{ago, capitalized};
use crate::filter::{Coverage, Filter};
use crate::rows::{View, tint};
use crate::snapshot::{Snapshot, Standing};

/// What accounts have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Cause {
    standing: Standing,
    title: String,
    words: String,
}

impl Cause {
    /// None if an account needs nothing.
    fn of(account: &AccountRow, standing: Standing) -> Option<Self> {
        let (title, words) = match standing {
            Standing::Blocked => (
                words::status(&account.polo_status).to_owned(),
                explain(&account.status_reason, &account.last_check_class).into_owned(),
            ),
            Standing::Gap => match account.gap() {
                Some(gap) => (format!("gap in {}", gap.collector), cause(&gap)),
                None => ("late".to_owned(), "not collected in time".to_owned()),
            },
            Standing::Covered | Standing::Excluded => return None,
        };
        Some(Self {
            standing,
            title: capitalized(&title),
            words,
        })
    }
}

/// The list, with no more than so many accounts; nothing if no account needs attention.
pub(crate) fn section(snapshot: &Snapshot, rows: usize) -> Markup {
    let mut causes: BTreeMap<Cause, Vec<&AccountRow>> = BTreeMap::new();
    for account in &snapshot.accounts {
        if let Some(cause) = Cause::of(account, snapshot.standing(account)) {
            causes.entry(cause).or_default().push(account);
        }
    }
    let all: usize = causes.values().map(Vec::len).sum();
    if all == 0 {
        return html! {};
    }
    let mut causes: Vec<(Cause, Vec<&AccountRow>)> = causes.into_iter().collect();
    // What is common comes first; the order of the map decides the rest.
    causes.sort_by_key(|(cause, accounts)| (cause.standing, std::cmp::Reverse(accounts.len())));
    let mut left = rows;
    let groups: Vec<(Cause, usize, Vec<&AccountRow>)> = causes
        .into_iter()
        .map(|(cause, mut accounts)| {
            let count = accounts.len();
            accounts.sort_by_key(|account| snapshot.rank(account));
            accounts.truncate(left);
            left -= accounts.len();
            (cause, count, accounts)
        })
        .filter(|(_, _, shown)| !shown.is_empty())
        .collect();
    let view = View { snapshot, up: "" };
    html! {
        section aria-labelledby="attention" {
            h2 id="attention" { "Needs attention" }
            table class="t a" {
                caption class="v" { "Accounts that need attention, by cause" }
                thead {
                    tr {
                        th scope="col" { "Account" }
                        th scope="col" { "OU" }
                        th scope="col" { "Detail" }
                        th scope="col" { "Last complete scan" }
                    }
                }
                @for (cause, count, shown) in &groups {
                    tbody {
                        tr class={ "c " (tint(cause.standing)) } {
                            th scope="rowgroup" colspan="4" {
                                span class="s" { (cause.title) } ": " (cause.words)
                                " " span class="count" { "(" (counted(*count, "account")) ")" }
                            }
                        }
                        @for account in shown { (row(&view, account, cause.standing)) }
                    }
                }
            }
            @if rows < all {
                p {
                    "The list shows " (rows) " of " (all) " accounts. All of them: "
                    @for (at, coverage) in Coverage::ALL.into_iter().enumerate() {
                        @if at > 0 { ", " }
                        a href={ "./" (Filter::default().with(None, Some(coverage)).query(None)) } { (coverage.in_words()) }
                    }
                    "."
                }
            }
        }
    }
}

fn row(view: &View<'_>, account: &AccountRow, standing: Standing) -> Markup {
    html! {
        tr {
            (view.name(account, &html! {}))
            td data-l="OU" { (view.place(account)) }
            td data-l="Detail" { (detail(account, standing, view.snapshot)) }
            (view.last_scan(account))
        }
    }
}

/// What the cause does not say: when access was checked, or where the gap is.
fn detail(account: &AccountRow, standing: Standing, snapshot: &Snapshot) -> Markup {
    html! {
        @if standing == Standing::Gap {
            @if let Some(gap) = account.gap() { (gap.place) }
        } @else if let Some(at) = account.last_check_at {
            "checked " (ago(at, snapshot.at))
            @if account.denials_in_a_row > 1 { ", denied " (account.denials_in_a_row) " times in a row" }
        }
    }
}
