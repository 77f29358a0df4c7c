//! What has happened to an account: operators' decisions, access checks and runs.

use maud::{Markup, html};
use polo_core::{Run, Timestamp};
use polo_report::gap::cause_in_words;
use polo_report::standing::standing;
use polo_report::{times, words};
use polo_store::checks::AccessCheck;
use polo_store::settings::StoredSetting;

use super::{Said, about, head, or, read_of, tint};
use crate::document::moment;

pub(super) fn decisions(settings: &[StoredSetting]) -> Markup {
    html! {
        table {
            caption class="v" { "What operators last decided, by setting" }
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

/// Checks that followed each other with one result are one row.
pub(super) fn checks(checks: &[AccessCheck], said: &mut Said) -> Markup {
    let same = |one: &AccessCheck, next: &AccessCheck| {
        (one.role, one.verdict, &one.error_class, &one.error_code)
            == (next.role, next.verdict, &next.error_class, &next.error_code)
    };
    let messages = checks
        .iter()
        .map(|check| about(&check.error_code, &check.message));
    html! {
        table {
            caption class="v" { "The last access checks, newest first" }
            (head(&["Checked", "Role", "Verdict", "Times", "Why"]))
            tbody {
                @for group in checks.chunk_by(same) {
                    @if let (Some(newest), Some(oldest)) = (group.first(), group.last()) {
                        tr class=[tint(newest.verdict.as_str())] {
                            th scope="row" {
                                (moment(newest.checked_at))
                                @if group.len() > 1 { br; "since " (moment(oldest.checked_at)) }
                            }
                            td data-l="Role" { (newest.role.as_str()) }
                            td { span class="s" { (newest.verdict.as_str()) } }
                            td data-l="Times" { (group.len()) }
                            td { @if !newest.error_class.is_empty() { (cause_in_words(&newest.error_class, "")) } }
                        }
                    }
                }
            }
        }
        (said.fold(messages))
    }
}

pub(super) fn runs(runs: &[Run], now: Timestamp, said: &mut Said) -> Markup {
    let failed = runs.iter().filter(|run| run.class().is_some());
    let messages = failed.map(|run| about(run.collector.as_str(), run.reason()));
    html! {
        table {
            caption class="v" { "The last runs, newest first" }
            (head(&["Started", "Collector", "Outcome", "Places read", "Resources", "Took", "Why"]))
            tbody {
                @for run in runs {
                    @let standing = standing(run, now);
                    @let totals = run.totals();
                    tr class=[tint(standing)] {
                        th scope="row" { (moment(run.started_at)) }
                        td { (run.collector.as_str()) }
                        td { span class="s" { (words::outcome(standing)) } }
                        td data-l="Places read" { (read_of(totals.places_conclusive, totals.places)) }
                        td data-l="Resources" { (totals.resources_seen) }
                        td data-l="Took" { @if let Some(end) = &run.end { (times::span(run.started_at, end.finished_at)) } }
                        td { (why(run)) }
                    }
                }
            }
        }
        (said.fold(messages))
    }
}

/// A failure's cause; a skipped run has none, and its reason is short.
fn why(run: &Run) -> String {
    match run.class() {
        None => run.reason().to_owned(),
        Some(class) => cause_in_words(class.as_str(), ""),
    }
}
