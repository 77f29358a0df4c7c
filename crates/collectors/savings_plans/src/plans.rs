//! From a plan in AWS's words to a resource. Pure.
//!
//! Invariant: a plan without an id is no plan; what AWS leaves out is left out of the row too. An amount or a time that is
//! none is left out as well, and said: the plan itself is there all the same.

use std::collections::HashMap;

use aws_sdk_savingsplans::types::SavingsPlan;
use chrono::{DateTime, SecondsFormat};
use polo_aws::AwsFailure;
use polo_collect::SeenResource;
use polo_collect::attributes::{self, given};
use polo_core::ErrorClass;
use polo_store::Amount;
use serde_json::{Map, Value};

use crate::actions::DESCRIBE;

/// A year as plans count it: they are sold for one or three.
const YEAR_SECONDS: i64 = 365 * 24 * 60 * 60;

/// A plan, and what of it could not be read.
pub(crate) struct Plan {
    pub(crate) resource: SeenResource,
    pub(crate) unreadable: Vec<AwsFailure>,
}

/// A plan: what it commits to, for how long, and how it is paid.
pub(crate) fn plan(plan: &SavingsPlan) -> Option<Plan> {
    let id = given(plan.savings_plan_id())?;
    let mut attributes = Attributes {
        plan: id,
        known: Map::new(),
        unreadable: Vec::new(),
    };
    attributes.text(
        "savings_plan_type",
        plan.savings_plan_type().map(|kind| kind.as_str()),
    );
    attributes.text(
        "payment_option",
        plan.payment_option().map(|option| option.as_str()),
    );
    attributes.amount("commitment_per_hour", plan.commitment());
    attributes.amount("upfront_payment_amount", plan.upfront_payment_amount());
    attributes.amount("recurring_payment_amount", plan.recurring_payment_amount());
    attributes.text(
        "currency",
        plan.currency().map(|currency| currency.as_str()),
    );
    attributes.term(plan.term_duration_in_seconds());
    attributes.time("start_at", plan.start());
    attributes.time("end_at", plan.end());
    attributes.time("returnable_until", plan.returnable_until());
    attributes.text("ec2_instance_family", plan.ec2_instance_family());
    attributes.text("region", plan.region());
    attributes.text("description", plan.description());
    attributes.text("offering_id", plan.offering_id());
    let mut products: Vec<&str> = plan
        .product_types()
        .iter()
        .map(|product| product.as_str())
        .collect();
    products.sort_unstable();
    if !products.is_empty() {
        attributes.put("product_types", products.into());
    }
    let tags = tags(plan.tags());
    Some(Plan {
        resource: SeenResource {
            resource_type: "savings_plan",
            resource_id: id.to_owned(),
            arn: plan.savings_plan_arn().unwrap_or_default().to_owned(),
            name: tags
                .iter()
                .find(|(key, _)| key == "Name")
                .map(|(_, value)| value.clone())
                .unwrap_or_default(),
            state: plan
                .state()
                .map(|state| state.as_str().to_owned())
                .unwrap_or_default(),
            tags,
            attributes: Value::Object(attributes.known),
        },
        unreadable: attributes.unreadable,
    })
}

fn tags(tags: Option<&HashMap<String, String>>) -> Vec<(String, String)> {
    let pairs = tags.into_iter().flatten();
    attributes::tags(pairs.map(|(key, value)| (Some(key.as_str()), Some(value.as_str()))))
}

/// Attributes that AWS gave.
struct Attributes<'a> {
    plan: &'a str,
    known: Map<String, Value>,
    unreadable: Vec<AwsFailure>,
}

impl Attributes<'_> {
    fn put(&mut self, name: &str, value: Value) {
        self.known.insert(name.to_owned(), value);
    }

    fn text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = given(text) {
            self.put(name, text.into());
        }
    }

    /// As exact decimal text: a JSON number would pass through a binary fraction.
    fn amount(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = given(text) {
            match text.parse::<Amount>() {
                Ok(amount) => self.put(name, amount.to_string().into()),
                Err(_) => self.no(name, text, "amount of money"),
            }
        }
    }

    fn time(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = given(text) {
            match DateTime::parse_from_rfc3339(text) {
                Ok(time) => {
                    let utc = time.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true);
                    self.put(name, utc.into());
                }
                Err(_) => self.no(name, text, "time"),
            }
        }
    }

    /// The SDK gives zero where AWS gives no term.
    fn term(&mut self, seconds: i64) {
        if seconds > 0 {
            self.put("term_seconds", seconds.into());
            if seconds % YEAR_SECONDS == 0 {
                self.put("term_years", (seconds / YEAR_SECONDS).into());
            }
        }
    }

    fn no(&mut self, name: &str, text: &str, what: &str) {
        self.unreadable.push(AwsFailure::new(
            ErrorClass::Bug,
            DESCRIBE,
            "UnreadableAnswer",
            format!(
                "{name} of Savings Plan {} is {text:?}, which is no {what}",
                self.plan
            ),
        ));
    }
}
