//! Rows of every kind of resource, from answers of the shape that the SageMaker API reference publishes.
//!
//! Each answer also holds a resource of which AWS says next to nothing, and one without a name, which is none.

use polo_testkit::aws::Reply;
use polo_testkit::{readme, sql};
use serde_json::Value;

use crate::world::*;

const CONFIGS: &str = include_str!("../fixtures/describe_endpoint_config.json");
const ENDPOINTS: &str = include_str!("../fixtures/describe_endpoint.json");

/// A description answers with what a fixture holds under the name that is asked about.
fn describes(world: &World, operation: &str, fixture: &str) {
    let answers: Value = serde_json::from_str(fixture).unwrap();
    world.aws.on("sagemaker", operation, move |call| {
        Reply::json(answers[asked_about(call)].clone())
    });
}

async fn everything() -> World {
    let world = World::new().await;
    for (operation, body) in [
        (
            "ListNotebookInstances",
            include_str!("../fixtures/list_notebook_instances.json"),
        ),
        ("ListModels", include_str!("../fixtures/list_models.json")),
        (
            "ListEndpointConfigs",
            include_str!("../fixtures/list_endpoint_configs.json"),
        ),
        (
            "ListEndpoints",
            include_str!("../fixtures/list_endpoints.json"),
        ),
    ] {
        answers(&world, operation, Reply::ok(body));
    }
    describes(&world, "DescribeEndpointConfig", CONFIGS);
    describes(&world, "DescribeEndpoint", ENDPOINTS);
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    world
}

#[tokio::test]
async fn every_kind() {
    let resources = everything().await.resources().await;
    for kind in [
        "sagemaker_notebook_instance",
        "sagemaker_model",
        "sagemaker_endpoint_config",
        "sagemaker_endpoint",
    ] {
        let of_kind: Vec<&Value> = resources
            .iter()
            .filter(|resource| resource["resource_type"] == kind)
            .collect();
        insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
            insta::assert_json_snapshot!(kind, of_kind);
        });
    }
    // 3 notebook instances, 2 models, 4 configurations, 5 endpoints: what has no name is none.
    assert_eq!(resources.len(), 14);
}

/// Another order of variants, and everything that AWS changes by itself, is no change.
#[tokio::test]
async fn what_says_the_same_in_other_words_is_no_history() {
    let world = everything().await;
    let before = world.changes().await;
    let mut endpoints: Value = serde_json::from_str(ENDPOINTS).unwrap();
    let churn = &mut endpoints["Churn"];
    churn["LastModifiedTime"] = 1_800_000_000.into();
    churn["ProductionVariants"]
        .as_array_mut()
        .unwrap()
        .reverse();
    describes(&world, "DescribeEndpoint", &endpoints.to_string());
    world.run("two").await;
    assert_eq!(world.changes().await, before);
}

/// The README's queries are what people copy.
#[tokio::test]
async fn the_queries_of_the_readme_run() {
    let world = everything().await;
    let queries = readme::queries(include_str!("../../README.md"));
    assert!(!queries.is_empty());
    for query in queries {
        let rows = sql::lines(&world.store, &query).await;
        assert!(!rows.is_empty(), "{query}");
    }
}
