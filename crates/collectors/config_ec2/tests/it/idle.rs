//! What the view `config_ec2_idle` calls idle, since when, and what it leaves out.

use polo_testkit::aws::ec2_page;
use polo_testkit::sql;
use serde_json::{Value, json};

use crate::world::{World, answers, empty};

/// A volume, its attachment where it has one.
fn volume(id: &str, state: &str, attached_to: Option<&str>) -> String {
    let attachment = attached_to
        .map(|instance| format!("<item><instanceId>{instance}</instanceId></item>"))
        .unwrap_or_default();
    format!(
        "<item><volumeId>{id}</volumeId><size>80</size><status>{state}</status><volumeType>gp3</volumeType>\
         <createTime>2025-08-14T09:30:00.000Z</createTime><attachmentSet>{attachment}</attachmentSet>\
         <tagSet><item><key>Name</key><value>data of {id}</value></item></tagSet></item>"
    )
}

fn instance(id: &str, state: &str, reason: &str) -> String {
    format!(
        "<item><instancesSet><item><instanceId>{id}</instanceId><instanceState><name>{state}</name></instanceState>\
         <reason>{reason}</reason><instanceType>m7g.large</instanceType></item></instancesSet></item>"
    )
}

fn snapshot(id: &str, state: &str, started_at: &str, tier: &str) -> String {
    format!(
        "<item><snapshotId>{id}</snapshotId><status>{state}</status><startTime>{started_at}</startTime>\
         <volumeSize>250</volumeSize><storageTier>{tier}</storageTier></item>"
    )
}

fn address(id: &str, association: &str) -> String {
    format!(
        "<item><allocationId>{id}</allocationId><publicIp>203.0.113.41</publicIp>{association}</item>"
    )
}

fn shows(world: &World, operation: &str, set: &str, items: &[String]) {
    answers(
        world,
        operation,
        ec2_page(operation, set, &items.concat(), None),
    );
}

/// What is idle, without the columns that are the same in every row.
async fn idle(world: &World) -> Vec<Value> {
    world
        .rows(
            "SELECT resource_type, resource_id, name, reason, why, since FROM config_ec2_idle ORDER BY resource_type, resource_id",
        )
        .await
}

async fn ids(world: &World) -> Vec<String> {
    sql::lines(
        &world.store,
        "SELECT resource_id FROM config_ec2_idle ORDER BY resource_type, resource_id",
    )
    .await
}

/// Of one resource: since when, and when the look of the last run began.
async fn since_and_look(world: &World, id: &str) -> (Value, Value) {
    let rows = world
        .rows(&format!(
            "SELECT i.since AS since, (SELECT max(started_at) FROM run_targets FINAL) AS look FROM config_ec2_idle AS i WHERE resource_id = '{id}'"
        ))
        .await;
    assert_eq!(rows.len(), 1, "{id}: {rows:?}");
    (rows[0]["since"].clone(), rows[0]["look"].clone())
}

#[tokio::test]
async fn the_columns_are_those_of_every_idle_view() {
    let world = empty().await;
    let columns = |view: &str| {
        format!(
            "SELECT concat(name, ' ', type) FROM system.columns WHERE database = '{{database}}' AND table = '{view}' ORDER BY position"
        )
    };
    assert_eq!(
        sql::lines(&world.store, &columns("config_ec2_idle")).await,
        sql::lines(&world.store, &columns("base_idle")).await
    );
}

#[tokio::test]
async fn volumes_addresses_and_stopped_instances_that_nothing_uses() {
    let world = empty().await;
    shows(
        &world,
        "DescribeVolumes",
        "volumeSet",
        &[
            volume("vol-free", "available", None),
            volume("vol-used", "in-use", Some("i-running")),
            volume("vol-root", "in-use", Some("i-stopped")),
            volume("vol-data", "in-use", Some("i-stopped")),
            volume("vol-of-spot", "in-use", Some("i-stopped-by-aws")),
            "<item><volumeId>vol-barely-described</volumeId><status>available</status></item>"
                .to_owned(),
        ],
    );
    shows(
        &world,
        "DescribeInstances",
        "reservationSet",
        &[
            instance("i-running", "running", ""),
            instance("i-stopped", "stopped", "User initiated (2026-01-02 10:00:00 GMT)"),
            instance("i-stopped-by-aws", "stopped", "Server.SpotInstanceShutdown"),
            instance("i-stopping", "stopping", "User initiated (2026-01-02 10:00:00 GMT)"),
            "<item><instancesSet><item><instanceId>i-without-volumes</instanceId><instanceState><name>stopped</name>\
             </instanceState></item></instancesSet></item>"
                .to_owned(),
        ],
    );
    shows(
        &world,
        "DescribeAddresses",
        "addressesSet",
        &[
            address("eipalloc-idle", ""),
            address("eipalloc-used", "<associationId>eipassoc-1</associationId>"),
        ],
    );
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    let rows = idle(&world).await;
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_json_snapshot!("idle", rows);
    });
    let shared = world
        .rows("SELECT arn, region, tags FROM v_idle_resources WHERE resource_id = 'vol-free'")
        .await;
    assert_eq!(
        shared,
        [json!({
            "arn": "arn:aws:ec2:us-east-1:123456789012:volume/vol-free", "region": "us-east-1",
            "tags": {"Name": "data of vol-free"}
        })]
    );
}

#[tokio::test]
async fn snapshots_older_than_180_days_that_are_complete() {
    let world = empty().await;
    let days_ago = async |days: u32| {
        let query = format!(
            "SELECT formatDateTime(now('UTC') - INTERVAL {days} DAY - INTERVAL 1 HOUR, '%Y-%m-%dT%H:%i:%S.000Z')"
        );
        sql::text(&world.store, &query).await
    };
    let (old, young) = (days_ago(181).await, days_ago(179).await);
    shows(
        &world,
        "DescribeSnapshots",
        "snapshotSet",
        &[
            snapshot("snap-archived", "completed", &old, "archive"),
            snapshot("snap-old", "completed", &old, "standard"),
            snapshot("snap-recoverable", "recoverable", &old, "standard"),
            snapshot("snap-young", "completed", &young, "standard"),
            "<item><snapshotId>snap-of-unknown-age</snapshotId><status>completed</status></item>"
                .to_owned(),
        ],
    );
    world.run("one").await;
    let rows = idle(&world).await;
    let since = format!("{}.000", old[..19].replace('T', " "));
    let row = |id: &str, where_it_lies: &str| {
        json!({
            "resource_type": "ec2_snapshot", "resource_id": id, "name": "", "reason": "snapshot_older_than_180_days",
            "why": format!("The snapshot of a volume of 250 GiB is 181 days old{where_it_lies}"), "since": since
        })
    };
    assert_eq!(
        rows,
        [
            row("snap-archived", " and lies in the archive tier"),
            row("snap-old", "")
        ]
    );
}

/// EC2 says neither when a volume was detached nor when an address became free: Polo knows where it saw both.
#[tokio::test]
async fn since_is_when_polo_saw_it_where_ec2_does_not_say() {
    let world = empty().await;
    let used = |world: &World| {
        shows(
            world,
            "DescribeVolumes",
            "volumeSet",
            &[volume("vol-1", "in-use", Some("i-1"))],
        );
        shows(
            world,
            "DescribeAddresses",
            "addressesSet",
            &[address(
                "eipalloc-1",
                "<associationId>eipassoc-1</associationId>",
            )],
        );
        shows(
            world,
            "DescribeInstances",
            "reservationSet",
            &[instance("i-1", "running", "")],
        );
    };
    let unused = |world: &World| {
        shows(
            world,
            "DescribeVolumes",
            "volumeSet",
            &[volume("vol-1", "available", None)],
        );
        shows(
            world,
            "DescribeAddresses",
            "addressesSet",
            &[address("eipalloc-1", "")],
        );
        shows(
            world,
            "DescribeInstances",
            "reservationSet",
            &[instance("i-1", "stopped", "Server.ScheduledStop")],
        );
    };
    let all = ["eipalloc-1", "i-1", "vol-1"];
    unused(&world);
    world.run("found unused").await;
    for id in all {
        assert_eq!(since_and_look(&world, id).await.0, Value::Null, "{id}");
    }
    used(&world);
    world.run("used").await;
    assert_eq!(ids(&world).await, Vec::<String>::new());

    unused(&world);
    world.run("unused again").await;
    for id in all {
        let (since, look) = since_and_look(&world, id).await;
        assert_eq!(since, look, "{id}");
    }
    let first = since_and_look(&world, "vol-1").await.0;
    // Another change of it is no new beginning.
    shows(
        &world,
        "DescribeVolumes",
        "volumeSet",
        &[volume("vol-1", "available", None).replace("gp3", "gp2")],
    );
    world.run("changed").await;
    assert_eq!(since_and_look(&world, "vol-1").await.0, first);
}

#[tokio::test]
async fn what_is_gone_is_not_idle_and_what_was_denied_still_is() {
    let world = empty().await;
    shows(
        &world,
        "DescribeVolumes",
        "volumeSet",
        &[volume("vol-1", "available", None)],
    );
    world.run("one").await;
    answers(
        &world,
        "DescribeVolumes",
        polo_testkit::aws::ec2_denied(
            "ec2:DescribeVolumes",
            "no identity-based policy allows the action",
        ),
    );
    world.run("two").await;
    assert_eq!(ids(&world).await, ["vol-1"]);
    shows(&world, "DescribeVolumes", "volumeSet", &[]);
    world.run("three").await;
    assert_eq!(ids(&world).await, Vec::<String>::new());
}
