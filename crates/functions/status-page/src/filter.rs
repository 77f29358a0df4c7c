//! Which accounts a list shows.

use lambda_http::aws_lambda_events::query_map::QueryMap;
use polo_core::PoloStatus;
use polo_store::accounts::AccountRow;

use crate::snapshot::Standing;

/// What a list is limited to; everything by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Accounts of this status.
    pub status: Option<PoloStatus>,
    /// Accounts that stand so.
    pub coverage: Option<Coverage>,
    /// Accounts with these words in name, id or owner.
    pub search: Search,
}

/// Accounts that need attention, by the names that `/api/coverage` has for their counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// Polo cannot see them.
    NotVisible,
    /// Polo sees them, and something is missing or late.
    WithGaps,
}

impl Coverage {
    pub(crate) const ALL: [Self; 2] = [Self::NotVisible, Self::WithGaps];

    /// As it is in an address.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotVisible => "not_visible",
            Self::WithGaps => "with_gaps",
        }
    }

    /// As people read it.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::NotVisible => "not visible",
            Self::WithGaps => "with gaps",
        }
    }

    fn admits(self, standing: Standing) -> bool {
        match self {
            Self::NotVisible => standing == Standing::Blocked,
            Self::WithGaps => standing == Standing::Gap,
        }
    }
}

/// Words that an account's name, id or owner has to contain, whatever their case; no words find every account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    text: String,
    words: Vec<String>,
}

impl Search {
    /// From what was typed.
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        Self {
            text: text.to_owned(),
            words: text.split_whitespace().map(word).collect(),
        }
    }

    /// What was typed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn finds(&self, account: &AccountRow) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let name = account.account_name.to_lowercase();
        let owner = account.owner.to_lowercase();
        self.words.iter().all(|word| {
            [&name, &owner, &account.account_id]
                .iter()
                .any(|text| text.contains(word.as_str()))
        })
    }
}

/// Lower case; an id as AWS's console prints it, `1234-5678-9012`, loses its dashes.
fn word(text: &str) -> String {
    let digits = text.replace('-', "");
    if digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit()) {
        digits
    } else {
        text.to_lowercase()
    }
}

impl Filter {
    /// Whether an account has the status and the words.
    pub(crate) fn selects(&self, account: &AccountRow) -> bool {
        self.status
            .is_none_or(|status| account.polo_status == status.as_str())
            && self.search.finds(account)
    }

    /// Whether it stands as asked for, too.
    pub(crate) fn admits(&self, account: &AccountRow, standing: Standing) -> bool {
        self.selects(account)
            && self
                .coverage
                .is_none_or(|coverage| coverage.admits(standing))
    }

    /// The same words, in accounts of another status or coverage.
    pub(crate) fn with(&self, status: Option<PoloStatus>, coverage: Option<Coverage>) -> Self {
        Self {
            status,
            coverage,
            search: self.search.clone(),
        }
    }

    /// As an address has it, `?status=…`, with the account after which the list goes on; empty for everything.
    pub(crate) fn query(&self, after: Option<&str>) -> String {
        let pairs = [
            ("status", self.status.map(PoloStatus::as_str)),
            ("coverage", self.coverage.map(Coverage::as_str)),
            (
                "q",
                Some(self.search.text()).filter(|text| !text.is_empty()),
            ),
            ("after", after),
        ];
        let parts: Vec<String> = pairs
            .into_iter()
            .filter_map(|(name, value)| Some(pair(name, value?)))
            .collect();
        if parts.is_empty() {
            String::new()
        } else {
            format!("?{}", parts.join("&"))
        }
    }

    /// What the list shows, as a heading.
    pub(crate) fn in_words(&self) -> String {
        let mut text = match (self.status, self.coverage) {
            (None, None) => "Accounts".to_owned(),
            (status, coverage) => {
                let status = status.map(|status| polo_report::words::status(status.as_str()));
                let words: Vec<&str> = status
                    .into_iter()
                    .chain(coverage.map(Coverage::in_words))
                    .collect();
                format!("Accounts: {}", words.join(", "))
            }
        };
        if !self.search.text.is_empty() {
            text.push_str(&format!(
                " with “{}”",
                polo_core::text::printable(&self.search.text)
            ));
        }
        text
    }
}

/// `name=value`, escaped as a form's browser does.
fn pair(name: &str, value: &str) -> String {
    let one = [(name.to_owned(), vec![value.to_owned()])];
    QueryMap::from(std::collections::HashMap::from(one)).to_query_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_an_address_and_a_heading() {
        let filter = Filter {
            status: Some(PoloStatus::NoAccess),
            coverage: None,
            search: Search::new("  shop & \"Zoë\" "),
        };
        assert_eq!(
            filter.query(Some("123456789012")),
            "?status=no_access&q=shop+%26+%22Zo%C3%AB%22&after=123456789012"
        );
        assert_eq!(
            filter.in_words(),
            "Accounts: no access with “shop & \"Zoë\"”"
        );
        assert_eq!(Filter::default().query(None), "");
        assert_eq!(
            Filter::default()
                .with(None, Some(Coverage::WithGaps))
                .query(None),
            "?coverage=with_gaps"
        );
    }

    #[test]
    fn an_id_is_found_as_the_console_prints_it() {
        assert_eq!(word("1234-5678-9012"), "123456789012");
        assert_eq!(word("Shop-EU"), "shop-eu");
    }
}
