//! From AWS's words to the attributes and tags of a row. Pure.
//!
//! Invariant: what AWS leaves out is left out of the row too, never filled with a value that looks measured.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::{Map, Value, json};

/// What the SDK writes for a required word that AWS left out.
const LEFT_OUT: &str = "no value was set";

/// What AWS really gave: an empty text says no more than an absent one.
pub fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty() && *text != LEFT_OUT)
}

/// Tags as rows keep them: sorted by key; a tag without a key is none.
pub fn tags<'a>(
    pairs: impl IntoIterator<Item = (Option<&'a str>, Option<&'a str>)>,
) -> Vec<(String, String)> {
    let mut tags: Vec<(String, String)> = pairs
        .into_iter()
        .filter_map(|(key, value)| {
            Some((given(key)?.to_owned(), value.unwrap_or_default().to_owned()))
        })
        .collect();
    tags.sort();
    tags
}

/// Attributes that AWS gave.
#[derive(Debug, Clone, Default)]
pub struct Attributes(Map<String, Value>);

impl Attributes {
    /// A number, a flag, or a value that is made already.
    #[must_use]
    pub fn value(mut self, name: &str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.into());
        }
        self
    }

    /// A text.
    #[must_use]
    pub fn text(self, name: &str, text: Option<&str>) -> Self {
        self.value(name, given(text))
    }

    /// A time, as RFC 3339 in UTC. Some services give milliseconds as a fraction, which the SDK reads slightly off: it is
    /// rounded to milliseconds.
    #[must_use]
    pub fn time(self, name: &str, time: Option<&DateTime>) -> Self {
        let millis = time
            .and_then(|time| i64::try_from((time.as_nanos() + 500_000).div_euclid(1_000_000)).ok());
        let text =
            millis.and_then(|millis| DateTime::from_millis(millis).fmt(Format::DateTime).ok());
        self.value(name, text)
    }

    /// Texts that AWS gives in any order, sorted, so that another order makes no history.
    #[must_use]
    pub fn sorted<'a>(self, name: &str, texts: Option<impl Iterator<Item = &'a str>>) -> Self {
        let sorted = texts.map(|texts| {
            let mut sorted: Vec<&str> = texts.collect();
            sorted.sort_unstable();
            json!(sorted)
        });
        self.value(name, sorted)
    }

    /// The IAM actions whose answers the row lacks, because they could not be read; nothing where there are none.
    #[must_use]
    pub fn unreadable(self, actions: &[&str]) -> Self {
        self.value("unreadable", (!actions.is_empty()).then(|| json!(actions)))
    }

    /// All of them as a JSON object.
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_leaves_out_is_left_out() {
        let attributes = Attributes::default()
            .text("absent", None)
            .text("empty", Some(""))
            .text("filled_by_the_sdk", Some("no value was set"))
            .time("never", None)
            .value("flag", Some(false))
            .value("number", None::<i32>)
            .unreadable(&[]);
        assert_eq!(attributes.into_value(), json!({ "flag": false }));
    }

    #[test]
    fn times_are_whole_milliseconds_in_utc() {
        let beside = DateTime::from_fractional_secs(1_700_000_000, 0.123_000_144);
        let attributes = Attributes::default().time("created_at", Some(&beside));
        assert_eq!(
            attributes.into_value(),
            json!({ "created_at": "2023-11-14T22:13:20.123Z" })
        );
    }

    #[test]
    fn tags_are_sorted_and_one_without_a_key_is_none() {
        let pairs = [
            (Some("team"), Some("search")),
            (Some("Name"), None),
            (None, Some("lost")),
            (Some(""), Some("lost")),
        ];
        let text = |text: &str| text.to_owned();
        assert_eq!(
            tags(pairs),
            [
                (text("Name"), String::new()),
                (text("team"), text("search"))
            ]
        );
    }
}
