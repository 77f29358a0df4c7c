//! What a deployment does to the schema, and what it leaves alone.

use chrono::TimeDelta;
use polo_store::collectors::manifests;
use polo_store::migrations::{all, digest};
use polo_testkit::aws::Reply;
use polo_testkit::clickhouse::fresh_config;
use polo_testkit::sql;
use serde_json::{Value, json};

use crate::world::{STACK, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_stack_gets_the_schema_and_the_next_deployment_finds_it() {
    let world = World::in_status("CREATE_IN_PROGRESS").await;
    let count = all().unwrap().len().to_string();
    let returned = world.deliver(&world.request("Create")).await.unwrap();
    assert_eq!(returned["outcome"], "migrated", "{returned}");
    assert_eq!(
        world.answer(),
        json!({
            "Status": "SUCCESS", "PhysicalResourceId": "polo-schema", "StackId": STACK, "RequestId": "5b478341",
            "LogicalResourceId": "Schema",
            "Data": {"outcome": "migrated", "applied": count, "already": "0", "adopted": "0"}
        })
    );
    assert_eq!(world.puts()[0].content_type, "");
    let asked = world.aws.calls_of("DescribeStacks");
    assert_eq!(asked[0].parameter("StackName"), STACK);
    let expected = "SELECT count() FROM collectors FINAL WHERE expected";
    assert_eq!(
        usize::try_from(sql::number(&world.store, expected).await).unwrap(),
        manifests().unwrap().len()
    );

    world.deliver(&world.request("Update")).await.unwrap();
    let again = &world.puts()[1].body;
    assert_eq!(again["Data"]["applied"], "0", "{again}");
    assert_eq!(again["Data"]["already"], count.as_str(), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_changes_nothing_of_the_schema() {
    for (status, request_type, collectors) in [
        (
            "UPDATE_ROLLBACK_IN_PROGRESS",
            "Update",
            "not registered: this function is not of the release that the stack goes back to",
        ),
        (
            "ROLLBACK_IN_PROGRESS",
            "Create",
            "not registered: the stack is given up",
        ),
    ] {
        let world = World::in_status(status).await;
        world.deliver(&world.request(request_type)).await.unwrap();
        let answer = world.answer();
        assert_eq!(answer["Status"], "SUCCESS", "{answer}");
        assert_eq!(
            answer["Data"],
            json!({"outcome": "skipped: rollback", "collectors": collectors})
        );
        assert!(!world.touched().await, "{status}");
    }
}

/// A request for this very release.
fn of_this_release(world: &World) -> Value {
    let mut request = world.request("Update");
    request["ResourceProperties"]["Migrations"] = json!(digest());
    request
}

const OF_ANOTHER_RELEASE: &str = "INSERT INTO collectors (collector, scope, schedule, period_hours, freshness_hours, timeout_s, expected, _version)
    VALUES ('of_another_release', 'account', 'daily-sweep', 24, 24, 300, true, 1)";
const EXPECTED: &str = "SELECT collector FROM collectors FINAL WHERE expected ORDER BY collector";

fn ids() -> Vec<String> {
    let mut ids: Vec<String> = manifests()
        .unwrap()
        .into_iter()
        .map(|one| one.id.to_string())
        .collect();
    ids.sort_unstable();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rollback_the_collectors_of_the_release_before_are_expected_again() {
    let world = World::in_status("UPDATE_ROLLBACK_IN_PROGRESS").await;
    world.deliver(&json!({})).await.unwrap();
    sql::execute(&world.store, OF_ANOTHER_RELEASE).await;
    // The function's code is the other release's: it does not know which are to be expected.
    world.deliver(&world.request("Update")).await.unwrap();
    assert_eq!(
        sql::lines(&world.store, EXPECTED).await.len(),
        ids().len() + 1
    );

    world.deliver(&of_this_release(&world)).await.unwrap();
    let answer = &world.puts()[1].body;
    assert_eq!(answer["Status"], "SUCCESS", "{answer}");
    assert_eq!(
        answer["Data"],
        json!({"outcome": "skipped: rollback", "collectors": "registered"})
    );
    assert_eq!(sql::lines(&world.store, EXPECTED).await, ids());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_succeeds_although_the_database_cannot_be_reached() {
    let world = World::in_status("UPDATE_ROLLBACK_IN_PROGRESS")
        .await
        .with("CLICKHOUSE_URL", "http://127.0.0.1:9");
    world.deliver(&of_this_release(&world)).await.unwrap();
    let answer = world.answer();
    assert_eq!(answer["Status"], "SUCCESS", "{answer}");
    let collectors = answer["Data"]["collectors"].as_str().unwrap();
    assert!(
        collectors.starts_with("not registered: ") && collectors.contains("http://127.0.0.1:9"),
        "{collectors}"
    );
}

/// Lambda tries again with the same id where the function was killed.
#[tokio::test(flavor = "multi_thread")]
async fn the_lock_of_an_attempt_that_was_killed_is_in_nobody_s_way() {
    let world = World::in_status("CREATE_IN_PROGRESS").await;
    leave_lock(&world, "schema-migrator 8476a536").await;
    world
        .deliver_with(&world.request("Create"), TimeDelta::minutes(2))
        .await
        .unwrap();
    let answer = world.answer();
    assert_eq!(answer["Data"]["outcome"], "migrated", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_status_cannot_be_read_nothing_is_changed() {
    let world = World::bare(&fresh_config()).await;
    world.aws.on("cloudformation", "DescribeStacks", |_| {
        Reply::error(
            403,
            "AccessDenied",
            "User: x is not authorized to perform: cloudformation:DescribeStacks",
        )
    });
    world.deliver(&world.request("Update")).await.unwrap();
    let answer = world.answer();
    assert_eq!(answer["Status"], "FAILED", "{answer}");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(
        reason.contains("cloudformation:DescribeStacks failed (denied)"),
        "{reason}"
    );
    assert!(!world.touched().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_stack_leaves_the_data_even_where_its_settings_are_wrong() {
    let world = World::bare(&fresh_config())
        .await
        .with("CLICKHOUSE_URL", "localhost");
    world.deliver(&world.request("Delete")).await.unwrap();
    let answer = world.answer();
    assert_eq!(answer["Status"], "SUCCESS", "{answer}");
    assert!(world.aws.calls().is_empty());
    assert!(!world.touched().await);
}

/// A database that a newer release has migrated.
async fn world_of_a_newer_release() -> World {
    let world = World::in_status("UPDATE_IN_PROGRESS").await;
    world.deliver(&json!({})).await.unwrap();
    let newer = "INSERT INTO schema_migrations (owner, number, file, sha256) VALUES ('store', 999, 'x', 'y')";
    sql::execute(&world.store, newer).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn going_back_to_an_older_release_changes_which_collectors_are_expected_and_nothing_else() {
    let world = world_of_a_newer_release().await;
    sql::execute(&world.store, OF_ANOTHER_RELEASE).await;
    world.deliver(&world.request("Update")).await.unwrap();
    let answer = world.answer();
    assert_eq!(answer["Status"], "SUCCESS", "{answer}");
    assert_eq!(
        answer["Data"]["outcome"],
        "nothing to do: the database is newer"
    );
    assert_eq!(sql::lines(&world.store, EXPECTED).await, ids());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_database_that_lacks_a_migration_of_this_release_is_refused() {
    let world = world_of_a_newer_release().await;
    let lacking = "DELETE FROM schema_migrations WHERE owner = 'store' AND number = 30 SETTINGS mutations_sync = 2";
    sql::execute(&world.store, lacking).await;
    world.deliver(&world.request("Update")).await.unwrap();
    let answer = world.answer();
    assert_eq!(answer["Status"], "FAILED", "{answer}");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(
        reason.contains("store/999") && reason.contains("deploy the newer version"),
        "{reason}"
    );
}

/// A lock that has just been taken.
async fn leave_lock(world: &World, holder: &str) {
    sql::execute_on_server(&world.store, "CREATE DATABASE {database}").await;
    let since = sql::text(
        &world.store,
        "SELECT formatDateTime(now(), '%FT%TZ', 'UTC')",
    )
    .await;
    let comment =
        json!({"holder": holder, "since": since, "token": "c8ff1d38-0c2a-4b5e-9d0c-0a4f3b6d7e21"});
    sql::execute(
        &world.store,
        &format!(
            "CREATE TABLE schema_migration_lock (nothing UInt8) ENGINE = Null COMMENT '{comment}'"
        ),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_who_migrates_for_too_long_is_named() {
    let world = World::in_status("UPDATE_IN_PROGRESS").await;
    leave_lock(&world, "polo migrate ada@laptop").await;
    // What answering and releasing take is all that is left: it may not wait.
    world
        .deliver_with(&world.request("Update"), TimeDelta::seconds(40))
        .await
        .unwrap();
    let answer = world.answer();
    assert_eq!(answer["Status"], "FAILED", "{answer}");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(
        reason.contains("by polo migrate ada@laptop since"),
        "{reason}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_comes_before_the_time_is_up() {
    let world = World::in_status("CREATE_IN_PROGRESS").await;
    world
        .deliver_with(&world.request("Create"), TimeDelta::seconds(20))
        .await
        .unwrap();
    let answer = world.answer();
    assert_eq!(answer["Status"], "FAILED", "{answer}");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(reason.contains("time was up"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn by_hand_it_migrates_and_tells_no_one_else() {
    let world = World::bare(&fresh_config())
        .await
        .with("POLO_RUN_RETENTION_DAYS", "61");
    let sample = include_str!("../../../../../events/schema-migrator.json");
    let sample = serde_json::from_str(sample).unwrap();
    let returned = world.deliver(&sample).await.unwrap();
    let first = all().unwrap();
    assert_eq!(
        returned["applied"][0],
        format!("{}/{}", first[0].owner, first[0].file),
        "{returned}"
    );
    assert!(world.puts().is_empty() && world.aws.calls().is_empty());
    let ttls = "SELECT countIf(position(engine_full, 'toIntervalDay(61)') > 0) FROM system.tables WHERE database = '{database}'";
    assert_eq!(sql::number(&world.store, ttls).await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cluster_is_the_environment_s() {
    let world = World::bare(&fresh_config())
        .await
        .with("CLICKHOUSE_CLUSTER", "no_such_cluster");
    let error = world.deliver(&json!({})).await.unwrap_err().chain();
    assert!(error.contains("no_such_cluster"), "{error}");
}
