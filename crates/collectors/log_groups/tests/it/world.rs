//! An active account whose log groups a test chooses.

use log_groups::LogGroups;
use polo_testkit::aws::{Reply, regions_page};
use polo_testkit::{collector, sql};
use serde_json::{Value, json};

/// The world of a test.
pub(crate) type World = collector::World<LogGroups>;

/// One GiB.
pub(crate) const GIB: u64 = 1 << 30;

/// An account whose CloudWatch Logs answers with these pages.
pub(crate) async fn answering(pages: Vec<Reply>) -> World {
    let world = World::new().await;
    now_answers(&world, pages);
    world
}

/// CloudWatch Logs answers with these pages from now on; the token of a page is its number.
pub(crate) fn now_answers(world: &World, pages: Vec<Reply>) {
    world.answers_pages("logs", "DescribeLogGroups", "nextToken", pages);
}

/// The account has these regions, and CloudWatch Logs answers there with what `answer` says.
pub(crate) fn answers_by_region(
    world: &World,
    regions: &'static [&'static str],
    answer: impl Fn(&str) -> Reply + Send + 'static,
) {
    world.aws.on("ec2", "DescribeRegions", move |_| {
        let regions: Vec<_> = regions
            .iter()
            .map(|region| (*region, "opt-in-not-required"))
            .collect();
        regions_page(&regions)
    });
    world.aws.on("logs", "DescribeLogGroups", move |call| {
        answer(&call.region)
    });
}

/// A log group that holds this many bytes.
pub(crate) fn group(name: &str, bytes: u64) -> Value {
    json!({
        "arn": format!("arn:aws:logs:us-east-1:123456789012:log-group:{name}:*"),
        "creationTime": 1_700_000_000_000_u64,
        "logGroupClass": "STANDARD",
        "logGroupName": name,
        "metricFilterCount": 0,
        "storedBytes": bytes
    })
}

/// The same group, with one more thing said of it.
pub(crate) fn with(mut group: Value, name: &str, value: impl Into<Value>) -> Value {
    group[name] = value.into();
    group
}

/// A page of DescribeLogGroups.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html>
pub(crate) fn page(groups: &[Value], token: Option<&str>) -> Reply {
    let mut page = json!({"logGroups": groups});
    if let Some(token) = token {
        page["nextToken"] = token.into();
    }
    Reply::json(page)
}

/// The refusal of an identity policy that lacks the action.
pub(crate) fn denied() -> Reply {
    Reply::error(
        400,
        "AccessDeniedException",
        "User: arn:aws:sts::123456789012:assumed-role/dev-PoloReadRole/polo is not authorized to perform: \
         logs:DescribeLogGroups on resource: arn:aws:logs:us-east-1:123456789012:log-group::log-stream: because no \
         identity-based policy allows the logs:DescribeLogGroups action",
    )
}

/// The series of today, as `region name bytes`.
pub(crate) async fn measured(world: &World) -> Vec<String> {
    sql::lines(
        &world.store,
        "SELECT concat(region, ' ', log_group_name, ' ', toString(stored_bytes)) FROM log_groups_bytes FINAL
         ORDER BY region, log_group_name, day",
    )
    .await
}
