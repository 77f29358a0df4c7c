//! One OU: the way to it, the OUs in it, its accounts, and what lies beneath.

use maud::{Markup, html};
use polo_core::AccountId;
use polo_core::text::{counted, quoted};

use crate::answer::Answer;
use crate::budget::fitting;
use crate::document::{self, Frame};
use crate::filter::Filter;
use crate::form::Form;
use crate::list::{Page, first};
use crate::problem::Problem;
use crate::rows::{ALL_OPEN, View, table, tally};
use crate::snapshot::Snapshot;
use crate::tree::{self, Branch};

/// `/ous/<id>`.
pub(crate) fn render(snapshot: &Snapshot, id: &str, after: Option<&AccountId>) -> Answer {
    let branches = tree::grow(snapshot);
    let Some(path) = branches.iter().find_map(|branch| branch.path_to(id)) else {
        return Problem::not_found(format!(
            "no account is in an OU {}: it may be gone, or was never listed",
            quoted(id)
        ))
        .answer(Form::Html, "/ous/");
    };
    let Some((branch, above)) = path.split_last() else {
        return Problem::not_found("no account is in this OU").answer(Form::Html, "/ous/");
    };
    match first(snapshot, &branch.accounts, after) {
        Ok(from) => fitting(|rows| page(branch, above, snapshot, from, rows)),
        Err(problem) => problem.answer(Form::Html, "/ous/"),
    }
}

fn page(
    branch: &Branch<'_>,
    above: &[&Branch<'_>],
    snapshot: &Snapshot,
    from: usize,
    rows: usize,
) -> Markup {
    let title = branch.label();
    let ways: Vec<(String, String)> = [("../".to_owned(), "Accounts".to_owned())]
        .into_iter()
        .chain(
            above
                .iter()
                .map(|above| (above.id.to_owned(), above.label())),
        )
        .collect();
    let view = View {
        snapshot,
        up: "../",
    };
    let open = branch.tally.accounts <= ALL_OPEN;
    let mut lines = rows;
    let shown = Page::of(&branch.accounts, from, rows);
    let inner = html! {
        // The OUs are on the first page.
        @if from == 0 {
            @for inner in &branch.branches { (view.branch(inner, 0, open, &mut lines)) }
        }
        @if !branch.branches.is_empty() && !shown.rows.is_empty() {
            tr class="o d0" {
                th colspan="4" scope="row" {
                    "Directly in " (title) " "
                    span { (counted(branch.accounts.len(), "account")) }
                }
            }
        }
        @for account in shown.rows { (view.account(account, usize::from(!branch.branches.is_empty()))) }
    };
    let body = html! {
        (document::breadcrumb(&ways, &title))
        h1 { (title) }
        p { (tally(&branch.tally)) }
        @if from > 0 || shown.rows.len() < branch.accounts.len() {
            p { (shown.says(branch.accounts.len())) " directly in it" }
        }
        (table(&format!("OUs and accounts in {title}"), &inner))
        @if lines == 0 { p { "There are more OUs in it than fit here; open one of those above." } }
        (shown.ways(branch.id, |after| Filter::default().query(after)))
    };
    document::page(&Frame::new(&title, "../").at(snapshot.at), &body)
}
