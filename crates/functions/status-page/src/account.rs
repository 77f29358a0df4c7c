//! One account: how it stands and why, what its collectors did, and what has happened to it.

mod collectors;
mod facts;
mod gaps;
mod history;
mod status;

use maud::{Markup, html};
use polo_core::{AccountId, Timestamp};
use polo_report::collectors::CollectorState;
use polo_store::hierarchy::OrganizationNode;
use polo_store::{Store, StoreError};

use crate::answer::Answer;
use crate::budget::{ANSWER_BYTES_AT_MOST, json_bytes};
use crate::document::{self, Frame};
use crate::known::Known;
use crate::snapshot::show;
use crate::tree::{self, OUTSIDE};

/// What the page is made of.
struct Shown {
    known: Known,
    collectors: Vec<CollectorState>,
    nodes: Vec<OrganizationNode>,
}

/// `/accounts/<id>`.
pub(crate) async fn answer(store: &Store, id: &AccountId) -> Result<Answer, StoreError> {
    let (known, collectors, mut nodes) = tokio::try_join!(
        Known::read(store, id),
        CollectorState::read(store, id),
        store.organization_nodes(),
    )?;
    for node in &mut nodes {
        show(&mut node.node_name);
    }
    let known = known.printable();
    let shown = Shown {
        known,
        collectors,
        nodes,
    };
    let all = gaps::of(&shown.known.history);
    let mut fitting = all.len();
    loop {
        let answer = render(&shown, all.get(..fitting).unwrap_or(&all), all.len());
        if fitting == 0 || json_bytes(&answer.body) <= ANSWER_BYTES_AT_MOST {
            return Ok(answer);
        }
        fitting /= 2;
    }
}

/// The page with these of the account's gaps.
fn render(shown: &Shown, gaps: &[gaps::Gap<'_>], all_gaps: usize) -> Answer {
    let Shown {
        known,
        collectors,
        nodes,
    } = shown;
    let Known {
        at: now,
        account,
        details,
        history,
        resources,
    } = known;
    let now = *now;
    let name = match account.account_name.as_str() {
        "" => "(no name)",
        name => name,
    };
    let title = format!("{name} ({})", account.account_id);
    let mut said = Said::default();
    let body = html! {
        (document::breadcrumb(&ways(nodes, account.parents.last().map_or("", String::as_str)), name))
        h1 { (name) }
        p class="under" {
            (account.account_id)
            @for text in [&account.account_role, &account.owner] { @if !text.is_empty() { " · " (text) } }
        }
        (status::banner(account, details, now, &mut said))
        @if !history.settings.is_empty() {
            section aria-labelledby="decisions" {
                h2 id="decisions" { "Operators' decisions" }
                (history::decisions(&history.settings))
            }
        }
        section aria-labelledby="collectors" {
            h2 id="collectors" { "Collectors" }
            (collectors::table(collectors, account, now))
        }
        @if all_gaps > 0 {
            section aria-labelledby="gaps" {
                h2 id="gaps" { "What could not be read" }
                (gaps::table(gaps, &mut said))
                @if gaps.len() < all_gaps {
                    p { (all_gaps - gaps.len()) " more are left out, because the page would be too large: see the JSON." }
                }
            }
        }
        (folded("checks", "Access checks", "Access was never checked.",
            (!history.checks.is_empty()).then(|| history::checks(&history.checks, &mut said))))
        (folded("runs", "Last runs", "Nothing was ever collected from it.",
            (!history.runs.is_empty()).then(|| history::runs(&history.runs, now, &mut said))))
        (folded("facts", "Facts", "", Some(facts::list(account, details, *resources, now))))
        p { a href={ "../api/accounts/" (account.account_id) } { "This account as JSON" } }
    };
    Answer::html(
        200,
        document::page(&Frame::new(&title, "../").at(now), &body),
    )
}

/// The overview and the OUs above an account.
fn ways(nodes: &[OrganizationNode], parent: &str) -> Vec<(String, String)> {
    let chain = tree::chain(nodes, parent);
    let mut ways = vec![("../".to_owned(), "Accounts".to_owned())];
    if chain.is_empty() {
        ways.push((format!("../ous/{OUTSIDE}"), "Outside any OU".to_owned()));
    }
    ways.extend(chain.into_iter().map(|node| {
        let label = tree::label(&node.node_id, &node.node_name);
        (format!("../ous/{}", node.node_id), label)
    }));
    ways
}

/// A section that opens, or a sentence if there is nothing to show.
fn folded(id: &str, heading: &str, nothing: &str, content: Option<Markup>) -> Markup {
    html! {
        section aria-labelledby=(id) {
            @match content {
                Some(content) => details { summary { h2 id=(id) { (heading) } } (content) },
                None => { h2 id=(id) { (heading) } p { (nothing) } },
            }
        }
    }
}

/// What AWS said, folded, because its sentences are long and full of ARNs and request ids. Each is on the page once.
#[derive(Default)]
struct Said(Vec<String>);

impl Said {
    fn fold(&mut self, messages: impl Iterator<Item = String>) -> Markup {
        let before = self.0.len();
        for message in messages.filter(|message| !message.is_empty()) {
            if !self.0.contains(&message) {
                self.0.push(message);
            }
        }
        let new = self.0.get(before..).unwrap_or_default();
        html! {
            @if !new.is_empty() {
                details class="said" {
                    summary { "What AWS said" }
                    @for message in new { p { (message) } }
                }
            }
        }
    }
}

/// A message with what it is about.
fn about(what: &str, message: &str) -> String {
    match (what, message) {
        (_, "") => String::new(),
        ("", message) => message.to_owned(),
        (what, message) => format!("{what}: {message}"),
    }
}

fn head(columns: &[&str]) -> Markup {
    html! { thead { tr { @for column in columns { th scope="col" { (column) } } } } }
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

/// How a row stands out; its outcome is in words beside it.
fn tint(outcome: &str) -> Option<&'static str> {
    match outcome {
        "denied" | "failed" | "crashed" => Some("b"),
        "partial" | "inconclusive" | polo_report::collectors::NEVER_RAN => Some("g"),
        "complete" | "success" => Some("k"),
        "skipped" | polo_report::collectors::PAYER_ONLY => Some("x"),
        _ => None,
    }
}

/// `3 of 17`; nothing for a run that ended before it knew its places.
fn read_of(read: u32, places: u32) -> String {
    if places == 0 {
        String::new()
    } else {
        format!("{read} of {places}")
    }
}

/// How long ago, or nothing.
fn ended(at: Option<Timestamp>, now: Timestamp) -> Markup {
    html! { @if let Some(at) = at { (document::ago(at, now)) } }
}
