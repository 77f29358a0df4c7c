//! Retention on the real engine: history expires, current rows do not, and resources that are gone for long leave.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::future::pending;

use polo_store::Store;
use polo_store::collectors::manifests;
use polo_store::migrations::{MigrationReport, Topology, Turn, migrate_unless};
use polo_store::retention::{Retention, RetentionChange};
use polo_testkit::clickhouse::fresh_store;
use polo_testkit::sql;

const TTLS: &str =
    "SELECT concat(name, ': ', extract(engine_full, ' TTL (.*) SETTINGS ')) FROM system.tables
    WHERE database = '{database}' AND position(engine_full, ' TTL ') > 0 ORDER BY name";

async fn migrate(store: &Store, change: RetentionChange) -> MigrationReport {
    let stopped = Box::pin(pending());
    migrate_unless(
        store,
        &Topology::default(),
        &change,
        &Turn::of("a test"),
        stopped,
    )
    .await
    .unwrap()
}

fn days(run_days: u32) -> RetentionChange {
    RetentionChange {
        run_days: Some(run_days),
        ..RetentionChange::default()
    }
}

/// A table's TTL, empty if it has none.
async fn ttl_of(store: &Store, table: &str) -> String {
    sql::raw(
        store,
        &format!("SELECT extract(engine_full, ' TTL (.*) SETTINGS ') FROM system.tables WHERE database = '{{database}}' AND name = '{table}'"),
    )
    .await
}

#[tokio::test]
async fn history_expires_and_state_does_not() {
    let store = fresh_store().await;
    assert_eq!(
        sql::lines(&store, TTLS).await,
        [
            "access_checks: toDate(checked_at) + toIntervalDay(90)",
            "billed_calls: toDate(day) + toIntervalDay(400)",
            "cloudwatch_metrics_points: toDate(at) + toIntervalDay(400)",
            "collector_runs: toDate(started_at) + toIntervalDay(90)",
            "discovery_runs: toDate(started_at) + toIntervalDay(90)",
            "dispatches: toDate(requested_at) + toIntervalDay(90)",
            "log_groups_bytes: toDate(day) + toIntervalDay(400)",
            "provisioning_attempts: toDate(asked_at) + toIntervalDay(90)",
            "resource_changes: toDate(changed_at) + toIntervalDay(400)",
            "run_targets: toDate(started_at) + toIntervalDay(90)",
        ]
    );
}

#[tokio::test]
async fn only_a_changed_setting_alters_tables() {
    let store = fresh_store().await;
    let modified =
        "SELECT max(metadata_modification_time) FROM system.tables WHERE database = '{database}'";
    let before = sql::text(&store, modified).await;
    for change in [
        RetentionChange::default(),
        Retention::default().into(),
        Retention::default().into(),
    ] {
        assert_eq!(migrate(&store, change).await.expiring, []);
    }
    assert_eq!(sql::text(&store, modified).await, before);

    let report = migrate(&store, days(60)).await;
    assert_eq!(report.expiring.len(), 6, "{report:?}");
    assert_eq!(
        ttl_of(&store, "run_targets").await,
        "toDate(started_at) + toIntervalDay(60)"
    );
    assert_eq!(store.retention().await.unwrap().run_days, 60);
    // What is not given stays as it was decided.
    let report = migrate(&store, RetentionChange::default()).await;
    assert_eq!((report.expiring, report.applied), (vec![], vec![]));
    assert_eq!(store.retention().await.unwrap().run_days, 60);
}

#[tokio::test]
async fn hand_made_settings_that_make_no_sense_are_refused() {
    let store = fresh_store().await;
    for value in ["59", "0", "4000"] {
        let insert =
            format!("INSERT INTO retention_settings (setting, value) VALUES ('run_days', {value})");
        assert!(
            sql::refused(&store, &insert)
                .await
                .contains("days_are_sensible")
        );
    }
}

#[tokio::test]
async fn rows_past_their_days_leave_with_a_merge() {
    let store = fresh_store().await;
    for (table, column, days) in [
        ("access_checks", "checked_at, verdict, role_kind", 90),
        ("dispatches", "requested_at, outcome", 90),
        ("collector_runs", "started_at, outcome", 90),
        ("run_targets", "started_at, outcome, region", 90),
        ("discovery_runs", "started_at, listing", 90),
        (
            "provisioning_attempts",
            "asked_at, account_id, action, outcome",
            90,
        ),
        ("resource_changes", "changed_at, change", 400),
        ("billed_calls", "day", 400),
        ("cloudwatch_metrics_points", "at, region", 400),
        ("log_groups_bytes", "day, region", 400),
    ] {
        let values = match column.split_once(", ").map(|(_, rest)| rest) {
            Some("verdict, role_kind") => ", 'denied', 'read'",
            Some("outcome") if table == "dispatches" => ", 'accepted'",
            Some("outcome") => ", 'failed'",
            Some("outcome, region") => ", 'failed', 'r'",
            Some("listing") => ", 'failed'",
            Some("account_id, action, outcome") => ", '111111111111', 'create', 'failed'",
            Some("change") => ", 'gone'",
            Some("region") => ", 'r'",
            _ => "",
        };
        let first = column.split(", ").next().unwrap();
        // A day of room, because TTLs count in days.
        for age in [days + 2, days - 2] {
            let key = match table {
                "cloudwatch_metrics_points" | "log_groups_bytes" | "billed_calls" => String::new(),
                "resource_changes" => ", run_id".to_owned(),
                "access_checks" => ", check_id".to_owned(),
                "discovery_runs" => ", sweep_id".to_owned(),
                "provisioning_attempts" => ", operation_id".to_owned(),
                _ => ", run_id".to_owned(),
            };
            let id = if key.is_empty() {
                ""
            } else {
                ", generateUUIDv4()"
            };
            sql::execute(
                &store,
                &format!("INSERT INTO {table} ({column}{key}) SELECT today() - {age}{values}{id}"),
            )
            .await;
        }
        sql::execute(&store, &format!("OPTIMIZE TABLE {table} FINAL")).await;
        let left = format!("SELECT groupArray(today() - toDate({first})) FROM {table}");
        assert_eq!(
            sql::text(&store, &left).await,
            format!("[{}]", days - 2),
            "{table}"
        );
    }
}

/// A `collector_runs` as another part of Polo has it.
const OTHERS_RUNS: &str = "CREATE TABLE collector_runs (run_id UUID, attempt UInt16, sweep_id UUID, account_id String,
    collector String, trigger String, request_id String, regions Array(String), started_at DateTime64(3),
    deadline_at DateTime64(3), finished_at Nullable(DateTime64(3)), outcome String, error_class String, reason String,
    targets UInt32, targets_conclusive UInt32, resources_seen UInt64, rows_written UInt64, code_version String,
    _version UInt64, theirs String)
    ENGINE = ReplacingMergeTree(_version) ORDER BY (account_id, collector, run_id, attempt)";

/// A database in which `collector_runs` was there before Polo, as the ledger knows it: not at all.
async fn with_others_runs() -> Store {
    let store = fresh_store().await;
    for statement in [
        "DROP TABLE collector_runs SYNC",
        OTHERS_RUNS,
        "ALTER TABLE schema_migrations DELETE WHERE owner = 'store' AND number = 11 SETTINGS mutations_sync = 1",
    ] {
        sql::execute(&store, statement).await;
    }
    store
}

#[tokio::test]
async fn adopted_table_expires_only_if_asked() {
    let store = with_others_runs().await;
    let report = migrate(&store, RetentionChange::default()).await;
    assert_eq!(report.adopted, ["collector_runs"]);
    assert_eq!(report.expiring, []);
    migrate(&store, days(60)).await;
    assert_eq!(ttl_of(&store, "collector_runs").await, "");
    let expire = RetentionChange {
        expire_adopted: Some(true),
        ..RetentionChange::default()
    };
    let report = migrate(&store, expire).await;
    assert_eq!(report.expiring, [("collector_runs".to_owned(), 60)]);
    assert_eq!(
        ttl_of(&store, "collector_runs").await,
        "toDate(started_at) + toIntervalDay(60)"
    );
}

/// The ledger as the release before made it, without the column of origins.
async fn forget_origins(store: &Store) {
    sql::execute(store, "ALTER TABLE schema_migrations DROP COLUMN origin").await;
    sql::execute(store, "ALTER TABLE collector_runs REMOVE TTL").await;
}

#[tokio::test]
async fn origins_of_earlier_releases_are_found_out() {
    let store = with_others_runs().await;
    migrate(&store, RetentionChange::default()).await;
    sql::execute(&store, "ALTER TABLE schema_migrations DROP COLUMN origin").await;
    migrate(&store, days(60)).await;
    assert_eq!(ttl_of(&store, "collector_runs").await, "");

    let store = fresh_store().await;
    forget_origins(&store).await;
    migrate(&store, RetentionChange::default()).await;
    assert_ne!(ttl_of(&store, "collector_runs").await, "");

    // Like ours, but with a run from before.
    let store = fresh_store().await;
    forget_origins(&store).await;
    sql::execute(
        &store,
        "INSERT INTO collector_runs (account_id, started_at, outcome) SELECT '111111111111', now() - 1000000, 'complete'",
    )
    .await;
    migrate(&store, RetentionChange::default()).await;
    assert_eq!(ttl_of(&store, "collector_runs").await, "");
    let origin = "SELECT toString(origin) FROM schema_migrations FINAL WHERE owner = 'store' AND number = 11";
    assert_eq!(sql::text(&store, origin).await, "adopted");
    // The release before can still read and write the ledger.
    sql::execute(
        &store,
        "INSERT INTO schema_migrations (owner, number, file, sha256) VALUES ('another', 1, 'x', 'y')",
    )
    .await;
}

#[tokio::test]
async fn migration_that_was_cut_off_still_owns_its_table() {
    let store = fresh_store().await;
    sql::execute(
        &store,
        "ALTER TABLE schema_migrations DELETE WHERE owner = 'store' AND number = 11 SETTINGS mutations_sync = 1",
    )
    .await;
    let report = migrate(&store, days(60)).await;
    assert_eq!(report.adopted, [] as [&str; 0]);
    assert_eq!(
        ttl_of(&store, "collector_runs").await,
        "toDate(started_at) + toIntervalDay(60)"
    );
}

/// A version of a resource: when it was seen, and for how many days it has been gone.
fn resource_row(id: &str, seen_days_ago: u32, gone_days_ago: Option<u32>) -> String {
    let gone = gone_days_ago.map_or("NULL".to_owned(), |days| {
        format!("now64(3) - INTERVAL {days} DAY")
    });
    let at = gone_days_ago.unwrap_or(seen_days_ago);
    format!(
        "('111111111111', 'eu-west-1', 'ec2_volume', '{id}', 'config_ec2', now64(3) - INTERVAL {seen_days_ago} DAY,
          {gone}, toUnixTimestamp64Micro(now64(6) - INTERVAL {at} DAY))"
    )
}

fn insert_resources(rows: &[String]) -> String {
    format!(
        "INSERT INTO resources (account_id, region, resource_type, resource_id, collector, last_seen_at, gone_at, _version)
         VALUES {}",
        rows.join(", ")
    )
}

const THERE: &str = "SELECT concat(resource_id, if(gone_at IS NULL, '', ' gone')) FROM resources FINAL ORDER BY resource_id";

#[tokio::test]
async fn resources_gone_for_long_leave_and_others_stay() {
    let store = fresh_store().await;
    // If Polo cannot look at a region for years, the resources that it last saw there stay.
    for rows in [
        vec![
            resource_row("dark", 900, None),
            resource_row("present", 0, None),
            resource_row("gone lately", 399, Some(398)),
            resource_row("gone", 402, Some(401)),
            resource_row(r"gone it\'s \\ one", 402, Some(401)),
            resource_row("returned", 900, None),
        ],
        vec![resource_row("returned", 900, Some(800))],
        vec![resource_row("returned", 1, None)],
    ] {
        sql::execute(&store, &insert_resources(&rows)).await;
    }
    let manifests = manifests().unwrap();
    assert_eq!(store.delete_gone(&manifests).await.unwrap(), 2);
    let left = ["dark", "gone lately gone", "present", "returned"];
    assert_eq!(sql::lines(&store, THERE).await, left);
    assert_eq!(store.delete_gone(&manifests).await.unwrap(), 0);
    sql::execute(&store, "OPTIMIZE TABLE resources FINAL").await;
    assert_eq!(sql::lines(&store, THERE).await, left);
    assert_eq!(ttl_of(&store, "resources").await, "");

    let sooner = RetentionChange {
        gone_days: Some(60),
        ..RetentionChange::default()
    };
    assert_eq!(migrate(&store, sooner).await.expiring, []);
    assert_eq!(store.delete_gone(&manifests).await.unwrap(), 1);
    assert_eq!(
        sql::lines(&store, THERE).await,
        ["dark", "present", "returned"]
    );
}

/// Versions in parts of their own, in each order, merged before the last ones, after them or never: none comes back.
#[tokio::test]
async fn no_older_version_comes_back() {
    let store = fresh_store().await;
    let manifests = manifests().unwrap();
    let versions = [(700, None), (600, Some(500)), (450, None), (450, Some(401))];
    let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]];
    sql::execute(
        &store,
        "ALTER TABLE resources MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1",
    )
    .await;
    for merged_after in [0, 2, 4] {
        for position in 0..versions.len() {
            let rows: Vec<_> = orders
                .iter()
                .enumerate()
                .map(|(id, order)| {
                    let (seen, gone) = versions[order[position]];
                    resource_row(&id.to_string(), seen, gone)
                })
                .collect();
            sql::execute(&store, &insert_resources(&rows)).await;
            if position + 1 == merged_after {
                sql::execute(&store, "OPTIMIZE TABLE resources FINAL").await;
            }
        }
        assert_eq!(store.delete_gone(&manifests).await.unwrap(), 4);
        let none = "SELECT count() FROM resources";
        assert_eq!(sql::number(&store, none).await, 0, "{merged_after}");
    }
}

/// What the tagging API no longer shows leaves; what could not be looked at since stays.
#[tokio::test]
async fn rows_of_collectors_leave_with_their_resources() {
    let store = fresh_store().await;
    for (region, looked_days_ago) in [("eu-west-1", 1), ("dark-1", 500)] {
        sql::execute(
            &store,
            &format!("INSERT INTO last_complete_looks SELECT 'tags', '111111111111', '{region}', now64(3) - INTERVAL {looked_days_ago} DAY"),
        )
        .await;
        for (arn, seen_days_ago) in [("old", 450), ("lately", 300), ("now", 1)] {
            sql::execute(
                &store,
                &format!(
                    "INSERT INTO tags_resources (account_id, region, arn, collected_at, _version)
                     SELECT '111111111111', '{region}', '{arn}', now64(3) - INTERVAL {seen_days_ago} DAY, 1"
                ),
            )
            .await;
        }
    }
    assert_eq!(store.delete_gone(&manifests().unwrap()).await.unwrap(), 1);
    assert_eq!(
        sql::lines(
            &store,
            "SELECT concat(region, ' ', arn) FROM tags_resources FINAL ORDER BY ALL"
        )
        .await,
        [
            "dark-1 lately",
            "dark-1 now",
            "dark-1 old",
            "eu-west-1 lately",
            "eu-west-1 now"
        ]
    );
}

#[tokio::test]
async fn counts_stay_when_history_has_expired() {
    let store = fresh_store().await;
    for times in 0..2 {
        sql::execute(
            &store,
            "INSERT INTO resource_changes (account_id, region, resource_type, resource_id, changed_at, change)
             SELECT '111111111111', 'eu-west-1', 'ec2_volume', toString(number), toDateTime64('2025-01-31 23:59:00', 3, 'UTC'),
                 if(number < 20, 'appeared', 'gone') FROM numbers(50)",
        )
        .await;
        if times == 1 {
            sql::execute(&store, "OPTIMIZE TABLE resource_changes FINAL").await;
            assert_eq!(
                sql::number(&store, "SELECT count() FROM resource_changes").await,
                0
            );
        }
        assert_eq!(
            sql::lines(&store, "SELECT * FROM v_resource_counts").await,
            ["111111111111\tec2_volume\t2025-01-01\t20\t30"]
        );
    }
}

#[tokio::test]
async fn counts_are_filled_from_the_history_of_earlier_releases() {
    let store = fresh_store().await;
    for statement in [
        "DROP VIEW resource_counts_feed SYNC",
        "ALTER TABLE schema_migrations DELETE WHERE owner = 'store' AND number = 46 SETTINGS mutations_sync = 1",
        "INSERT INTO resource_changes (account_id, region, resource_type, resource_id, changed_at, change)
         SELECT toString(111111111111 + number % 2), 'eu-west-1', 'ec2_volume', toString(number), now64(3), 'gone' FROM numbers(10)",
    ] {
        sql::execute(&store, statement).await;
    }
    let report = migrate(&store, RetentionChange::default()).await;
    assert_eq!(report.applied, ["store/0046_resource_counts_feed.sql"]);
    assert_eq!(
        sql::lines(
            &store,
            "SELECT account_id, gone FROM v_resource_counts ORDER BY account_id"
        )
        .await,
        ["111111111111\t5", "111111111112\t5"]
    );
}
