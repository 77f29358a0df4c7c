//! One account: what it is, why it stands as it does, and what has happened to it.

use maud::{Markup, html};
use polo_core::{AccountId, PoloStatus, Timestamp, reason_in_words};
use polo_report::history::AccountHistory;
use polo_report::standing::standing;
use polo_report::times;
use polo_store::accounts::{AccountDetails, AccountRow};
use polo_store::checks::AccessCheck;
use polo_store::runs::{RunRow, StoredTarget};
use polo_store::settings::StoredSetting;
use polo_store::{Store, StoreError};

use crate::answer::Answer;
use crate::budget::{ANSWER_BYTES_AT_MOST, json_bytes};
use crate::document::{self, ago, counted, moment};
use crate::known::Known;

/// `/accounts/<id>`.
pub(crate) async fn answer(store: &Store, id: &AccountId) -> Result<Answer, StoreError> {
    let known = Known::read(store, id).await?;
    let mut runs = known.history.runs.len();
    loop {
        let answer = render(&known, runs);
        if runs == 0 || json_bytes(&answer.body) <= ANSWER_BYTES_AT_MOST {
            return Ok(answer);
        }
        runs -= 1;
    }
}

/// The page of an account, with the targets of no more than so many of its runs, the newest.
fn render(known: &Known, runs: usize) -> Answer {
    let Known {
        at: now,
        account,
        details,
        history,
        resources,
    } = known;
    let (now, resources) = (*now, *resources);
    let title = match account.account_name.as_str() {
        "" => account.account_id.clone(),
        name => format!("{name} ({})", account.account_id),
    };
    let body = html! {
        h1 { (title) }
        (status(account, details, now))
        section aria-labelledby="facts" {
            h2 id="facts" { "Facts" }
            (facts(account, details, resources, now))
        }
        (part("decisions", "Operators' decisions", "No operator has decided anything about it.",
            (!history.settings.is_empty()).then(|| decision_table(&history.settings))))
        (part("checks", "Access checks", "Access was never checked.",
            (!history.checks.is_empty()).then(|| check_table(&history.checks))))
        (part("runs", "Runs", "Nothing was ever collected from it.",
            (!history.runs.is_empty()).then(|| run_table(&history.runs, now))))
        @let targets = latest_targets(history, runs);
        @let left_out = latest_targets(history, history.runs.len()).len() - targets.len();
        @if !targets.is_empty() || left_out > 0 {
            section aria-labelledby="targets" {
                h2 id="targets" { "Targets" }
                @if !targets.is_empty() { (target_table(&targets)) }
                @if left_out > 0 {
                    p {
                        (counted(left_out, "target of an older run is", "targets of older runs are"))
                        " left out, because the page would be too large with them: `polo accounts show --json` has them."
                    }
                }
            }
        }
        p { a href={ "../api/accounts/" (account.account_id) } { "This account as JSON" } }
    };
    Answer::html(200, document::page(&title, "../", Some(now), &body))
}

/// A section with a table, or with a sentence where there is nothing to show.
fn part(id: &str, heading: &str, nothing: &str, table: Option<Markup>) -> Markup {
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (heading) }
            @match table {
                Some(table) => (table),
                None => p { (nothing) },
            }
        }
    }
}

fn status(account: &AccountRow, details: &AccountDetails, now: Timestamp) -> Markup {
    let class = match account.polo_status.parse() {
        Ok(PoloStatus::Active) if account.last_scan_error.is_empty() => "calm",
        Ok(PoloStatus::Active) => "warn",
        Ok(PoloStatus::Excluded) => "plain",
        Ok(PoloStatus::NoAccess | PoloStatus::PendingSetup) | Err(_) => "alarm",
    };
    let said = joined(&[
        &account.last_check_class,
        &details.last_check_code,
        &account.last_check_message,
    ]);
    html! {
        section class={ "banner " (class) } aria-label="Status" {
            p { strong { (account.polo_status) } ": " (reason_in_words(&account.status_reason)) "." }
            @if account.excluded_by_operator {
                p {
                    "Excluded by " (or(&account.excluded_by, "nobody named"))
                    @match account.excluded_until {
                        Some(until) => { " until " (moment(until)) },
                        None => " for good",
                    }
                    ": " (or(&account.excluded_reason, "no reason given"))
                }
            }
            @if !account.stack_status_reason.is_empty() {
                p { "The StackSet says: " (account.stack_status_reason) }
            }
            @if let Some(at) = account.last_check_at {
                p {
                    "The read role was last checked " (ago(at, now)) ": " (account.last_check_verdict)
                    @if !said.is_empty() { " (" (said) ")" }
                    "."
                }
            }
            @if !account.last_scan_error.is_empty() {
                p { "Worst open gap: " (account.last_scan_error) }
            }
        }
    }
}

fn facts(account: &AccountRow, details: &AccountDetails, resources: u64, now: Timestamp) -> Markup {
    let tags: Vec<String> = account
        .tags
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let text = |text: &str| html! { (text) };
    let time = |at: Option<Timestamp>| html! { @if let Some(at) = at { (moment(at)) } };
    let rows: Vec<(&str, Markup)> = vec![
        ("Account", text(&account.account_id)),
        ("E-mail", text(&account.account_email)),
        ("Purpose", text(&account.account_role)),
        ("Owner", text(&account.owner)),
        ("Organization", text(&account.organization_id)),
        ("State in the organization", text(&account.org_state)),
        ("OU", text(&account.org_unit)),
        ("Above it", text(&account.parents.join(" / "))),
        (
            "Management account",
            text(if account.is_management { "yes" } else { "" }),
        ),
        ("Membership", text(&details.membership)),
        (
            "In scope",
            text(if details.in_scope { "yes" } else { "no" }),
        ),
        ("Tags", text(&tags.join(", "))),
        (
            "Last complete scan",
            html! {
                @match account.last_successful_scan {
                    Some(at) => { (moment(at)) " (" (ago(at, now)) ")" },
                    None => "never",
                }
            },
        ),
        ("Resources", text(&resources.to_string())),
        ("Read role", text(&account.polo_read_role)),
        ("Read role first worked", time(details.first_success_at)),
        ("Read role last worked", time(details.last_success_at)),
        (
            "Denials in a row",
            text(&account.denials_in_a_row.to_string()),
        ),
        ("Next check", time(account.next_check_at)),
        ("Action role", text(&account.polo_action_role)),
        (
            "Action role's check",
            text(&joined(&[
                &account.action_verdict,
                &details.action_error_class,
            ])),
        ),
        ("Action role checked", time(details.action_checked_at)),
        (
            "Stack instance",
            text(&joined(&[
                &account.stack_status,
                &account.stack_detailed_status,
            ])),
        ),
        ("Joined", time(details.joined_at)),
        ("Left", time(details.left_at)),
        (
            "Discovered",
            // The epoch stands for a time that nobody noted.
            time(Some(account.discovered_at).filter(|at| *at != Timestamp::default())),
        ),
    ];
    html! {
        dl {
            @for (name, value) in rows {
                @if !value.0.is_empty() { dt { (name) } dd { (value) } }
            }
        }
    }
}

fn decision_table(settings: &[StoredSetting]) -> Markup {
    html! {
        table {
            caption { "What operators last decided, by setting" }
            (head(&["Setting", "Value", "By", "Decided", "Until", "Why"]))
            tbody {
                @for setting in settings {
                    tr {
                        th scope="row" { (setting.setting) }
                        td data-l="Value" { (or(&setting.value, "default")) }
                        td data-l="By" { (setting.author) }
                        td data-l="Decided" { (moment(setting.updated_at)) }
                        td data-l="Until" { @if let Some(at) = setting.expires_at { (moment(at)) } }
                        td data-l="Why" { (setting.reason) }
                    }
                }
            }
        }
    }
}

fn check_table(checks: &[AccessCheck]) -> Markup {
    html! {
        table {
            caption { "The last checks, newest first" }
            (head(&["Checked", "Role", "Verdict", "By", "Why"]))
            tbody {
                @for check in checks {
                    tr class=[(check.verdict.as_str() == "denied").then_some("b")] {
                        th scope="row" { (moment(check.checked_at)) }
                        td data-l="Role" { (check.role.as_str()) }
                        td { span class="s" { (check.verdict.as_str()) } }
                        td data-l="By" { (check.checked_by) }
                        td { (joined(&[&check.error_class, &check.error_code, &check.message])) }
                    }
                }
            }
        }
    }
}

fn run_table(runs: &[RunRow], now: Timestamp) -> Markup {
    html! {
        table {
            caption { "The last runs, newest first" }
            (head(&["Started", "Collector", "Outcome", "Targets", "Resources", "Took", "Why"]))
            tbody {
                @for run in runs {
                    @let standing = standing(run, now);
                    tr class=[tint(standing)] {
                        th scope="row" { (moment(run.started_at)) }
                        td { (run.collector) }
                        td { span class="s" { (standing) } }
                        td data-l="Targets" { (run.targets_conclusive) " of " (run.targets) }
                        td data-l="Resources" { (run.resources_seen) }
                        td data-l="Took" { @if let Some(end) = run.finished_at { (times::span(run.started_at, end)) } }
                        td { (joined(&[&run.error_class, &run.reason])) }
                    }
                }
            }
        }
    }
}

/// The targets of each collector's newest run, among so many runs; older ones are in the JSON.
fn latest_targets(history: &AccountHistory, runs: usize) -> Vec<(&RunRow, &StoredTarget)> {
    let mut collectors: Vec<&str> = Vec::new();
    let mut targets = Vec::new();
    for run in history.runs.iter().take(runs) {
        if collectors.contains(&run.collector.as_str()) {
            continue;
        }
        collectors.push(&run.collector);
        let own =
            |target: &&StoredTarget| target.run_id == run.run_id && target.attempt == run.attempt;
        targets.extend(
            history
                .targets
                .iter()
                .filter(own)
                .map(|target| (run, target)),
        );
    }
    targets
}

fn target_table(targets: &[(&RunRow, &StoredTarget)]) -> Markup {
    html! {
        table {
            caption { "How the targets of each collector's newest run ended" }
            (head(&["Collector", "Region", "Outcome", "Resources", "Why"]))
            tbody {
                @for (run, target) in targets {
                    tr class=[tint(&target.outcome)] {
                        th scope="row" { (run.collector) }
                        td data-l="Region" { (target.region) }
                        td { span class="s" { (target.outcome) } }
                        td data-l="Resources" { (target.resources_seen) }
                        td { (joined(&[&target.error_class, &target.action, &target.message])) }
                    }
                }
            }
        }
    }
}

/// How a row stands out; its outcome is in words beside it.
fn tint(outcome: &str) -> Option<&'static str> {
    match outcome {
        "denied" | "failed" | "crashed" => Some("b"),
        "partial" => Some("g"),
        "skipped" => Some("x"),
        _ => None,
    }
}

fn head(columns: &[&str]) -> Markup {
    html! { thead { tr { @for column in columns { th scope="col" { (column) } } } } }
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

/// Parts that are not empty, with `: ` between.
fn joined(parts: &[&str]) -> String {
    parts
        .iter()
        .copied()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(": ")
}
