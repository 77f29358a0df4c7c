//! What is stored: points, what was asked, and the days that people see.

use polo_testkit::sql;
use serde_json::{Value, json};

use crate::world::*;

/// The answer that the API reference publishes has results of this shape, a label and messages included; the times are
/// those that were asked for.
fn published(call: &polo_testkit::aws::Call) -> Vec<Value> {
    let (_, to) = hours(call);
    let at = |ago: i64| json!({"$timestamp": to - ago * 3_600});
    asked(call)
        .iter()
        .map(|series| match (series.metric.as_str(), series.statistic.as_str()) {
            ("CPUUtilization", "Average") => json!({
                "Id": series.id, "Label": "CPUUtilization", "StatusCode": "Complete",
                "Timestamps": [at(1), at(2)], "Values": [6.491_803_278_688_525, 0.25], "Messages": []
            }),
            ("CPUUtilization", _) => json!({
                "Id": series.id, "Label": "CPUUtilization", "StatusCode": "Complete",
                "Timestamps": [at(1), at(2)], "Values": [100.0, 0.5]
            }),
            ("NetworkIn", _) => json!({
                "Id": series.id, "Label": "NetworkIn", "StatusCode": "Complete",
                "Timestamps": [at(168)], "Values": [1_234_567_890_123.0]
            }),
            // Of this one CloudWatch says next to nothing: that it has no point.
            _ => json!({"Id": series.id, "StatusCode": "Complete"}),
        })
        .collect()
}

#[tokio::test]
async fn every_point_is_a_row_and_every_question_too() {
    let world = with(vec![instance("i-1")]).await;
    answers(&world, |call| page(published(call), None));
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(
        points(&world).await,
        [
            "i-1 CPUUtilization Average 1 6.491803278688525",
            "i-1 CPUUtilization Average 2 0.25",
            "i-1 CPUUtilization Maximum 1 100",
            "i-1 CPUUtilization Maximum 2 0.5",
            "i-1 NetworkIn Sum 168 1234567890123",
        ]
    );
    assert_eq!(
        known(&world).await,
        [
            "i-1 CPUUtilization Average 168 168 2",
            "i-1 CPUUtilization Maximum 168 168 2",
            "i-1 NetworkIn Sum 168 168 1",
            "i-1 NetworkOut Sum 168 168 0",
        ]
    );
    let keys = "SELECT DISTINCT account_id, region, resource_type, period_s, toString(run_id) AS run_id FROM cloudwatch_metrics_points FINAL";
    assert_eq!(
        world.rows(keys).await,
        [json!({
            "account_id": ACCOUNT, "region": REGION, "resource_type": "ec2_instance", "period_s": 3600,
            "run_id": answer["run_id"]
        })]
    );
    let used = "SELECT concat(metric, ' ', statistic, ' ', ifNull(toString(dateDiff('hour', used_at, asked_to)), 'never'))
        FROM cloudwatch_metrics_asked FINAL ORDER BY metric, statistic";
    assert_eq!(
        sql::lines(&world.store, used).await,
        [
            "CPUUtilization Average 1",
            "CPUUtilization Maximum 1",
            "NetworkIn Sum 168",
            "NetworkOut Sum never"
        ]
    );
}

#[tokio::test]
async fn a_point_that_is_read_again_replaces_itself() {
    let world = with(vec![nat_gateway("nat-1")]).await;
    measures(&world, |series, ago| {
        (ago == 1 && series.metric == "BytesOutToDestination").then_some(1.0)
    });
    world.run("one").await;
    hours_pass(&world).await;
    measures(&world, |series, ago| {
        (ago == 1 && series.metric == "BytesOutToDestination").then_some(2.0)
    });
    world.run("two").await;
    assert_eq!(requests(&world).len(), 2);
    assert_eq!(
        points(&world).await.last().unwrap(),
        "nat-1 BytesOutToDestination Sum 1 2"
    );
}

#[tokio::test]
async fn a_day_has_what_the_statistics_of_its_metrics_allow() {
    let world = with(vec![instance("i-1")]).await;
    sql::execute(
        &world.store,
        &format!(
            "INSERT INTO cloudwatch_metrics_points
             SELECT '{ACCOUNT}', '{REGION}', 'ec2_instance', 'i-1', p.1, p.2, 3600, toDateTime(p.3, 'UTC'), p.4,
                 generateUUIDv4(), now64(3), 1
             FROM (SELECT arrayJoin([
                 ('CPUUtilization', 'Average', '2026-03-01 22:00:00', 1.), ('CPUUtilization', 'Average', '2026-03-01 23:00:00', 4.),
                 ('CPUUtilization', 'Maximum', '2026-03-01 22:00:00', 50.), ('CPUUtilization', 'Maximum', '2026-03-01 23:00:00', 75.5),
                 ('CPUUtilization', 'Average', '2026-03-02 00:00:00', 9.), ('CPUUtilization', 'Maximum', '2026-03-02 00:00:00', 9.),
                 ('NetworkIn', 'Sum', '2026-03-01 22:00:00', 10.), ('NetworkIn', 'Sum', '2026-03-01 23:00:00', 0.5)]) AS p)"
        ),
    )
    .await;
    let days = world
        .rows("SELECT * FROM v_metrics_daily ORDER BY metric, day")
        .await;
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_json_snapshot!("days", days);
    });
}
