//! Notebook instances that run, and none that do not.

use polo_testkit::aws::Reply;
use polo_testkit::sql;
use serde_json::{Value, json};

use crate::world::*;

fn notebook(name: &str, status: &str) -> Value {
    json!({
        "CreationTime": 1_700_000_000,
        "InstanceType": "ml.t3.medium",
        "NotebookInstanceArn": format!("arn:aws:sagemaker:us-east-1:123456789012:notebook-instance/{name}"),
        "NotebookInstanceName": name,
        "NotebookInstanceStatus": status
    })
}

#[tokio::test]
async fn notebook_instances_that_run() {
    let world = empty().await;
    let running = [
        notebook("runs", "InService"),
        json!({"NotebookInstanceName": "runs-barely", "NotebookInstanceStatus": "InService"}),
        notebook("stopped", "Stopped"),
        notebook("failed", "Failed"),
        notebook("unknown", ""),
    ];
    let mut before = running.to_vec();
    before.push(notebook("vanishes", "InService"));
    let list = |notebooks: &[Value]| Reply::json(json!({"NotebookInstances": notebooks}));
    answers(&world, "ListNotebookInstances", list(&before));
    // What costs nothing by itself is no waste, and an endpoint in service is somebody's.
    lists(&world, "ListEndpointConfigs", &["unused"]);
    lists(&world, "ListEndpoints", &["endpoint"]);
    world.run("one").await;
    answers(&world, "ListNotebookInstances", list(&running));
    world.run("two").await;

    let mut rows = world
        .rows("SELECT *, toString(dateDiff('day', since, now('UTC'))) AS days FROM v_idle_resources ORDER BY resource_id")
        .await;
    for row in &mut rows {
        // The age is the one of this day.
        let days = row.as_object_mut().unwrap().remove("days").unwrap();
        if let Some(days) = days.as_str() {
            let why = row["why"].as_str().unwrap();
            assert!(why.contains(&format!(" {days} days ago")), "{why}");
            row["why"] = why.replace(days, "N").into();
        }
    }
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_json_snapshot!("idle", rows);
    });
}

/// `v_idle_resources` merges views by their columns: these have to be exactly those of the empty one.
#[tokio::test]
async fn the_columns_are_those_of_every_idle_view() {
    let world = empty().await;
    let columns = |view: &str| {
        format!(
            "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '{view}' ORDER BY position"
        )
    };
    assert_eq!(
        sql::lines(&world.store, &columns("config_sagemaker_idle")).await,
        sql::lines(&world.store, &columns("base_idle")).await
    );
}
