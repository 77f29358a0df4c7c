//! What a request asks for. Invariant: nothing of it reaches the database that was not validated here.

use polo_core::{AccountId, PoloStatus};

use crate::problem::Problem;

/// HTML for people or JSON for programs: a refusal has the form of what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Html,
    /// For programs: everything under `/api`.
    Json,
}

impl Form {
    /// The form of a path.
    pub fn of(path: &str) -> Self {
        if path == "/api" || path.starts_with("/api/") {
            Self::Json
        } else {
            Self::Html
        }
    }
}

/// A page or an answer for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `/`: the organization.
    Overview,
    /// `/ous/<id>`: the accounts directly in one OU or root, or in none (`outside`), from the one after `after`.
    Ou {
        /// `ou-…`, `r-…` or `outside`.
        id: String,
        /// The account after which the list begins.
        after: Option<AccountId>,
    },
    /// `/accounts/<12 digits>`.
    Account(AccountId),
    /// `/api/coverage`.
    ApiCoverage {
        /// The account after which the list begins.
        after: Option<AccountId>,
    },
    /// `/api/accounts`.
    ApiAccounts {
        /// The account after which the list begins.
        after: Option<AccountId>,
        /// Only accounts of this status.
        status: Option<PoloStatus>,
    },
    /// `/api/accounts/<12 digits>`.
    ApiAccount(AccountId),
}

impl Route {
    /// Reads a request's method, path and query.
    pub fn of(method: &str, path: &str, query: Option<&str>) -> Result<Self, Problem> {
        if method != "GET" {
            return Err(Problem::method(method));
        }
        let parameters = Parameters::read(query)?;
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let route = match parts.as_slice() {
            [""] => Self::Overview,
            ["ous", id] if is_node_id(id) => Self::Ou {
                id: (*id).to_owned(),
                after: parameters.after.clone(),
            },
            ["accounts", id] => Self::Account(account_id(id)?),
            ["api", "coverage"] => Self::ApiCoverage {
                after: parameters.after.clone(),
            },
            ["api", "accounts"] => Self::ApiAccounts {
                after: parameters.after.clone(),
                status: parameters.status,
            },
            ["api", "accounts", id] => Self::ApiAccount(account_id(id)?),
            _ => return Err(Problem::not_found("there is no such page")),
        };
        parameters.fit(&route)?;
        Ok(route)
    }
}

fn account_id(text: &str) -> Result<AccountId, Problem> {
    text.parse()
        .map_err(|error: polo_core::InvalidAccountId| Problem::bad_request(error.to_string()))
}

/// An id of a root or an OU, or the word for neither.
fn is_node_id(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.len() <= 80 && text.bytes().all(legal)
}

/// The query's parameters. None of their legal values has to be escaped, so nothing is unescaped.
#[derive(Debug, Default)]
struct Parameters {
    after: Option<AccountId>,
    status: Option<PoloStatus>,
}

impl Parameters {
    fn read(query: Option<&str>) -> Result<Self, Problem> {
        let mut parameters = Self::default();
        for pair in query
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
        {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "after" => parameters.after = Some(account_id(value)?),
                "status" => {
                    let status =
                        value
                            .parse()
                            .map_err(|error: polo_core::status::UnknownPoloStatus| {
                                Problem::bad_request(error.to_string())
                            })?;
                    parameters.status = Some(status);
                }
                other => {
                    return Err(Problem::bad_request(format!(
                        "unknown parameter {other:?}: there are after, an account's id, and status"
                    )));
                }
            }
        }
        Ok(parameters)
    }

    /// A parameter that means nothing to the route would look like a filter that found everything.
    fn fit(&self, route: &Route) -> Result<(), Problem> {
        let (after, status) = match route {
            Route::ApiAccounts { .. } => (true, true),
            Route::Ou { .. } | Route::ApiCoverage { .. } => (true, false),
            Route::Overview | Route::Account(_) | Route::ApiAccount(_) => (false, false),
        };
        let foreign = [
            ("after", self.after.is_some() && !after),
            ("status", self.status.is_some() && !status),
        ];
        match foreign.into_iter().find(|(_, is_foreign)| *is_foreign) {
            Some((name, _)) => Err(Problem::bad_request(format!(
                "the parameter {name} means nothing here: leave it out"
            ))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> AccountId {
        "123456789012".parse().unwrap()
    }

    #[test]
    fn every_page_has_its_path() {
        for (path, query, route) in [
            ("/", None, Route::Overview),
            ("/accounts/123456789012", None, Route::Account(id())),
            (
                "/ous/ou-ab12-cdefgh34",
                Some("after=123456789012"),
                Route::Ou {
                    id: "ou-ab12-cdefgh34".into(),
                    after: Some(id()),
                },
            ),
            (
                "/api/coverage",
                Some(""),
                Route::ApiCoverage { after: None },
            ),
            (
                "/api/accounts",
                Some("status=no_access&after=123456789012"),
                Route::ApiAccounts {
                    after: Some(id()),
                    status: Some(PoloStatus::NoAccess),
                },
            ),
            ("/api/accounts/123456789012", None, Route::ApiAccount(id())),
        ] {
            assert_eq!(Route::of("GET", path, query), Ok(route), "{path}");
        }
    }

    #[test]
    fn what_is_no_page_is_refused_with_status_and_value() {
        for (method, path, query, status, value) in [
            ("POST", "/", None, 405, "POST"),
            ("HEAD", "/", None, 405, "HEAD"),
            ("GET", "/admin", None, 404, "no such page"),
            ("GET", "", None, 404, "no such page"),
            ("GET", "//", None, 404, "no such page"),
            ("GET", "/api", None, 404, "no such page"),
            ("GET", "/ous/../../etc", None, 404, "no such page"),
            ("GET", "/ous/ou%27", None, 404, "no such page"),
            ("GET", "/accounts/12345678901", None, 400, "12345678901"),
            ("GET", "/accounts/123456789012/", None, 404, "no such page"),
            ("GET", "/api/accounts/shop", None, 400, "shop"),
            ("GET", "/api/accounts", Some("status=aktiv"), 400, "aktiv"),
            ("GET", "/api/accounts", Some("after="), 400, "12 digits"),
            ("GET", "/api/accounts", Some("limit=5"), 400, "limit"),
            ("GET", "/", Some("status=active"), 400, "status"),
            ("GET", "/api/coverage", Some("status=active"), 400, "status"),
        ] {
            let problem = Route::of(method, path, query).unwrap_err();
            assert_eq!(problem.status(), status, "{method} {path} {query:?}");
            let sentence = problem.sentence();
            assert!(
                sentence.contains(value) && !sentence.contains('\n'),
                "{method} {path} {query:?}: {sentence}"
            );
        }
    }

    #[test]
    fn everything_under_api_is_for_programs() {
        assert_eq!(Form::of("/api"), Form::Json);
        assert_eq!(Form::of("/api/nothing"), Form::Json);
        assert_eq!(Form::of("/apiary"), Form::Html);
        assert_eq!(Form::of("/"), Form::Html);
    }
}
