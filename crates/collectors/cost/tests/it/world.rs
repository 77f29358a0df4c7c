//! A payer with a bill that a test writes, and a Cost Explorer that groups, filters and pages it as AWS does.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use cost::Cost;
use polo_testkit::aws::{Call, Reply};
use polo_testkit::{collector, sql};
use serde_json::{Value, json};

pub(crate) use polo_testkit::collector::ACCOUNT;

/// The world of a test.
pub(crate) type World = collector::World<Cost>;

/// The one operation.
pub(crate) const OPERATION: &str = "GetCostAndUsage";

/// A line that stands on the bill of every day, in cents.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) account: String,
    pub(crate) service: String,
    pub(crate) region: String,
    pub(crate) unblended: i64,
    pub(crate) amortized: i64,
}

/// A line, its amortized cost a cent above the unblended one.
pub(crate) fn line(account: &str, service: &str, region: &str, cents: i64) -> Line {
    Line {
        account: account.to_owned(),
        service: service.to_owned(),
        region: region.to_owned(),
        unblended: cents,
        amortized: cents + 1,
    }
}

/// The bill of a payer.
#[derive(Debug, Clone)]
pub(crate) struct Bill {
    pub(crate) lines: Vec<Line>,
    /// On how many pages each question is answered.
    pub(crate) pages: usize,
    /// Whether AWS calls every day an estimate. It does so for weeks, and the calendar then decides what is read again.
    pub(crate) estimated: bool,
}

impl Bill {
    pub(crate) fn of(lines: Vec<Line>) -> Self {
        Self {
            lines,
            pages: 1,
            estimated: false,
        }
    }

    /// Two accounts in two regions, and a service that is in none.
    pub(crate) fn example() -> Self {
        Self::of(vec![
            line(
                ACCOUNT,
                "Amazon Elastic Compute Cloud - Compute",
                "eu-west-1",
                1000,
            ),
            line(ACCOUNT, "Amazon Simple Storage Service", "us-east-1", 200),
            line("210987654321", "AWS Lambda", "us-east-1", 30),
            line("210987654321", "Amazon Route 53", "global", 4),
        ])
    }

    /// The answer to a call.
    pub(crate) fn answer(&self, call: &Call) -> Reply {
        let question = Question::of(call);
        let mut groups: BTreeMap<Vec<String>, (i64, i64)> = BTreeMap::new();
        for line in &self.lines {
            if !question.region.is_empty() && line.region != question.region {
                continue;
            }
            let keys = question.keys.iter().map(|key| match key.as_str() {
                "LINKED_ACCOUNT" => line.account.clone(),
                "SERVICE" => line.service.clone(),
                "REGION" => line.region.clone(),
                other => panic!("grouped by {other}"),
            });
            let sum = groups.entry(keys.collect()).or_default();
            sum.0 += line.unblended;
            sum.1 += line.amortized;
        }
        let groups: Vec<Value> = groups
            .iter()
            .map(|(keys, (unblended, amortized))| group(keys, &usd(*unblended), &usd(*amortized)))
            .collect();
        let page = question.page;
        let per_page = groups.len().div_ceil(self.pages).max(1);
        let on_page: Vec<Value> = groups
            .into_iter()
            .skip(page * per_page)
            .take(per_page)
            .collect();
        let results = question
            .days()
            .map(|day| result(day, self.estimated, on_page.clone()));
        let mut body = json!({ "ResultsByTime": results.collect::<Vec<_>>() });
        if page + 1 < self.pages {
            body["NextPageToken"] = (page + 1).to_string().into();
        }
        Reply::json(body)
    }
}

/// A result of one day.
pub(crate) fn result(day: NaiveDate, estimated: bool, groups: Vec<Value>) -> Value {
    let next = day + Days::new(1);
    json!({
        "TimePeriod": { "Start": day.to_string(), "End": next.to_string() },
        "Total": {}, "Groups": groups, "Estimated": estimated
    })
}

/// A group of a result.
pub(crate) fn group(keys: &[String], unblended: &str, amortized: &str) -> Value {
    json!({
        "Keys": keys,
        "Metrics": {
            "UnblendedCost": { "Amount": unblended, "Unit": "USD" },
            "AmortizedCost": { "Amount": amortized, "Unit": "USD" }
        }
    })
}

fn usd(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

/// What a call asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) keys: Vec<String>,
    /// The region that it filters by; empty where it does not.
    pub(crate) region: String,
    pub(crate) start: NaiveDate,
    pub(crate) end: NaiveDate,
    pub(crate) page: usize,
}

impl Question {
    pub(crate) fn of(call: &Call) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let date = |name: &str| text(&call.json["TimePeriod"][name]).parse().unwrap();
        assert_eq!(call.json["Granularity"], "DAILY");
        assert_eq!(
            call.json["Metrics"],
            json!(["UnblendedCost", "AmortizedCost"])
        );
        let groups = call.json["GroupBy"].as_array().unwrap();
        assert!(groups.len() <= 2, "the API takes two keys at most");
        assert!(groups.iter().all(|group| group["Type"] == "DIMENSION"));
        let filter = &call.json["Filter"];
        if !filter.is_null() {
            assert_eq!(filter["Dimensions"]["Key"], "REGION");
            assert_eq!(filter["Dimensions"]["Values"].as_array().unwrap().len(), 1);
        }
        Self {
            keys: groups.iter().map(|group| text(&group["Key"])).collect(),
            region: text(&filter["Dimensions"]["Values"][0]),
            start: date("Start"),
            end: date("End"),
            page: call.parameter("NextPageToken").parse().unwrap_or_default(),
        }
    }

    pub(crate) fn days(&self) -> impl Iterator<Item = NaiveDate> {
        self.start.iter_days().take_while(|day| *day < self.end)
    }

    pub(crate) fn grouping(&self) -> &'static str {
        match (self.keys.len(), self.region.is_empty()) {
            (1, _) => "region",
            (_, true) => "account_service",
            (_, false) => "account_service_region",
        }
    }
}

/// A payer with this bill.
pub(crate) async fn payer(bill: Bill) -> World {
    let world = World::new().await;
    bills(&world, bill);
    world
}

/// The bill is this from now on.
pub(crate) fn bills(world: &World, bill: Bill) {
    world.aws.on("ce", OPERATION, move |call| bill.answer(call));
}

/// What was asked from call number `from` on, as `grouping[/region] newest-oldest[ page n]`, in days before today.
pub(crate) fn asked_from(world: &World, from: usize) -> Vec<String> {
    let questions: Vec<Question> = world
        .aws
        .calls_of(OPERATION)
        .iter()
        .map(Question::of)
        .collect();
    // Today is always asked for, by the first question of all.
    let Some(today) = questions.iter().map(|question| question.end).max() else {
        return Vec::new();
    };
    let ago = |day: NaiveDate| (today - day).num_days() - 1;
    questions[from..]
        .iter()
        .map(|question| {
            let mut text = question.grouping().to_owned();
            if !question.region.is_empty() {
                text += &format!("/{}", question.region);
            }
            text += &format!(" {}-{}", ago(question.end) + 1, ago(question.start));
            if question.page > 0 {
                text += &format!(" page {}", question.page + 1);
            }
            text
        })
        .collect()
}

/// How many calls there were so far.
pub(crate) fn calls(world: &World) -> usize {
    world.aws.calls_of(OPERATION).len()
}

/// As if this many days had gone by since everything that is stored was stored.
pub(crate) async fn days_pass(world: &World, days: u32) {
    for (table, times) in [
        ("cost_daily", "collected_at"),
        ("cost_reads", "read_at"),
        ("billed_calls", "noted_at"),
    ] {
        for statement in [
            format!("CREATE TABLE {table}_then AS {table}"),
            format!(
                "INSERT INTO {table}_then SELECT * REPLACE(day - {days} AS day, {times} - toIntervalDay({days}) AS {times}) FROM {table} FINAL"
            ),
            format!("EXCHANGE TABLES {table}_then AND {table}"),
            format!("DROP TABLE {table}_then"),
        ] {
            sql::execute(&world.store, &statement).await;
        }
    }
}

/// How many days of each grouping and region were read to their end, as `grouping[/region] days`.
pub(crate) async fn read_days(world: &World) -> Vec<String> {
    sql::lines(
        &world.store,
        "SELECT concat(grouping, if(region = '', '', concat('/', region)), ' ', toString(count()))
         FROM cost_reads FINAL GROUP BY grouping, region ORDER BY grouping, region",
    )
    .await
}
