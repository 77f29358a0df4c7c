//! Answers in pages and in any order, and everything in them that is not a whole answer.

use polo_testkit::aws::Reply;
use serde_json::{Value, json};

use crate::world::*;

/// One part of a result: these hours, and how CloudWatch calls it.
fn part(call: &polo_testkit::aws::Call, series: &Asked, hours_ago: &[i64], status: &str) -> Value {
    let mut result = result(call, series, |ago| {
        hours_ago.contains(&ago).then_some(ago as f64)
    });
    result["StatusCode"] = status.into();
    result
}

#[tokio::test]
async fn every_page_is_read_an_empty_one_ends_nothing_and_the_order_is_any() {
    let world = with(vec![nat_gateway("nat-1"), nat_gateway("nat-2")]).await;
    answers(&world, |call| {
        let series = asked(call);
        let parts = |hours: &[i64], status: &str| -> Vec<Value> {
            series
                .iter()
                .rev()
                .map(|series| part(call, series, hours, status))
                .collect()
        };
        match call.parameter("NextToken").as_str() {
            "" => page(parts(&[1, 2], "PartialData"), Some("1")),
            "1" => page(vec![], Some("2")),
            "2" => page(parts(&[3], "InternalError"), Some("3")),
            _ => page(parts(&[4], "Complete"), None),
        }
    });
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    let mut expected = Vec::new();
    for id in ["nat-1", "nat-2"] {
        for metric in ["BytesInFromDestination", "BytesOutToDestination"] {
            expected.extend((1..=4).map(|ago| format!("{id} {metric} Sum {ago} {ago}")));
        }
    }
    assert_eq!(points(&world).await, expected);
    assert_eq!(known(&world).await.len(), 4);
    assert!(known(&world).await[0].ends_with("168 168 4"));
    // The same questions on every page, billed once.
    let calls = requests(&world);
    assert_eq!(calls.len(), 4);
    for call in &calls {
        assert_eq!(
            (asked(call), hours(call)),
            (asked(&calls[0]), hours(&calls[0]))
        );
    }
    assert_eq!(billed(&world).await, "4 0.00004");
}

#[tokio::test]
async fn a_token_that_comes_again_is_an_error_and_loses_nothing() {
    let world = with(vec![nat_gateway("nat-1")]).await;
    answers(&world, |call| {
        let hour = if call.parameter("NextToken").is_empty() {
            1
        } else {
            2
        };
        let results = asked(call)
            .iter()
            .map(|series| part(call, series, &[hour], "PartialData"))
            .collect();
        page(results, Some("1"))
    });
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("bug")),
        "{answer}"
    );
    assert_eq!(points(&world).await.len(), 4);
    assert_eq!(known(&world).await, Vec::<String>::new());
}

/// The answer to the series of one metric is changed like this, whatever the others get.
async fn spoilt(spoil: impl Fn(&mut Value) + Send + 'static) -> (World, Result<Value, String>) {
    let world = with(vec![nat_gateway("nat-1"), instance("i-1")]).await;
    answers(&world, move |call| {
        let results = asked(call)
            .iter()
            .map(|series| {
                let mut result = result(call, series, |ago| (ago == 5).then_some(1.0));
                if series.metric == "BytesOutToDestination" {
                    spoil(&mut result);
                }
                result
            })
            .filter(|result| !result.is_null())
            .collect();
        page(results, None)
    });
    let answer = world.try_run("one").await.map_err(|error| error.chain());
    (world, answer)
}

/// Only the series that was spoilt is not known, and the target says which it is and why.
async fn check(
    class: &str,
    said: &[&str],
    stored: usize,
    spoil: impl Fn(&mut Value) + Send + 'static,
) {
    let (world, answer) = spoilt(spoil).await;
    let reason = match &answer {
        Ok(answer) => answer["reason"].as_str().unwrap().to_owned(),
        Err(error) => error.clone(),
    };
    for said in said {
        assert!(reason.contains(said), "{reason} does not say {said}");
    }
    let outcome = if class == "denied" {
        "denied"
    } else {
        "failed"
    };
    assert_eq!(
        world.targets().await,
        [format!(
            "{REGION} {outcome}({class}) cloudwatch:GetMetricData"
        )]
    );
    let known = known(&world).await;
    assert_eq!(known.len(), 5, "{known:?}");
    assert!(
        !known
            .iter()
            .any(|known| known.contains("BytesOutToDestination")),
        "{known:?}"
    );
    assert_eq!(points(&world).await.len(), stored, "{reason}");
}

const NAMED: &str = "AWS/NATGateway BytesOutToDestination (Sum) of ec2_nat_gateway nat-1";

#[tokio::test]
async fn a_series_that_is_forbidden_is_a_gap_of_its_own() {
    check("denied", &[NAMED, "Forbidden", "too complex"], 6, |result| {
        result["StatusCode"] = "Forbidden".into();
        result["Messages"] = json!([{
            "Code": "Forbidden", "Value": "Authentication too complex to retrieve cross region data"
        }]);
    })
    .await;
}

#[tokio::test]
async fn a_series_at_which_cloudwatch_failed_is_tried_again_by_lambda() {
    check("service", &[NAMED, "InternalError"], 6, |result| {
        result["StatusCode"] = "InternalError".into();
    })
    .await;
}

#[tokio::test]
async fn partial_data_without_another_page_is_no_whole_answer() {
    check("service", &[NAMED, "PartialData"], 6, |result| {
        result["StatusCode"] = "PartialData".into();
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_not_stored_and_said() {
    check("bug", &[NAMED, "OfTomorrow"], 6, |result| {
        result["StatusCode"] = "OfTomorrow".into();
    })
    .await;
    check("bug", &[NAMED, "NoResult"], 6, |result| {
        result.as_object_mut().unwrap().remove("StatusCode");
    })
    .await;
    check("bug", &[NAMED, "NoResult"], 5, |result| {
        *result = Value::Null;
    })
    .await;
    check("bug", &[NAMED, "as many values"], 5, |result| {
        result["Values"] = json!([1.0, 2.0]);
    })
    .await;
    check("bug", &[NAMED, "outside the hours"], 5, |result| {
        result["Timestamps"] = json!([{"$timestamp": 1_700_000_000}]);
    })
    .await;
    check("bug", &[NAMED, "more points than hours"], 5, |result| {
        result["Timestamps"] = result["Timestamps"][0].clone();
        result["Timestamps"] = vec![result["Timestamps"].clone(); 169].into();
        result["Values"] = vec![1.0; 169].into();
    })
    .await;
}

#[tokio::test]
async fn a_result_of_nothing_that_was_asked_belongs_to_nobody() {
    for id in [json!("q99"), json!("other"), Value::Null] {
        check("bug", &[NAMED, "NoResult", "one of 2"], 5, move |result| {
            result["Id"] = id.clone();
        })
        .await;
    }
}

#[tokio::test]
async fn what_cloudwatch_says_of_the_whole_request_is_not_swallowed() {
    let world = with(vec![nat_gateway("nat-1")]).await;
    answers(&world, |call| {
        let results: Vec<Value> = asked(call)
            .iter()
            .map(|series| result(call, series, |_| None))
            .collect();
        Reply::json(json!({
            "MetricDataResults": results,
            "Messages": [{"Code": "MaxMetricsExceeded", "Value": "Maximum number of allowed metrics exceeded"}]
        }))
    });
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("bug")),
        "{answer}"
    );
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("MaxMetricsExceeded: Maximum number of allowed metrics exceeded"),
        "{answer}"
    );
    // What was answered in full is known all the same.
    assert_eq!(known(&world).await.len(), 2);
}
