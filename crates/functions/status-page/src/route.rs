//! What a request asks for. Invariant: nothing of it reaches the database that was not validated here.

use polo_core::AccountId;

use crate::event::TOO_LONG;
use crate::filter::Filter;
use crate::meant;
use crate::node_id::is_node_id;
use crate::parameters::Parameters;
use crate::problem::Problem;

/// A page or an answer for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `/`: the organization.
    Overview,
    /// `/?status=…&coverage=…&q=…`: accounts by a filter, from the one after `after`.
    List {
        /// Which accounts.
        filter: Filter,
        /// The account after which the list goes on.
        after: Option<AccountId>,
    },
    /// `/ous/<id>`: one OU or root, or the accounts in none (`outside`); its own accounts from the one after `after`.
    Ou {
        /// `ou-…`, `r-…` or `outside`.
        id: String,
        /// The account after which the list goes on.
        after: Option<AccountId>,
    },
    /// `/accounts/<12 digits>`.
    Account(AccountId),
    /// `/api/coverage`.
    ApiCoverage {
        /// The account after which the list goes on.
        after: Option<AccountId>,
    },
    /// `/api/accounts`.
    ApiAccounts {
        /// Which accounts.
        filter: Filter,
        /// The account after which the list goes on.
        after: Option<AccountId>,
    },
    /// `/api/accounts/<12 digits>`.
    ApiAccount(AccountId),
    /// `/favicon.ico`, which browsers ask for beside JSON.
    Icon,
}

impl Route {
    /// Reads a request's method, path and query.
    pub fn of(method: &str, path: &str, query: Option<&str>) -> Result<Self, Problem> {
        if !["GET", "HEAD"].contains(&method) {
            return Err(Problem::method(method));
        }
        if path.trim_start_matches('/') == TOO_LONG {
            return Err(Problem::too_long("path"));
        }
        if let Some(found) = Self::at(path, query) {
            return found;
        }
        let canonical = meant::canonical(path);
        match Self::at(&canonical, query) {
            Some(found) => found.and_then(|_| Err(Problem::moved(&canonical, query))),
            None => Err(meant::unknown(path)),
        }
    }

    /// What is at a path; none if nothing is.
    fn at(path: &str, query: Option<&str>) -> Option<Result<Self, Problem>> {
        let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let with = |takes| Parameters::read(query, takes);
        Some(match parts.as_slice() {
            [""] => with(&["status", "coverage", "q", "after"]).and_then(|parameters| {
                let (filter, after) = (parameters.filter()?, parameters.after()?);
                Ok(if filter == Filter::default() && after.is_none() {
                    Self::Overview
                } else {
                    Self::List { filter, after }
                })
            }),
            ["ous", id] if is_node_id(id) => with(&["after"]).and_then(|parameters| {
                Ok(Self::Ou {
                    id: (*id).to_owned(),
                    after: parameters.after()?,
                })
            }),
            ["accounts", id] if !id.is_empty() => {
                meant::account_id(id).and_then(|id| with(&[]).map(|_| Self::Account(id)))
            }
            ["api", "coverage"] => with(&["after"]).and_then(|parameters| {
                Ok(Self::ApiCoverage {
                    after: parameters.after()?,
                })
            }),
            ["api", "accounts"] => with(&["status", "q", "after"]).and_then(|parameters| {
                Ok(Self::ApiAccounts {
                    filter: parameters.filter()?,
                    after: parameters.after()?,
                })
            }),
            ["api", "accounts", id] if !id.is_empty() => {
                meant::account_id(id).and_then(|id| with(&[]).map(|_| Self::ApiAccount(id)))
            }
            ["favicon.ico"] => Ok(Self::Icon),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use polo_core::PoloStatus;

    use super::*;
    use crate::filter::{Coverage, Search};

    fn id() -> AccountId {
        "123456789012".parse().unwrap()
    }

    #[test]
    fn every_page_has_its_path() {
        let filter = |status| Filter {
            status,
            ..Filter::default()
        };
        for (path, query, route) in [
            ("/", None, Route::Overview),
            // An empty search form.
            ("/", Some("q="), Route::Overview),
            (
                "/",
                Some("status=no_access"),
                Route::List {
                    filter: filter(Some(PoloStatus::NoAccess)),
                    after: None,
                },
            ),
            (
                "/",
                Some("q=shop+%C3%BC&coverage=with_gaps&after=123456789012"),
                Route::List {
                    filter: Filter {
                        status: None,
                        coverage: Some(Coverage::WithGaps),
                        search: Search::new("shop ü"),
                    },
                    after: Some(id()),
                },
            ),
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
                    filter: filter(Some(PoloStatus::NoAccess)),
                    after: Some(id()),
                },
            ),
            ("/api/accounts/123456789012", None, Route::ApiAccount(id())),
            ("/favicon.ico", None, Route::Icon),
        ] {
            for method in ["GET", "HEAD"] {
                assert_eq!(Route::of(method, path, query), Ok(route.clone()), "{path}");
            }
        }
    }
}
