//! Accounts and OUs as rows of a table. Invariant: a status is in words in every row, never by color alone.

use maud::{Markup, html};
use polo_core::PoloStatus;
use polo_core::status_reason::explain;
use polo_core::text::{clip, counted};
use polo_report::gap::cause;
use polo_report::{times, words};
use polo_store::accounts::AccountRow;

use crate::budget::NAME_CHARACTERS;
use crate::snapshot::{Snapshot, Standing};
use crate::tree::{self, Branch, OUTSIDE, Tally};

/// Up to this many accounts a tree shows them all; a larger one shows its OUs.
pub(crate) const ALL_OPEN: usize = 60;

/// The deepest indent; an organization has five levels of OUs beneath its root.
const DEEPEST: usize = 7;

/// A table of accounts; `caption` is for screen readers.
pub(crate) fn table(caption: &str, rows: &Markup) -> Markup {
    html! {
        table class="t" {
            caption class="v" { (caption) }
            thead {
                tr {
                    th scope="col" { "Account" }
                    th scope="col" { "Status" }
                    th scope="col" { "Why" }
                    th scope="col" { "Last complete scan" }
                }
            }
            tbody { (rows) }
        }
    }
}

/// Where accounts are shown.
pub(crate) struct View<'a> {
    pub(crate) snapshot: &'a Snapshot,
    /// Leads to the overview.
    pub(crate) up: &'a str,
}

impl View<'_> {
    /// An account under an OU of this depth.
    pub(crate) fn account(&self, account: &AccountRow, depth: usize) -> Markup {
        html! {
            tr class={ (tint(self.snapshot.standing(account))) " d" (depth.min(DEEPEST)) } {
                (self.name(account, &html! {}))
                (self.status(account))
                td { (why(account, self.snapshot.standing(account))) }
                (self.last_scan(account))
            }
        }
    }

    /// An account with its OU.
    pub(crate) fn placed(&self, account: &AccountRow) -> Markup {
        html! {
            tr class=(tint(self.snapshot.standing(account))) {
                (self.name(account, &self.place(account)))
                (self.status(account))
                td { (why(account, self.snapshot.standing(account))) }
                (self.last_scan(account))
            }
        }
    }

    /// Name with a link, id, owner, and what else there is.
    pub(crate) fn name(&self, account: &AccountRow, more: &Markup) -> Markup {
        let name = match account.account_name.as_str() {
            "" => "(no name)".into(),
            name => clip(name, NAME_CHARACTERS),
        };
        html! {
            th scope="row" {
                a href={ (self.up) "accounts/" (account.account_id) } { (name) }
                span class="id" { (account.account_id) }
                @if !account.owner.is_empty() { span class="id" { (clip(&account.owner, NAME_CHARACTERS)) } }
                (more)
            }
        }
    }

    /// The OU of an account with a link.
    pub(crate) fn place(&self, account: &AccountRow) -> Markup {
        let parent = account.parents.last().map_or("", String::as_str);
        let chain = tree::chain(&self.snapshot.nodes, parent);
        html! {
            @match chain.last() {
                Some(node) => a class="id" href={ (self.up) "ous/" (node.node_id) } { (tree::label(&node.node_id, &node.node_name)) },
                None => a class="id" href={ (self.up) "ous/" (OUTSIDE) } { "Outside any OU" },
            }
        }
    }

    fn status(&self, account: &AccountRow) -> Markup {
        html! { td { span class="s" { (words::status(&account.polo_status)) } } }
    }

    pub(crate) fn last_scan(&self, account: &AccountRow) -> Markup {
        html! {
            td class="n" data-l="Last complete scan" {
                @match account.last_successful_scan {
                    Some(at) => time datetime=(at.format("%Y-%m-%dT%H:%MZ")) { (times::age(at, self.snapshot.at)) },
                    None => "never",
                }
            }
        }
    }

    /// A branch, its accounts if `open`, and what lies beneath it, until the lines are used up.
    pub(crate) fn branch(
        &self,
        branch: &Branch<'_>,
        depth: usize,
        open: bool,
        lines: &mut usize,
    ) -> Markup {
        if *lines == 0 {
            return html! {};
        }
        *lines -= 1;
        let shown = if open {
            branch.accounts.len().min(*lines)
        } else {
            0
        };
        *lines -= shown;
        html! {
            tr class={ "o d" (depth.min(DEEPEST)) } {
                th colspan="4" scope="row" {
                    a href={ (self.up) "ous/" (branch.id) } { (branch.label()) }
                    " " span { (tally(&branch.tally)) }
                }
            }
            @for account in branch.accounts.iter().take(shown) { (self.account(account, depth + 1)) }
            @for inner in &branch.branches { (self.branch(inner, depth + 1, open, lines)) }
        }
    }
}

/// Why an account has its status, or what is missing; nothing if all is there.
fn why(account: &AccountRow, standing: Standing) -> String {
    match (standing, account.polo_status.parse()) {
        (Standing::Gap, _) => gap(account),
        (Standing::Covered, Ok(PoloStatus::Active)) if account.status_reason == "role_works" => {
            String::new()
        }
        _ => explain(&account.status_reason, &account.last_check_class).into_owned(),
    }
}

/// The worst open gap of an account with its place.
pub(crate) fn gap(account: &AccountRow) -> String {
    match account.gap() {
        None => "not collected in time".to_owned(),
        Some(gap) => {
            let place = match gap.place {
                "" => String::new(),
                place => format!(" in {place}"),
            };
            format!("{}{place}: {}", gap.collector, cause(&gap))
        }
    }
}

/// How a row stands out.
pub(crate) fn tint(standing: Standing) -> &'static str {
    match standing {
        Standing::Blocked => "b",
        Standing::Gap => "g",
        Standing::Covered => "k",
        Standing::Excluded => "x",
    }
}

/// How many accounts stand how.
pub(crate) fn tally(tally: &Tally) -> String {
    let mut text = counted(tally.accounts, "account");
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
