//! The expected collectors of an account and how each stands, also one that never ran.

use maud::{Markup, html};
use polo_core::{PoloStatus, Timestamp};
use polo_report::collectors::{CollectorState, NEVER_RAN, PAYER_ONLY};
use polo_report::gap::cause_in_words;
use polo_report::words;
use polo_store::accounts::AccountRow;

use super::{ended, head, read_of, tint};

pub(super) fn table(collectors: &[CollectorState], account: &AccountRow, now: Timestamp) -> Markup {
    let is_excluded = account.polo_status == PoloStatus::Excluded.as_str();
    if is_excluded && collectors.iter().all(|state| state.newest.is_none()) {
        return html! { p { "Nothing is collected from an excluded account." } };
    }
    let mut collectors: Vec<&CollectorState> = collectors.iter().collect();
    collectors.sort_by_key(|state| (urgency(state.standing(now)), &state.expected.collector));
    html! {
        @if collectors.is_empty() {
            p { "No collector is expected: deploy one, or run " code { "polo migrate" } "." }
        } @else {
            table {
                caption class="v" { "Each expected collector's last full run" }
                (head(&["Collector", "Last full run", "Places read", "Resources", "Ended", "Why"]))
                tbody {
                    @for state in collectors {
                        @let standing = state.standing(now);
                        tr class=[tint(standing)] {
                            th scope="row" { (state.expected.collector.as_str()) }
                            td { span class="s" { (words::outcome(standing)) } }
                            @if let Some(run) = &state.newest {
                                @let totals = run.totals();
                                td data-l="Places read" { (read_of(totals.places_conclusive, totals.places)) }
                                td data-l="Resources" { (totals.resources_seen) }
                                td data-l="Ended" { (ended(run.end.as_ref().map(|end| end.finished_at), now)) }
                                td { @if let Some(class) = run.class() { (cause_in_words(class.as_str(), "")) } }
                            } @else {
                                td {} td {} td {} td {}
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What needs attention first.
fn urgency(standing: &str) -> u8 {
    match standing {
        "failed" | "crashed" => 0,
        NEVER_RAN => 1,
        "partial" => 2,
        "running" => 3,
        PAYER_ONLY => 5,
        _ => 4,
    }
}
