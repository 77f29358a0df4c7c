//! From Elastic Load Balancing's words to rows. Pure.
//!
//! Invariant: a resource without an id is no resource; everything else that AWS leaves out is left out of the row too,
//! lists are sorted, because AWS gives them in any order, and what could not be read is listed as `unreadable`.

pub(crate) mod classic;
pub(crate) mod v2;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use polo_runtime::SeenResource;
use serde_json::{Map, Value, json};

use crate::health::Health;

/// Keys and values, sorted.
pub(crate) type Tags = Vec<(String, String)>;

/// What all kinds share.
fn resource(
    resource_type: &'static str,
    id: &str,
    name: Option<&str>,
    tags: Option<&Tags>,
    attributes: Attributes,
) -> SeenResource {
    SeenResource {
        resource_type,
        resource_id: id.to_owned(),
        arn: String::new(),
        name: name.unwrap_or_default().to_owned(),
        state: String::new(),
        tags: tags.cloned().unwrap_or_default(),
        attributes: Value::Object(attributes.0),
    }
}

/// What AWS really gave: an empty element says no more than an absent one.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// Attributes that AWS gave.
#[derive(Default)]
struct Attributes(Map<String, Value>);

impl Attributes {
    fn value(mut self, name: &str, value: Option<Value>) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value);
        }
        self
    }

    fn text(self, name: &str, text: Option<&str>) -> Self {
        self.value(name, given(text).map(Value::from))
    }

    fn list<'a>(self, name: &str, texts: Option<impl Iterator<Item = &'a str>>) -> Self {
        let sorted = texts.map(|texts| {
            let mut sorted: Vec<&str> = texts.collect();
            sorted.sort_unstable();
            json!(sorted)
        });
        self.value(name, sorted)
    }

    fn time(self, name: &str, time: Option<&DateTime>) -> Self {
        let text = time.and_then(|time| time.fmt(Format::DateTime).ok());
        self.value(name, text.map(Value::from))
    }

    /// `healthy` is the state of a target that requests go to.
    fn health(self, health: Option<&Health>, healthy: &str) -> Self {
        self.value("targets", health.map(|health| health.targets().into()))
            .value(
                "healthy_targets",
                health.map(|health| health.in_state(healthy).into()),
            )
            .value(
                "targets_by_state",
                health.map(|health| json!(health.by_state())),
            )
    }

    fn unreadable(self, actions: &[&'static str]) -> Self {
        self.value("unreadable", (!actions.is_empty()).then(|| json!(actions)))
    }
}
