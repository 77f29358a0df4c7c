//! The places that could not be read, by cause.

use maud::{Markup, html};
use polo_core::{ErrorClass, PlaceResult};
use polo_report::gap::cause_in_words;
use polo_report::history::AccountHistory;
use polo_report::words;

use super::{Said, about, head, tint};

/// More places of one gap are counted.
const PLACES_AT_MOST: usize = 40;

/// One collector that met one cause in some places.
pub(super) struct Gap<'a> {
    collector: &'a str,
    outcome: &'a str,
    class: &'a str,
    action: &'a str,
    places: Vec<&'a str>,
    message: &'a str,
}

/// The gaps of each collector's newest run among the account's last ones.
pub(super) fn of(history: &AccountHistory) -> Vec<Gap<'_>> {
    let mut collectors: Vec<&str> = Vec::new();
    let mut gaps: Vec<Gap<'_>> = Vec::new();
    for run in &history.runs {
        let collector = run.collector.as_str();
        if collectors.contains(&collector) {
            continue;
        }
        collectors.push(collector);
        let own = history
            .places
            .iter()
            .filter(|place| place.run_id == run.run_id && place.attempt == run.attempt)
            .filter(|place| !place.result.outcome.is_conclusive());
        for place in own {
            add(&mut gaps, collector, &place.result);
        }
    }
    gaps
}

fn add<'a>(gaps: &mut Vec<Gap<'a>>, collector: &'a str, result: &'a PlaceResult) {
    let outcome = &result.outcome;
    let class = outcome.class().map_or("", ErrorClass::as_str);
    let key = (collector, outcome.as_str(), class, outcome.action());
    let same = gaps
        .iter_mut()
        .find(|gap| (gap.collector, gap.outcome, gap.class, gap.action) == key);
    match same {
        Some(gap) => gap.places.push(result.place.as_str()),
        None => gaps.push(Gap {
            collector,
            outcome: outcome.as_str(),
            class,
            action: outcome.action(),
            places: vec![result.place.as_str()],
            message: outcome.message(),
        }),
    }
}

pub(super) fn table(gaps: &[Gap<'_>], said: &mut Said) -> Markup {
    let messages = gaps.iter().map(|gap| about(gap.collector, gap.message));
    html! {
        table {
            caption class="v" { "Places that each collector's newest run could not read, by cause" }
            (head(&["Collector", "Outcome", "Places", "Why"]))
            tbody {
                @for gap in gaps {
                    tr class=[tint(gap.outcome)] {
                        th scope="row" { (gap.collector) }
                        td { span class="s" { (words::outcome(gap.outcome)) } }
                        td data-l="Places" { (places(&gap.places)) }
                        td { (cause_in_words(gap.class, gap.action)) }
                    }
                }
            }
        }
        (said.fold(messages))
    }
}

fn places(places: &[&str]) -> String {
    let shown = places.get(..PLACES_AT_MOST).unwrap_or(places);
    let mut text = shown.join(", ");
    if places.len() > shown.len() {
        text.push_str(&format!(" and {} more", places.len() - shown.len()));
    }
    text
}
