//! An active account with one region, in which other collectors have found what a test puts there, and a CloudWatch
//! that answers for every hour that it is asked for.

use cloudwatch_metrics::CloudwatchMetrics;
use polo_collect::SeenResource;
use polo_testkit::aws::{Call, Reply};
use polo_testkit::{collector, resources, sql};
use serde_json::{Value, json};

pub(crate) use polo_testkit::collector::{ACCOUNT, REGION};

/// The world of a test.
pub(crate) type World = collector::World<CloudwatchMetrics>;

/// When all resources of a test began, unless it says otherwise.
pub(crate) const LONG_AGO: &str = "2020-01-01T00:00:00Z";

/// An account in which these have been found, and nothing of them is used.
pub(crate) async fn with(resources: Vec<SeenResource>) -> World {
    let world = World::new().await;
    there(&world, REGION, resources).await;
    measures(&world, |_, _| None);
    world
}

/// From now on these are what is there in a region, as a complete look of another collector found them.
pub(crate) async fn there(world: &World, region: &str, found: Vec<SeenResource>) {
    let origin = resources::origin(ACCOUNT, "config_ec2");
    resources::there(&world.store, &origin, region, found).await;
}

/// A resource of any kind.
pub(crate) fn resource(
    resource_type: &'static str,
    id: &str,
    state: &str,
    attributes: Value,
) -> SeenResource {
    SeenResource {
        resource_type,
        resource_id: id.to_owned(),
        arn: format!("arn:aws:of:{id}"),
        name: format!("name of {id}"),
        state: state.to_owned(),
        tags: vec![("Owner".to_owned(), "somebody".to_owned())],
        attributes,
    }
}

/// An instance that runs.
pub(crate) fn instance(id: &str) -> SeenResource {
    let attributes = json!({"instance_type": "t3.micro", "launched_at": LONG_AGO});
    resource("ec2_instance", id, "running", attributes)
}

/// A volume that is attached.
pub(crate) fn volume(id: &str) -> SeenResource {
    let attributes = json!({
        "volume_type": "gp3", "size_gib": 100, "attached_to": ["i-1"], "created_at": LONG_AGO
    });
    resource("ec2_volume", id, "in-use", attributes)
}

/// A NAT gateway that is ready.
pub(crate) fn nat_gateway(id: &str) -> SeenResource {
    resource(
        "ec2_nat_gateway",
        id,
        "available",
        json!({"created_at": LONG_AGO}),
    )
}

/// A load balancer of this type.
pub(crate) fn load_balancer(load_balancer_type: &str, id: &str) -> SeenResource {
    let attributes = json!({
        "generation": "v2", "load_balancer_type": load_balancer_type, "created_at": LONG_AGO
    });
    resource("elb_load_balancer", id, "active", attributes)
}

/// One series that CloudWatch was asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Asked {
    pub(crate) id: String,
    pub(crate) namespace: String,
    pub(crate) metric: String,
    pub(crate) dimension: String,
    pub(crate) resource_id: String,
    pub(crate) statistic: String,
    pub(crate) period: i64,
}

/// What a request asks for.
pub(crate) fn asked(call: &Call) -> Vec<Asked> {
    let queries = call.json["MetricDataQueries"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    queries
        .iter()
        .map(|query| {
            let (stat, metric) = (&query["MetricStat"], &query["MetricStat"]["Metric"]);
            assert_eq!(metric["Dimensions"].as_array().unwrap().len(), 1, "{query}");
            Asked {
                id: text(&query["Id"]),
                namespace: text(&metric["Namespace"]),
                metric: text(&metric["MetricName"]),
                dimension: text(&metric["Dimensions"][0]["Name"]),
                resource_id: text(&metric["Dimensions"][0]["Value"]),
                statistic: text(&stat["Stat"]),
                period: stat["Period"].as_i64().unwrap(),
            }
        })
        .collect()
}

/// The hours that a request asks for: the first one, and the one behind the last.
pub(crate) fn hours(call: &Call) -> (i64, i64) {
    let at = |name: &str| {
        let seconds = call.json[name]["$timestamp"].as_f64().unwrap();
        assert_eq!(seconds % 3_600.0, 0.0, "{name} is aligned to the hour");
        seconds as i64
    };
    (at("StartTime"), at("EndTime"))
}

/// The result of one series, newest point first as CloudWatch gives them: `value` by how many hours ago it was.
pub(crate) fn result(call: &Call, asked: &Asked, value: impl Fn(i64) -> Option<f64>) -> Value {
    let (from, to) = hours(call);
    let points: Vec<(i64, f64)> = (1..=(to - from) / 3_600)
        .filter_map(|ago| Some((to - ago * 3_600, value(ago)?)))
        .collect();
    json!({
        "Id": asked.id,
        "Label": asked.metric,
        "Timestamps": points.iter().map(|(at, _)| json!({"$timestamp": at})).collect::<Vec<_>>(),
        "Values": points.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
        "StatusCode": "Complete"
    })
}

/// A page of `GetMetricData`.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
pub(crate) fn page(results: Vec<Value>, next_token: Option<&str>) -> Reply {
    let mut page = json!({"MetricDataResults": results, "Messages": []});
    if let Some(token) = next_token {
        page["NextToken"] = token.into();
    }
    Reply::json(page)
}

/// CloudWatch knows these values from now on: of a series, by how many hours ago it was.
pub(crate) fn measures(world: &World, value: impl Fn(&Asked, i64) -> Option<f64> + Send + 'static) {
    world.aws.on("monitoring", "GetMetricData", move |call| {
        let results = asked(call)
            .iter()
            .map(|series| result(call, series, |ago| value(series, ago)))
            .collect();
        page(results, None)
    });
}

/// CloudWatch answers each request with what this makes of it.
pub(crate) fn answers(world: &World, answer: impl FnMut(&Call) -> Reply + Send + 'static) {
    world.aws.on("monitoring", "GetMetricData", answer);
}

/// The requests so far.
pub(crate) fn requests(world: &World) -> Vec<Call> {
    world.aws.calls_of("GetMetricData")
}

/// Twenty hours pass: what was asked was asked so much longer ago.
pub(crate) async fn hours_pass(world: &World) {
    sql::execute(
        &world.store,
        "INSERT INTO cloudwatch_metrics_asked
         SELECT * REPLACE (known_from - INTERVAL 20 HOUR AS known_from, asked_from - INTERVAL 20 HOUR AS asked_from,
             asked_to - INTERVAL 20 HOUR AS asked_to, used_at - INTERVAL 20 HOUR AS used_at, _version + 1 AS _version)
         FROM cloudwatch_metrics_asked FINAL",
    )
    .await;
}

/// What is stored of points, as `resource metric statistic hours-ago value`, newest first.
pub(crate) async fn points(world: &World) -> Vec<String> {
    sql::lines(
        &world.store,
        "SELECT concat(p.resource_id, ' ', p.metric, ' ', p.statistic, ' ',
             toString(dateDiff('hour', p.at, toStartOfHour(p.collected_at))), ' ', toString(p.value))
         FROM cloudwatch_metrics_points AS p FINAL ORDER BY p.resource_id, p.metric, p.statistic, p.at DESC",
    )
    .await
}

/// What is known of each series, as `resource metric statistic hours-known hours-asked points`.
pub(crate) async fn known(world: &World) -> Vec<String> {
    sql::lines(
        &world.store,
        "SELECT concat(resource_id, ' ', metric, ' ', statistic, ' ', toString(dateDiff('hour', known_from, asked_to)), ' ',
             toString(dateDiff('hour', asked_from, asked_to)), ' ', toString(points))
         FROM cloudwatch_metrics_asked FINAL ORDER BY resource_id, metric, statistic",
    )
    .await
}

/// What was billed, as `units cost`.
pub(crate) async fn billed(world: &World) -> String {
    sql::text(
        &world.store,
        "SELECT concat(toString(sum(units)), ' ', toString(sum(cost_usd))) FROM billed_calls FINAL",
    )
    .await
}
