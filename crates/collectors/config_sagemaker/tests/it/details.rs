//! Endpoints and their configurations are described one by one: not too many at a time, and none of them at the expense
//! of the others.

use polo_testkit::aws::Reply;
use serde_json::json;

use crate::world::*;

/// What the collector promises.
const AT_ONCE: usize = 4;

#[tokio::test]
async fn a_few_are_under_way_at_once_and_never_more() {
    for (listing, operation) in [
        ("ListEndpoints", "DescribeEndpoint"),
        ("ListEndpointConfigs", "DescribeEndpointConfig"),
    ] {
        let names: Vec<String> = (0..3 * AT_ONCE).map(|n| format!("name-{n:02}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let world = empty().await;
        lists(&world, listing, &names);
        let held: Vec<_> = (0..AT_ONCE)
            .map(|_| world.aws.hold(operation, "us-east-1"))
            .collect();
        let watch = async {
            for call in &held {
                call.reached().await;
            }
            let under_way = world.aws.calls_of(operation).len();
            for call in &held {
                call.release();
            }
            under_way
        };
        let (answer, under_way) = tokio::join!(world.run("one"), watch);
        assert_eq!(answer["outcome"], "complete", "{operation}: {answer}");
        assert_eq!(under_way, AT_ONCE, "{operation}");
        assert_eq!(world.aws.most_at_once(), AT_ONCE, "{operation}");
        assert_eq!(world.ids().await, names, "{operation}");
    }
}

#[tokio::test]
async fn a_denied_endpoint_keeps_its_row_and_names_what_is_missing() {
    let world = empty().await;
    lists(&world, "ListEndpointConfigs", &["config"]);
    lists(&world, "ListEndpoints", &["closed", "open", "vanishes"]);
    world.run("one").await;

    lists(&world, "ListEndpoints", &["closed", "open"]);
    let action = "sagemaker:DescribeEndpoint";
    answers_for(&world, "DescribeEndpoint", "closed", denied(action));
    let answer = world.run("two").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["error_class"].as_str()),
        (Some("failed"), Some("denied")),
        "{answer}"
    );
    assert_eq!(
        world.targets().await[1],
        format!("us-east-1 denied(denied) {action}")
    );
    // The listing was whole: what it does not show is gone.
    assert_eq!(world.ids().await, ["closed", "open", "config"]);
    assert_eq!(
        attributes(&world, "sagemaker_endpoint", "closed").await,
        json!({"created_at": "2023-11-14T22:13:20.5Z", "unreadable": [action]})
    );
    assert_eq!(
        attributes(&world, "sagemaker_endpoint", "open").await,
        json!({
            "created_at": "2023-11-14T22:13:20.5Z",
            "endpoint_config": "config",
            "variants": [{"name": "main", "instance_type": "ml.m5.large", "current_instance_count": 1}]
        })
    );
}

/// What a configuration does not tell, its endpoints do not know either: no instance type is not the same as none.
#[tokio::test]
async fn a_denied_configuration_is_missing_to_its_endpoints_too() {
    let world = empty().await;
    lists(&world, "ListEndpointConfigs", &["config", "other"]);
    lists(&world, "ListEndpoints", &["endpoint"]);
    let action = "sagemaker:DescribeEndpointConfig";
    answers_for(&world, "DescribeEndpointConfig", "config", denied(action));
    let answer = world.run("one").await;
    assert_eq!(answer["error_class"], "denied", "{answer}");
    // One call, one failure: the endpoint does not ask again.
    let reason = answer["reason"].as_str().unwrap();
    assert!(
        reason.contains(action) && !reason.contains("such failures"),
        "{answer}"
    );
    assert_eq!(
        attributes(&world, "sagemaker_endpoint_config", "config").await["unreadable"],
        json!([action])
    );
    assert_eq!(
        attributes(&world, "sagemaker_endpoint", "endpoint").await,
        json!({
            "created_at": "2023-11-14T22:13:20.5Z",
            "endpoint_config": "config",
            "variants": [{"name": "main", "current_instance_count": 1}],
            "unreadable": [action]
        })
    );
    let other = attributes(&world, "sagemaker_endpoint_config", "other").await;
    assert!(other.get("unreadable").is_none(), "{other}");
}

#[tokio::test]
async fn what_was_deleted_since_it_was_listed_is_not_there_and_no_failure() {
    let world = empty().await;
    lists(&world, "ListEndpointConfigs", &["config", "deleted-config"]);
    lists(&world, "ListEndpoints", &["deleted", "endpoint"]);
    world.run("one").await;
    assert_eq!(
        world.ids().await,
        ["deleted", "endpoint", "config", "deleted-config"]
    );

    answers_for(&world, "DescribeEndpoint", "deleted", not_there());
    answers_for(
        &world,
        "DescribeEndpointConfig",
        "deleted-config",
        not_there(),
    );
    let answer = world.run("two").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(world.ids().await, ["endpoint", "config"]);
}

/// A configuration may be deleted while its endpoint runs on.
#[tokio::test]
async fn an_endpoint_outlives_its_configuration() {
    let world = empty().await;
    lists(&world, "ListEndpoints", &["endpoint"]);
    answers(&world, "DescribeEndpointConfig", not_there());
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(
        attributes(&world, "sagemaker_endpoint", "endpoint").await,
        json!({
            "created_at": "2023-11-14T22:13:20.5Z",
            "endpoint_config": "config",
            "variants": [{"name": "main", "current_instance_count": 1}]
        })
    );
}

#[tokio::test]
async fn a_configuration_that_was_made_after_the_listing_is_asked_for_once() {
    let world = empty().await;
    lists(&world, "ListEndpointConfigs", &["other"]);
    lists(&world, "ListEndpoints", &["one", "two"]);
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    for endpoint in ["one", "two"] {
        let attributes = attributes(&world, "sagemaker_endpoint", endpoint).await;
        assert_eq!(attributes["variants"][0]["instance_type"], "ml.m5.large");
    }
    let mut asked: Vec<String> = world
        .aws
        .calls_of("DescribeEndpointConfig")
        .iter()
        .map(asked_about)
        .collect();
    asked.sort();
    assert_eq!(asked, ["config", "other"]);
    // It is no resource before a listing has shown it.
    assert_eq!(world.ids().await, ["one", "two", "other"]);
}

#[tokio::test]
async fn a_service_fault_at_one_endpoint_holds_up_no_other_and_is_retried_by_lambda() {
    let world = empty().await;
    lists(&world, "ListEndpoints", &["broken", "whole"]);
    let fault = Reply::error(500, "InternalFailure", "We encountered an internal error.");
    answers_for(&world, "DescribeEndpoint", "broken", fault);
    let error = world.try_run("one").await.unwrap_err();
    assert!(
        error.chain().contains("sagemaker:DescribeEndpoint"),
        "{}",
        error.chain()
    );
    assert_eq!(world.ids().await, ["broken", "whole"]);

    world.aws.on("sagemaker", "DescribeEndpoint", described);
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["attempt"].as_u64()),
        (Some("complete"), Some(2))
    );
    let broken = attributes(&world, "sagemaker_endpoint", "broken").await;
    assert!(broken.get("unreadable").is_none(), "{broken}");
}

#[tokio::test]
async fn a_description_that_is_throttled_once_is_asked_for_again() {
    for (listing, operation) in [
        ("ListEndpoints", "DescribeEndpoint"),
        ("ListEndpointConfigs", "DescribeEndpointConfig"),
    ] {
        let world = empty().await;
        lists(&world, listing, &["name"]);
        world.throttles_once(
            "sagemaker",
            operation,
            Reply::json(json!({"EndpointConfigName": "name"})),
        );
        let answer = world.run("one").await;
        assert_eq!(answer["outcome"], "complete", "{operation}: {answer}");
        assert_eq!(world.ids().await, ["name"], "{operation}");
    }
}

/// No shortfall of one resource: the whole run is made again.
#[tokio::test]
async fn a_description_that_stays_throttled_ends_the_run_and_is_retried_by_lambda() {
    let world = empty().await;
    lists(&world, "ListEndpointConfigs", &["config"]);
    lists(&world, "ListEndpoints", &["one", "two"]);
    answers_for(&world, "DescribeEndpoint", "one", Reply::throttled());
    let error = world.try_run("one").await.unwrap_err();
    assert_eq!(error.error_type(), "RunFailed");
    assert_eq!(world.ids().await, ["config"]);

    world.aws.on("sagemaker", "DescribeEndpoint", described);
    let answer = world.run("one").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["attempt"].as_u64()),
        (Some("complete"), Some(2))
    );
    assert_eq!(world.ids().await, ["one", "two", "config"]);
}
