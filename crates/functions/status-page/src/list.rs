//! Accounts by a filter, a page at a time.

use maud::{Markup, html};
use polo_core::AccountId;
use polo_core::text::counted;
use polo_report::counts::STATUSES;
use polo_report::words;
use polo_store::accounts::AccountRow;

use crate::answer::Answer;
use crate::budget::fitting;
use crate::document::{self, Frame};
use crate::filter::{Coverage, Filter};
use crate::form::Form;
use crate::problem::Problem;
use crate::rows::{View, table};
use crate::snapshot::Snapshot;

/// `/?status=…`.
pub(crate) fn render(snapshot: &Snapshot, filter: &Filter, after: Option<&AccountId>) -> Answer {
    let mut accounts: Vec<&AccountRow> = snapshot
        .accounts
        .iter()
        .filter(|account| filter.admits(account, snapshot.standing(account)))
        .collect();
    accounts.sort_by_key(|account| snapshot.rank(account));
    match first(snapshot, &accounts, after) {
        Ok(from) => fitting(|rows| page(snapshot, filter, &accounts, from, rows)),
        Err(problem) => problem.answer(Form::Html, "/"),
    }
}

/// Where a sorted list goes on after an account. The account need not be in it any more: another status or name moves it.
pub(crate) fn first(
    snapshot: &Snapshot,
    accounts: &[&AccountRow],
    after: Option<&AccountId>,
) -> Result<usize, Problem> {
    let Some(after) = after else { return Ok(0) };
    let Some(last) = snapshot.account(after) else {
        return Err(Problem::not_found(format!(
            "account {after} is not in the registry, so no list goes on after it: begin at the first page"
        )));
    };
    let rank = snapshot.rank(last);
    Ok(accounts.partition_point(|account| snapshot.rank(account) <= rank))
}

fn page(
    snapshot: &Snapshot,
    filter: &Filter,
    accounts: &[&AccountRow],
    from: usize,
    rows: usize,
) -> Markup {
    let title = filter.in_words();
    let view = View { snapshot, up: "" };
    let shown = Page::of(accounts, from, rows);
    let body = html! {
        (document::breadcrumb(&[("./".to_owned(), "Accounts".to_owned())], &title))
        h1 { (title) }
        (counts(snapshot, filter))
        @if accounts.is_empty() {
            p {
                "No account matches. A search looks for its words in names, ids and owners. "
                a href="./" { "Show all " (counted(snapshot.accounts.len(), "account")) }
                "."
            }
        } @else {
            p { (shown.says(accounts.len())) }
            (table(&title, &html! { @for account in shown.rows { (view.placed(account)) } }))
        }
        (shown.ways("./", |after| filter.query(after)))
        @if filter.coverage.is_none() {
            p { a href={ "api/accounts" (filter.query(None)) } { "This list as JSON" } }
        }
    };
    let frame = Frame::new(&title, "")
        .at(snapshot.at)
        .search(filter.search.text());
    document::page(&frame, &body)
}

/// How many accounts each filter finds among those with the same words, each a link.
pub(crate) fn counts(snapshot: &Snapshot, filter: &Filter) -> Markup {
    let everything = filter.with(None, None);
    let statuses = STATUSES.map(|status| {
        let name = words::status(status.as_str());
        (name, filter.with(Some(status), None))
    });
    let gaps = Coverage::WithGaps;
    let chips = [("all", everything)]
        .into_iter()
        .chain(statuses)
        .chain([(gaps.in_words(), filter.with(None, Some(gaps)))]);
    html! {
        ul class="counts" aria-label="Accounts by status" {
            @for (name, chip) in chips {
                @let count = snapshot.accounts.iter().filter(|account| chip.admits(account, snapshot.standing(account))).count();
                li {
                    a href={ "./" (chip.query(None)) } aria-current=[(chip == *filter).then_some("page")] {
                        b { (count) } (name)
                    }
                }
            }
        }
    }
}

/// One page of a list.
pub(crate) struct Page<'a> {
    from: usize,
    pub(crate) rows: &'a [&'a AccountRow],
    next: Option<&'a str>,
}

impl<'a> Page<'a> {
    pub(crate) fn of(accounts: &'a [&'a AccountRow], from: usize, rows: usize) -> Self {
        let rest = accounts.get(from..).unwrap_or_default();
        let page = rest.get(..rows).unwrap_or(rest);
        let last = page.last().filter(|_| rest.len() > page.len());
        Self {
            from,
            rows: page,
            next: last.map(|account| account.account_id.as_str()),
        }
    }

    /// `2 accounts`, or which of them these are.
    pub(crate) fn says(&self, all: usize) -> String {
        let of = counted(all, "account");
        if self.from == 0 && self.next.is_none() {
            of
        } else if self.rows.is_empty() {
            format!("No more accounts: the list ends after {of}")
        } else {
            format!(
                "{} to {} of {of}",
                self.from + 1,
                self.from + self.rows.len()
            )
        }
    }

    /// The ways to the first and to the next page of the list at an address.
    pub(crate) fn ways(&self, address: &str, query: impl Fn(Option<&str>) -> String) -> Markup {
        html! {
            @if self.from > 0 || self.next.is_some() {
                nav aria-label="Pages of this list" {
                    @if self.from > 0 { a href={ (address) (query(None)) } { "First page" } }
                    @if self.next.is_some() { a href={ (address) (query(self.next)) } rel="next" { "Next page" } }
                }
            }
        }
    }
}
