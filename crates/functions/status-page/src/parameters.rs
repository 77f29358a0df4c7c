//! The query's parameters. Invariant: one that the page does not take, or that is given twice, is refused, because it
//! would look like a filter that found everything.

use lambda_http::aws_lambda_events::query_map::QueryMap;
use polo_core::text::quoted;
use polo_core::{AccountId, PoloStatus};
use polo_report::counts::STATUSES;

use crate::event::TOO_LONG;
use crate::filter::{Coverage, Filter, Search};
use crate::problem::{Link, Problem};

/// No name or owner is longer.
const SEARCH_CHARACTERS: usize = 200;

/// Parameters with their values, unescaped.
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads a query of which the page takes these parameters.
    pub(crate) fn read(query: Option<&str>, takes: &[&str]) -> Result<Self, Problem> {
        let query = query.unwrap_or_default();
        if query.trim_end_matches('=') == TOO_LONG {
            return Err(Problem::too_long("query"));
        }
        let Ok(map) = query.parse::<QueryMap>();
        let mut pairs: Vec<(String, String)> = map
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        // A map has no order, and the same query has to get the same answer.
        pairs.sort();
        for (at, (name, value)) in pairs.iter().enumerate() {
            if !takes.contains(&name.as_str()) {
                return Err(Problem::bad_request(format!(
                    "unknown parameter {}: {}",
                    quoted(name),
                    taken(takes)
                )));
            }
            if pairs.iter().skip(at + 1).any(|(other, _)| other == name) {
                return Err(Problem::bad_request(format!(
                    "the parameter {name} is given twice: give it once"
                )));
            }
            if value.contains('\u{fffd}') {
                return Err(Problem::bad_request(format!(
                    "the parameter {name} is not valid UTF-8: escape it as UTF-8"
                )));
            }
        }
        Ok(Self(pairs))
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The account after which a list goes on.
    pub(crate) fn after(&self) -> Result<Option<AccountId>, Problem> {
        let Some(text) = self.get("after") else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| {
            Problem::bad_request(format!(
                "after is {}: it has to be the 12 digits of the account after which the list goes on",
                quoted(text)
            ))
        })
    }

    /// What a list is limited to.
    pub(crate) fn filter(&self) -> Result<Filter, Problem> {
        let status = self.one_of("status", &STATUSES, PoloStatus::as_str)?;
        let coverage = self.one_of("coverage", &Coverage::ALL, Coverage::as_str)?;
        let text = self.get("q").unwrap_or_default();
        if text.chars().count() > SEARCH_CHARACTERS {
            return Err(Problem::bad_request(format!(
                "q has {} characters: search for {SEARCH_CHARACTERS} at most",
                text.chars().count()
            )));
        }
        Ok(Filter {
            status,
            coverage,
            search: Search::new(text),
        })
    }

    fn one_of<T: Copy>(
        &self,
        name: &str,
        all: &[T],
        as_str: fn(T) -> &'static str,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        if let Some(value) = all.iter().find(|value| as_str(**value) == text) {
            return Ok(Some(*value));
        }
        let values: Vec<&str> = all.iter().map(|value| as_str(*value)).collect();
        let links = values
            .iter()
            .map(|value| Link::new(format!("?{name}={value}"), format!("{name}={value}")))
            .collect();
        Err(Problem::bad_request(format!(
            "{name} is {}: it has to be {}",
            quoted(text),
            listed(&values, "or")
        ))
        .with(links))
    }
}

fn taken(takes: &[&str]) -> String {
    match takes {
        [] => "this address takes none".to_owned(),
        takes => format!("this address takes {}", listed(takes, "and")),
    }
}

/// `a, b and c`.
fn listed(words: &[&str], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}
