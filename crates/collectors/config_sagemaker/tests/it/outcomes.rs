//! What a run comes to when AWS does not answer as it should, that nothing is lost by it, and what changes from run to
//! run.

use polo_testkit::aws::{Reply, regions_page};

use crate::world::*;

/// One of each kind.
async fn one_of_each() -> World {
    let world = empty().await;
    for (operation, _, kind) in LISTINGS {
        lists(&world, operation, &[kind]);
    }
    world
}

const ALL: [&str; 4] = ["Endpoint", "EndpointConfig", "Model", "NotebookInstance"];

#[tokio::test]
async fn a_denied_listing_is_named_and_nothing_is_gone_whatever_the_others_said() {
    for (operation, _, _) in LISTINGS {
        let world = one_of_each().await;
        world.run("one").await;
        assert_eq!(world.ids().await, ALL);

        for (other, _, _) in LISTINGS {
            lists(&world, other, &[]);
        }
        let action = format!("sagemaker:{operation}");
        answers(&world, operation, denied(&action));
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
        assert_eq!(world.ids().await, ALL, "{operation}");
    }
}

#[tokio::test]
async fn a_denied_region_does_not_keep_the_others_from_being_read() {
    let world = one_of_each().await;
    world.aws.on("ec2", "DescribeRegions", |_| {
        regions_page(&[
            ("eu-west-1", "opt-in-not-required"),
            ("us-east-1", "opt-in-not-required"),
        ])
    });
    world.aws.on("sagemaker", "ListModels", |call| {
        if call.region == "eu-west-1" {
            denied("sagemaker:ListModels")
        } else {
            page("ListModels", &["model"], None)
        }
    });
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "partial", "{answer}");
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("eu-west-1: sagemaker:ListModels"),
        "{answer}"
    );
    let mut targets = world.targets().await;
    targets.sort();
    assert_eq!(
        targets,
        [
            "eu-west-1 denied(denied) sagemaker:ListModels",
            "us-east-1 complete"
        ]
    );
    assert!(world.ids().await.contains(&"model".to_owned()));
}

#[tokio::test]
async fn a_listing_that_is_throttled_once_is_asked_for_again() {
    for (operation, _, _) in LISTINGS {
        let world = empty().await;
        world.throttles_once("sagemaker", operation, page(operation, &["a"], None));
        let answer = world.run("one").await;
        assert_eq!(answer["outcome"], "complete", "{operation}: {answer}");
        assert_eq!(world.ids().await, ["a"], "{operation}");
    }
}

#[tokio::test]
async fn a_listing_that_stays_throttled_is_retried_by_lambda() {
    for (operation, _, _) in LISTINGS {
        let world = empty().await;
        answers(&world, operation, Reply::throttled());
        let error = world.try_run("one").await.unwrap_err();
        assert_eq!(error.error_type(), "RunFailed", "{operation}");
        lists(&world, operation, &["a"]);
        let answer = world.run("one").await;
        assert_eq!(
            (answer["outcome"].as_str(), answer["attempt"].as_u64()),
            (Some("complete"), Some(2)),
            "{operation}"
        );
        assert_eq!(world.ids().await, ["a"], "{operation}");
    }
}

#[tokio::test]
async fn an_empty_account_is_complete_and_what_was_there_is_gone() {
    let world = one_of_each().await;
    world.run("one").await;
    for (operation, _, _) in LISTINGS {
        lists(&world, operation, &[]);
    }
    let answer = world.run("two").await;
    assert_eq!(
        (
            answer["outcome"].as_str(),
            answer["resources_seen"].as_u64()
        ),
        (Some("complete"), Some(0))
    );
    assert_eq!(world.ids().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_account_to_which_the_service_is_not_open_has_nothing_and_misses_nothing() {
    for code in ["OptInRequired", "SubscriptionRequiredException"] {
        let world = empty().await;
        for (operation, _, _) in LISTINGS {
            let message = "The AWS Access Key Id needs a subscription for the service";
            answers(&world, operation, Reply::error(400, code, message));
        }
        let answer = world.run("one").await;
        assert_eq!(answer["outcome"], "complete", "{code}: {answer}");
        assert_eq!(answer["resources_seen"], 0);
        assert_eq!(world.targets().await, ["us-east-1 not_enabled"]);
    }
}

#[tokio::test]
async fn changes_are_history() {
    let world = empty().await;
    lists(&world, "ListEndpointConfigs", &["config"]);
    lists(&world, "ListEndpoints", &["scales", "stays", "vanishes"]);
    world.run("one").await;
    lists(&world, "ListEndpoints", &["stays", "scales"]);
    answers_for(
        &world,
        "DescribeEndpoint",
        "scales",
        Reply::json(serde_json::json!({
            "EndpointConfigName": "config",
            "EndpointStatus": "InService",
            "ProductionVariants": [{"VariantName": "main", "CurrentInstanceCount": 5}]
        })),
    );
    world.run("two").await;
    assert_eq!(
        world.changes().await,
        [
            "appeared scales",
            "appeared stays",
            "appeared vanishes",
            "appeared config",
            "changed scales",
            "gone vanishes"
        ]
    );
    assert_eq!(world.ids().await, ["scales", "stays", "config"]);
    let scales = attributes(&world, "sagemaker_endpoint", "scales").await;
    assert_eq!(scales["variants"][0]["current_instance_count"], 5);
}

#[tokio::test]
async fn a_repeated_delivery_asks_nothing_and_answers_the_same() {
    let world = one_of_each().await;
    let first = world.run("one").await;
    let calls = world.aws.calls().len();
    let mut second = world.run("one").await;
    assert_eq!(second["repeated_delivery"].take(), true);
    second["repeated_delivery"] = false.into();
    assert_eq!(second, first);
    assert_eq!(world.aws.calls().len(), calls);
}
