//! What an address that is none may have meant.

use lambda_http::aws_lambda_events::query_map::QueryMap;
use polo_core::AccountId;
use polo_core::text::quoted;

use crate::filter::{Filter, Search};
use crate::form::Form;
use crate::node_id::is_node_id;
use crate::problem::{Link, Problem};

/// The path without doubled and trailing slashes; a list without an id is the overview.
pub(crate) fn canonical(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["accounts" | "ous" | "index.html"] => "/".to_owned(),
        parts => format!("/{}", parts.join("/")),
    }
}

/// The refusal of a path that nothing is at.
pub(crate) fn unknown(path: &str) -> Problem {
    let text = unescaped(path);
    let form = Form::of(path);
    let mut links = Vec::new();
    if let Some(id) = digits(&text) {
        links.push(account_link(form, &id));
    } else if let Some(id) = ou(&text) {
        links.push(Link::new(format!("ous/{id}"), format!("/ous/{id}")));
    }
    let meant = match links.first() {
        Some(link) => format!("did you mean {}?", link.label),
        None => match form {
            Form::Html => "accounts are at /accounts/123456789012, OUs at /ous/ou-ab12-cdefgh34, JSON at /api/accounts \
                           and /api/coverage"
                .to_owned(),
            Form::Json => {
                "there are /api/accounts, /api/accounts/123456789012 and /api/coverage".to_owned()
            }
        },
    };
    if links.is_empty() {
        links.extend(search_link(text.rsplit('/').next().unwrap_or_default()));
    }
    Problem::not_found(format!("there is no page {}: {meant}", quoted(&text))).with(links)
}

/// The account of a path.
pub(crate) fn account_id(part: &str) -> Result<AccountId, Problem> {
    part.parse().map_err(|_| {
        let text = unescaped(part);
        let links = match digits(&text) {
            Some(id) => vec![account_link(Form::Html, &id)],
            None => search_link(&text).into_iter().collect(),
        };
        Problem::bad_request(format!(
            "{} is not an account id: it has to be 12 digits",
            quoted(&text)
        ))
        .with(links)
    })
}

fn account_link(form: Form, id: &str) -> Link {
    let to = match form {
        Form::Html => format!("accounts/{id}"),
        Form::Json => format!("api/accounts/{id}"),
    };
    let label = format!("/{to}");
    Link::new(to, label)
}

fn search_link(text: &str) -> Option<Link> {
    let filter = Filter {
        search: Search::new(text),
        ..Filter::default()
    };
    let query = filter.query(None);
    let is_short = text.chars().count() <= 60 && !text.contains(char::is_control);
    (!query.is_empty() && is_short)
        .then(|| Link::new(query, format!("Search accounts for “{}”", text.trim())))
}

/// The one run of 12 digits in a text, with dashes as AWS's console prints them or without.
fn digits(text: &str) -> Option<String> {
    let joined: String = text.chars().filter(|c| !['-', ' '].contains(c)).collect();
    joined
        .split(|c: char| !c.is_ascii_digit())
        .find(|run| run.len() == 12)
        .map(str::to_owned)
}

fn ou(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .map(str::to_ascii_lowercase)
        .find(|part| part.len() > 5 && is_node_id(part) && part != "outside")
}

/// What is not UTF-8 shows as such.
fn unescaped(path: &str) -> String {
    let query = format!("p={}", path.replace('+', "%2B").replace('&', "%26"));
    let Ok(map) = query.parse::<QueryMap>();
    map.first("p").unwrap_or_default().to_owned()
}
