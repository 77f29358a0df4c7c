//! The overview, and the accounts of one OU.
//!
//! Invariant: what Polo cannot see is named first and never left out by folding; where there are more accounts than one
//! answer holds, those that need somebody are shown, and each OU leads to the others.

use std::collections::HashSet;

use maud::{Markup, html};
use polo_core::{AccountId, reason_in_words};
use polo_report::counts::STATUSES;
use polo_report::times;
use polo_store::accounts::AccountRow;
use polo_store::{Store, StoreError};

use crate::answer::Answer;
use crate::budget::{ANSWER_BYTES_AT_MOST, cut, json_bytes};
use crate::document::{self, ago, counted};
use crate::problem::Problem;
use crate::route::Form;
use crate::snapshot::{Snapshot, Standing};
use crate::tree::{self, Branch, OUTSIDE, Tally};

/// Rows on one page; halved while the page is too large.
const ROWS_AT_MOST: usize = 1_000;

/// Names and errors are cut to these many characters here; an account's own page has them whole.
const NAME_CHARACTERS: usize = 80;
const ERROR_CHARACTERS: usize = 200;

/// Up to so many accounts no branch is folded.
const ALL_OPEN: usize = 60;

/// `/`.
pub(crate) async fn whole(store: &Store) -> Result<Answer, StoreError> {
    Ok(render(&Snapshot::read(store).await?))
}

/// `/ous/<id>`.
pub(crate) async fn of_ou(
    store: &Store,
    id: &str,
    after: Option<&AccountId>,
) -> Result<Answer, StoreError> {
    Ok(render_ou(&Snapshot::read(store).await?, id, after))
}

/// The overview of a snapshot.
pub(crate) fn render(snapshot: &Snapshot) -> Answer {
    fitting(|rows| overview(snapshot, rows))
}

/// The page with as many rows as fit.
fn fitting(page: impl Fn(usize) -> Markup) -> Answer {
    let mut rows = ROWS_AT_MOST;
    loop {
        let answer = Answer::html(200, page(rows));
        if rows <= 1 || json_bytes(&answer.body) <= ANSWER_BYTES_AT_MOST {
            return answer;
        }
        rows /= 2;
    }
}

fn overview(snapshot: &Snapshot, rows: usize) -> Markup {
    let branches = tree::grow(snapshot);
    let shown = shown(snapshot, rows);
    let body = html! {
        h1 { "Accounts" }
        (banner(snapshot))
        (counts(snapshot))
        (listings(snapshot))
        @if !branches.is_empty() {
            section aria-labelledby="organization" {
                h2 id="organization" { "Organization" }
                @for branch in &branches { (branch_markup(branch, snapshot, &shown, 0)) }
            }
        }
    };
    document::page("Accounts", "", Some(snapshot.at), &body)
}

/// The accounts that the overview shows: all, or as many as it may, what needs somebody first.
fn shown(snapshot: &Snapshot, rows: usize) -> HashSet<&str> {
    let mut ranked: Vec<&AccountRow> = snapshot.accounts.iter().collect();
    ranked.sort_by_key(|account| (snapshot.standing(account), &account.account_id));
    ranked
        .into_iter()
        .take(rows)
        .map(|account| account.account_id.as_str())
        .collect()
}

fn banner(snapshot: &Snapshot) -> Markup {
    let blocked = snapshot.count(Standing::Blocked);
    let gaps = snapshot.count(Standing::Gap);
    let monitored = snapshot.accounts.len() - snapshot.count(Standing::Excluded);
    let of = counted(monitored, "monitored account", "monitored accounts");
    html! {
        @if snapshot.accounts.is_empty() {
            section class="banner plain" aria-label="Coverage" {
                p { strong { "The registry is empty." } }
                p { "Run " code { "polo discover" } ", or wait for the next hourly discovery." }
            }
        } @else if blocked + gaps == 0 {
            section class="banner calm" aria-label="Coverage" {
                p { strong { "Polo sees all of " (of) ", and nothing is missing." } }
            }
        } @else {
            section class={ "banner " (if blocked > 0 { "alarm" } else { "warn" }) } aria-label="Coverage" {
                @if blocked > 0 {
                    p { strong { "Warning: Polo cannot see " (blocked) " of " (of) "." } }
                    p { "Nothing is collected from " (if blocked == 1 { "it" } else { "them" }) ": what it costs, and what runs there, is not known." }
                }
                @if gaps > 0 {
                    p {
                        strong { (counted(gaps, "account that Polo sees has a gap.", "accounts that Polo sees have gaps.")) }
                        " Something could not be collected, or was not collected in time."
                    }
                }
            }
        }
    }
}

fn counts(snapshot: &Snapshot) -> Markup {
    html! {
        ul class="counts" aria-label="Accounts by status" {
            @for status in STATUSES {
                li { b { (snapshot.counts.get(status.as_str()).copied().unwrap_or_default()) } (status) }
            }
        }
    }
}

/// Since when the list of accounts itself is known.
fn listings(snapshot: &Snapshot) -> Markup {
    html! {
        @for listing in &snapshot.listings {
            p {
                @if listing.organization_id.is_empty() { "The accounts" }
                @else { "Organization " (listing.organization_id) }
                " last listed " (ago(listing.started_at, snapshot.at)) "."
            }
        }
    }
}

fn branch_markup(
    branch: &Branch<'_>,
    snapshot: &Snapshot,
    shown: &HashSet<&str>,
    depth: usize,
) -> Markup {
    let Tally { blocked, gaps, .. } = branch.tally;
    let open = depth == 0 || blocked + gaps > 0 || snapshot.accounts.len() <= ALL_OPEN;
    let rows: Vec<&AccountRow> = branch
        .accounts
        .iter()
        .copied()
        .filter(|account| shown.contains(account.account_id.as_str()))
        .collect();
    let hidden = branch.accounts.len() - rows.len();
    html! {
        details open[open] {
            summary { b { (label(branch)) } span { (tally(&branch.tally)) } }
            @if !rows.is_empty() { (account_table(&rows, snapshot, "", &caption(branch))) }
            @if hidden > 0 {
                p {
                    a href={ "ous/" (branch.id) } {
                        (if rows.is_empty() { "" } else { "All " })
                        (counted(branch.accounts.len(), "account", "accounts"))
                        " directly in " (label(branch))
                    }
                }
            }
            @for inner in &branch.branches { (branch_markup(inner, snapshot, shown, depth + 1)) }
        }
    }
}

/// A name that says nothing, as every root has it, is told with its id.
fn label(branch: &Branch<'_>) -> String {
    let name = cut(branch.name, NAME_CHARACTERS);
    if name.is_empty() {
        branch.id.to_owned()
    } else if branch.id.starts_with("r-") {
        format!("{name} ({})", branch.id)
    } else {
        name
    }
}

fn caption(branch: &Branch<'_>) -> String {
    if branch.id == OUTSIDE {
        "Accounts outside any OU that Polo knows, and outside an organization".to_owned()
    } else {
        format!("Accounts directly in {}", label(branch))
    }
}

fn tally(tally: &Tally) -> String {
    let mut text = counted(tally.accounts, "account", "accounts");
    for (count, what) in [
        (tally.blocked, "not visible"),
        (tally.gaps, "with gaps"),
        (tally.excluded, "excluded"),
    ] {
        if count > 0 {
            text.push_str(&format!(", {count} {what}"));
        }
    }
    text
}

/// Accounts as a table; `up` leads to the overview.
fn account_table(accounts: &[&AccountRow], snapshot: &Snapshot, up: &str, caption: &str) -> Markup {
    html! {
        table class="t" {
            caption { (caption) }
            thead {
                tr {
                    th scope="col" { "Account" }
                    th scope="col" { "Status" }
                    th scope="col" { "Why" }
                    th scope="col" { "Last complete scan" }
                    th scope="col" { "Last scan error" }
                }
            }
            tbody { @for account in accounts { (account_row(account, snapshot, up)) } }
        }
    }
}

fn account_row(account: &AccountRow, snapshot: &Snapshot, up: &str) -> Markup {
    let standing = snapshot.standing(account);
    let class = match standing {
        Standing::Blocked => Some("b"),
        Standing::Gap => Some("g"),
        Standing::Covered => None,
        Standing::Excluded => Some("x"),
    };
    let name = match account.account_name.as_str() {
        "" => "(no name)".to_owned(),
        name => cut(name, NAME_CHARACTERS),
    };
    html! {
        tr class=[class] {
            th scope="row" {
                a href={ (up) "accounts/" (account.account_id) } { (name) }
                span class="id" { (account.account_id) }
            }
            td { span class="s" { (account.polo_status) } }
            td { (reason_in_words(&account.status_reason)) }
            td class="n" data-l="Scan" { (last_scan(account, snapshot)) }
            td { (cut(&account.last_scan_error, ERROR_CHARACTERS)) }
        }
    }
}

fn last_scan(account: &AccountRow, snapshot: &Snapshot) -> Markup {
    html! {
        @match account.last_successful_scan {
            Some(at) => time datetime=(at.format("%Y-%m-%dT%H:%MZ")) { (times::age(at, snapshot.at)) },
            None => "never",
        }
    }
}

/// The accounts directly in one OU, by standing and name, a page at a time.
pub(crate) fn render_ou(snapshot: &Snapshot, id: &str, after: Option<&AccountId>) -> Answer {
    let branches = tree::grow(snapshot);
    let Some(branch) = branches.iter().find_map(|branch| branch.find(id)) else {
        let sentence =
            format!("there is no OU {id:?} with accounts: it may be gone, or was never listed");
        return Problem::not_found(sentence).answer(Form::Html, "/ous/");
    };
    let from = match after {
        None => 0,
        Some(after) => {
            let place = branch
                .accounts
                .iter()
                .position(|account| account.account_id == after.as_str());
            match place {
                Some(place) => place + 1,
                None => {
                    let sentence = format!(
                        "account {after} is not directly in this OU any more: begin at its first page"
                    );
                    return Problem::not_found(sentence).answer(Form::Html, "/ous/");
                }
            }
        }
    };
    fitting(|rows| ou_page(branch, snapshot, from, rows))
}

fn ou_page(branch: &Branch<'_>, snapshot: &Snapshot, from: usize, rows: usize) -> Markup {
    let rest = branch.accounts.get(from..).unwrap_or_default();
    let page = rest.get(..rows).unwrap_or(rest);
    let next = page.last().filter(|_| rest.len() > page.len());
    let body = html! {
        h1 { (label(branch)) }
        p { (tally(&branch.tally)) }
        @if page.is_empty() {
            p { "No account lies directly in it." }
        } @else {
            @if from > 0 || next.is_some() {
                p {
                    "Accounts " (from + 1) " to " (from + page.len()) " of " (branch.accounts.len())
                    " directly in it."
                }
            }
            (account_table(page, snapshot, "../", &caption(branch)))
        }
        @if from > 0 || next.is_some() {
            nav aria-label="Pages of this list" {
                @if from > 0 { a href=(branch.id) { "First page" } }
                @if let Some(last) = next {
                    a href={ (branch.id) "?after=" (last.account_id) } rel="next" { "Next page" }
                }
            }
        }
    };
    document::page(&label(branch), "../", Some(snapshot.at), &body)
}
