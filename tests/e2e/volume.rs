//! How much a day adds to the database, as `infra/polo/docs/cost.md` says.

use std::fs;

use polo_store::retention::Retention;
use polo_tests::{Stack, root};

/// What one day adds for each account that Polo reads, once the example organization was collected.
const ROWS: &str = "
    WITH
        (SELECT groupArray(account_id) FROM v_accounts WHERE polo_status = 'active') AS active,
        (SELECT groupArray(run_id) FROM collector_runs FINAL WHERE trigger != 'manual') AS runs
    SELECT table, rows / length(active) FROM
    (
        SELECT 'run_targets' AS table, count() AS rows FROM run_targets FINAL WHERE has(runs, run_id)
        UNION ALL SELECT 'collector_runs', count() FROM collector_runs FINAL WHERE has(runs, run_id)
        UNION ALL SELECT 'dispatches', count() FROM dispatches FINAL WHERE has(runs, run_id)
        -- A role that works is checked once a day, however often the example checked it.
        UNION ALL SELECT 'access_checks', count() FROM (SELECT DISTINCT account_id, role_kind FROM access_checks WHERE has(active, account_id))
        UNION ALL SELECT 'cloudwatch_metrics_points', count() FROM cloudwatch_metrics_points FINAL
            WHERE at > (SELECT max(at) FROM cloudwatch_metrics_points) - INTERVAL 1 DAY
        UNION ALL SELECT 'log_groups_bytes', count() FROM log_groups_bytes FINAL
        UNION ALL SELECT 'billed_calls', count() FROM billed_calls FINAL WHERE collector = 'cloudwatch_metrics' AND has(runs, run_id)
        UNION ALL SELECT 'resource_changes', count() FROM resource_changes FINAL WHERE has(runs, run_id)
        UNION ALL SELECT 'cost_daily', max(rows) FROM (SELECT count() AS rows FROM cost_daily FINAL GROUP BY day)
    )";

/// A row of the document's table.
struct Documented {
    table: String,
    example: f64,
    usual: f64,
    bytes: f64,
    gigabytes: f64,
    kept: String,
}

/// The table under `## What it adds to ClickHouse`.
fn documented() -> Vec<Documented> {
    let document =
        fs::read_to_string(root().join("infra/polo/docs/cost.md")).expect("the document");
    let section = document.split("## What it adds to ClickHouse").nth(1);
    let section = section.and_then(|rest| rest.split("\n## ").next());
    let rows = section.expect("the section").lines();
    rows.filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let number = |cell: &str| cell.replace(',', "").parse().expect("a number");
            Documented {
                table: cells[0].trim_matches('`').to_owned(),
                example: number(cells[1]),
                usual: number(cells[2]),
                bytes: number(cells[3]),
                gigabytes: number(cells[4]),
                kept: cells[5].to_owned(),
            }
        })
        .collect()
}

/// Compares a day of the example organization with the document, to 5 %, and the document with itself.
pub(crate) async fn compare_a_day(stack: &Stack) {
    // The metrics of what was found are collected by the tick.
    stack.fire("dispatch-tick").await;
    let measured = stack.rows(ROWS).await;
    let documented = documented();
    assert_eq!(measured.len(), documented.len(), "{measured:?}");
    let retention = Retention::default();
    for row in documented {
        let line = measured
            .iter()
            .find_map(|line| line.strip_prefix(&format!("{}\t", row.table)));
        let rows: f64 = line.expect("a measured table").parse().expect("a number");
        assert!(
            (rows - row.example).abs() <= 0.05 * rows,
            "cost.md is out of date: {} has {rows:.2} rows an account and day, not {}",
            row.table,
            row.example
        );
        let gigabytes = row.usual * row.bytes * 365.0 * 1_000.0 / 1e9;
        assert!(
            (gigabytes - row.gigabytes).abs() <= 0.005_001,
            "cost.md is out of date: {} adds {gigabytes:.2} GB a year",
            row.table
        );
        let kept = match row.table.as_str() {
            "cost_daily" => "for good".to_owned(),
            "resource_changes"
            | "billed_calls"
            | "log_groups_bytes"
            | "cloudwatch_metrics_points" => {
                format!("{} days", retention.history_days)
            }
            _ => format!("{} days", retention.run_days),
        };
        assert_eq!(row.kept, kept, "{}", row.table);
    }
}
