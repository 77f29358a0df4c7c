//! `polo runs`: what ended, what runs, and what crashed.

use serde_json::json;

use crate::support::{BROKEN, Database, SHOP};

const RUN: &str = "7d444840-9dc0-11d1-b245-5ffdce74fad2";

/// The INSERT of a run that began some minutes ago, with its deadline 15 minutes later.
fn run(
    id: &str,
    account: &str,
    collector: &str,
    minutes_ago: u32,
    finished: &str,
    outcome: &str,
) -> String {
    format!(
        "INSERT INTO collector_runs (run_id, attempt, sweep_id, account_id, collector, trigger, started_at, deadline_at,
            finished_at, outcome, error_class, reason, targets, targets_conclusive, resources_seen, rows_written, _version)
         SELECT '{id}', 1, generateUUIDv4(), '{account}', '{collector}', 'schedule', now64(3) - toIntervalMinute({minutes_ago}) AS begun,
            begun + INTERVAL 15 MINUTE, {finished}, '{outcome}', '', '', 2, 1, 7, 9, 1"
    )
}

async fn with_runs() -> Database {
    let database = Database::with_accounts().await;
    let other = "00000000-0000-0000-0000-00000000000";
    database
        .sql(&run(
            RUN,
            SHOP,
            "config_ec2",
            3,
            "begun + INTERVAL 90 SECOND",
            "partial",
        ))
        .await;
    database
        .sql(&run(
            &format!("{other}1"),
            SHOP,
            "account_alias",
            2,
            "NULL",
            "",
        ))
        .await;
    database
        .sql(&run(
            &format!("{other}2"),
            BROKEN,
            "config_ec2",
            21,
            "NULL",
            "",
        ))
        .await;
    database
        .sql(&run(
            &format!("{other}3"),
            BROKEN,
            "account_alias",
            19,
            "NULL",
            "",
        ))
        .await;
    database
        .sql(&format!(
            "INSERT INTO run_targets VALUES
             ('{RUN}', 1, '{SHOP}', 'config_ec2', 'us-east-1', now64(3), now64(3), 'complete', '', '', '', 7, 9, 1),
             ('{RUN}', 1, '{SHOP}', 'config_ec2', 'eu-west-1', now64(3), now64(3), 'denied', 'denied_by_scp',
              'ec2:DescribeInstances', 'explicit deny in a service control policy', 0, 0, 1)"
        ))
        .await;
    database
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_a_finish_runs_until_five_minutes_after_its_deadline() {
    let database = with_runs().await;
    let json = database.polo(&["runs", "--json"]).await.done().json();
    let shown: Vec<(&str, &str, &str)> = json["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| {
            (
                run["account_id"].as_str().unwrap(),
                run["collector"].as_str().unwrap(),
                run["outcome"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (SHOP, "account_alias", "running"),
            (SHOP, "config_ec2", "partial"),
            (BROKEN, "account_alias", "running"),
            (BROKEN, "config_ec2", "crashed"),
        ]
    );
    assert_eq!(json["runs"][1]["duration_ms"], json!(90_000));

    let table = database
        .polo(&["runs", "--account", SHOP])
        .await
        .done()
        .stdout;
    assert!(
        table.contains("1 min 30 s") && table.contains("1/2") && !table.contains(BROKEN),
        "{table}"
    );
    assert_eq!(
        database
            .polo(&["runs", "--limit", "1", "--json"])
            .await
            .done()
            .json()["runs"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn run_filters_choose_before_the_limit() {
    let database = with_runs().await;
    let (shop_ec2, shop_alias) = ((SHOP, "config_ec2"), (SHOP, "account_alias"));
    let (broken_ec2, broken_alias) = ((BROKEN, "config_ec2"), (BROKEN, "account_alias"));
    for (filters, expected) in [
        (
            vec!["--collector", "config_ec2"],
            &[shop_ec2, broken_ec2][..],
        ),
        (vec!["--outcome", "running"], &[shop_alias, broken_alias]),
        (vec!["--outcome", "crashed"], &[broken_ec2]),
        (vec!["--outcome", "partial", "--limit", "1"], &[shop_ec2]),
        (vec!["--outcome", "crashed", "--limit", "1"], &[broken_ec2]),
        (vec!["--outcome", "complete"], &[]),
        (
            vec!["--since", "1h", "--limit", "2"],
            &[shop_alias, shop_ec2],
        ),
        (vec!["--since", "0h"], &[]),
        (
            vec![
                "--account",
                BROKEN,
                "--collector",
                "account_alias",
                "--since",
                "7d",
            ],
            &[broken_alias],
        ),
    ] {
        let arguments = [&["runs", "--json"], filters.as_slice()].concat();
        let json = database.polo(&arguments).await.done().json();
        let shown: Vec<(&str, &str)> = json["runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| {
                let text = |name: &str| run[name].as_str().unwrap();
                (text("account_id"), text("collector"))
            })
            .collect();
        assert_eq!(shown, expected, "{filters:?}");
    }
    let none = database
        .polo(&["runs", "--outcome", "complete", "--since", "24h"])
        .await
        .done();
    assert_eq!(
        none.stdout,
        "There is no run with --outcome complete --since 24h.\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_shown_with_its_runs_and_targets() {
    let database = with_runs().await;
    let shown = database
        .polo(&["accounts", "show", SHOP])
        .await
        .done()
        .stdout;
    for part in [
        "RUNS",
        "TARGETS",
        "eu-west-1",
        "denied_by_scp",
        "explicit deny in a service control policy",
    ] {
        assert!(shown.contains(part), "{part} is missing\n{shown}");
    }
    let json = database
        .polo(&["accounts", "show", SHOP, "--json"])
        .await
        .done()
        .json();
    let targets = &json["runs"][1]["target_outcomes"];
    assert_eq!(
        (&targets[0]["region"], &targets[0]["outcome"]),
        (&json!("eu-west-1"), &json!("denied"))
    );
    assert_eq!(json["runs"][0]["target_outcomes"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_run_is_told_as_such() {
    let database = Database::with_accounts().await;
    assert_eq!(
        database.polo(&["runs"]).await.done().stdout,
        "There is no run yet.\n"
    );
    assert_eq!(
        database.polo(&["runs", "--json"]).await.done().json(),
        json!({"runs": []})
    );
}
