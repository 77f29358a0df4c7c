//! What people see: a grouping at a time, a currency at a time, and nothing that AWS no longer tells.

use polo_testkit::aws::Reply;
use polo_testkit::sql;
use serde_json::{Value, json};

use crate::world::*;

/// A query's rows as text.
async fn shown(world: &World, query: &str) -> Vec<String> {
    sql::lines(&world.store, query).await
}

#[tokio::test]
async fn each_view_tells_of_one_grouping() {
    let world = payer(Bill::example()).await;
    world.run("one").await;
    // 12.34 a day, and a cent more for each of the four lines amortized.
    let total =
        "concat(toString(count()), ' ', toString(sum(unblended)), ' ', toString(sum(amortized)))";
    for (view, expected) in [
        ("v_cost_daily", "4 12.34 12.38"),
        ("v_cost_daily_by_region", "3 12.34 12.38"),
        ("v_cost_daily_detail", "4 12.34 12.38"),
    ] {
        assert_eq!(
            shown(
                &world,
                &format!("SELECT DISTINCT total FROM (SELECT day, {total} AS total FROM {view} GROUP BY day)")
            )
            .await,
            [expected],
            "{view}"
        );
        let days = format!("SELECT uniqExact(day) FROM {view}");
        assert_eq!(sql::number(&world.store, &days).await, 31, "{view}");
    }
    let rows = world
        .rows(
            "SELECT * EXCEPT day FROM v_cost_daily_detail WHERE day = (SELECT max(day) FROM v_cost_daily_detail)
             ORDER BY account_id, service",
        )
        .await;
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_json_snapshot!("v_cost_daily_detail", rows);
    });
}

#[tokio::test]
async fn what_aws_changes_or_no_longer_tells_is_changed_or_gone() {
    let world = payer(Bill::example()).await;
    world.run("one").await;
    let mut bill = Bill::example();
    bill.lines.retain(|line| line.service != "AWS Lambda");
    bill.lines[0].unblended = 1111;
    bills(&world, bill);
    world.run("two").await;

    let by_age = "SELECT concat(toString(dateDiff('day', day, (SELECT max(day) FROM v_cost_daily)) <= 3), ' ', service, ' ', toString(any(unblended)), ' ', toString(count()))
         FROM v_cost_daily WHERE service IN ('AWS Lambda', 'Amazon Elastic Compute Cloud - Compute')
         GROUP BY dateDiff('day', day, (SELECT max(day) FROM v_cost_daily)) <= 3, service ORDER BY 1";
    assert_eq!(
        shown(&world, by_age).await,
        [
            "0 AWS Lambda 0.3 27",
            "0 Amazon Elastic Compute Cloud - Compute 10 27",
            "1 Amazon Elastic Compute Cloud - Compute 11.11 4"
        ]
    );
    // The table keeps the row; it only no longer counts.
    assert_eq!(
        sql::number(&world.store, "SELECT count() FROM cost_daily FINAL WHERE service = 'AWS Lambda' AND grouping = 'account_service'").await,
        31
    );
}

/// A region that is empty now is asked once more, because only then its old rows are known to be wrong.
#[tokio::test]
async fn a_region_without_spend_loses_its_detail() {
    let world = payer(Bill::example()).await;
    world.run("one").await;
    let mut bill = Bill::example();
    bill.lines.retain(|line| line.region != "eu-west-1");
    bills(&world, bill);
    days_pass(&world, 7).await;
    let before = calls(&world);
    world.run("two").await;
    assert!(
        asked_from(&world, before).contains(&"account_service_region/eu-west-1 7-9".to_owned())
    );
    let days = "SELECT concat(toString(count()), ' ', toString(min(dateDiff('day', day, toDate(now('UTC')))))) FROM v_cost_daily_detail WHERE region = 'eu-west-1'";
    assert_eq!(
        shown(&world, days).await,
        ["28 10"],
        "what was settled stays, the rest is gone"
    );
}

/// While a range is being read again its old rows stand, until the new ones are whole.
#[tokio::test]
async fn a_read_that_breaks_off_takes_nothing_away() {
    let world = payer(Bill::example()).await;
    world.run("one").await;
    let count = "SELECT count() FROM v_cost_daily";
    let before = sql::number(&world.store, count).await;
    let bill = Bill {
        pages: 2,
        ..Bill::example()
    };
    world.aws.on("ce", OPERATION, move |call| {
        if Question::of(call).page == 1 {
            return Reply::error(400, "AccessDeniedException", "not any more");
        }
        bill.answer(call)
    });
    assert_eq!(world.run("two").await["outcome"], "failed");
    assert_eq!(sql::number(&world.store, count).await, before);
}

/// Rows of a run of days, as if they had been read to their end by a payer.
async fn billed(world: &World, payer: &str, account: &str, currency: &str, usd: &str, days: u32) {
    sql::execute(
        &world.store,
        &format!(
            "INSERT INTO cost_daily SELECT '{payer}', 'account_service', toDate(now('UTC')) - number, '{account}', 'AWS Lambda', '',
                 '{currency}', '{usd}', '{usd}', true, generateUUIDv4(), now64(3), 5 FROM numbers({days})"
        ),
    )
    .await;
    sql::execute(
        &world.store,
        &format!(
            "INSERT INTO cost_reads SELECT '{payer}', 'account_service', '', toDate(now('UTC')) - number, true, generateUUIDv4(),
                 now64(3), 5 FROM numbers({days})"
        ),
    )
    .await;
}

async fn by_account(world: &World) -> Vec<Value> {
    world
        .rows("SELECT * FROM v_cost_by_account ORDER BY account_id, currency")
        .await
}

#[tokio::test]
async fn accounts_are_summed_by_period_and_currency() {
    let world = World::new().await;
    world
        .store
        .copy_account(&ACCOUNT.parse().unwrap())
        .await
        .unwrap();
    billed(&world, ACCOUNT, ACCOUNT, "USD", "1.000000000000000001", 65).await;
    billed(&world, ACCOUNT, ACCOUNT, "EUR", "-2", 65).await;
    billed(&world, ACCOUNT, "210987654321", "USD", "3", 2).await;

    let rows = by_account(&world).await;
    let texts = |row: &Value, names: &[&str]| -> Vec<String> {
        names
            .iter()
            .map(|name| row[*name].as_str().unwrap_or("?").to_owned())
            .collect()
    };
    let names = [
        "account_id",
        "account_name",
        "polo_status",
        "currency",
        "last_7_days",
        "last_30_days",
        "amortized_last_7_days",
    ];
    assert_eq!(
        rows.iter()
            .map(|row| texts(row, &names))
            .collect::<Vec<_>>(),
        [
            [
                ACCOUNT,
                &format!("account {ACCOUNT}"),
                "active",
                "EUR",
                "-14",
                "-60",
                "-14"
            ],
            [
                ACCOUNT,
                &format!("account {ACCOUNT}"),
                "active",
                "USD",
                "7.000000000000000007",
                "30.00000000000000003",
                "7.000000000000000007"
            ],
            // On the bill, but not among the accounts that Polo knows.
            ["210987654321", "", "", "USD", "3", "3", "3"],
        ]
    );
    let days = |name: &str| -> i64 { rows[0][name].as_str().unwrap().parse::<i64>().unwrap() / -2 };
    let engine = sql::text(
        &world.store,
        "SELECT concat(toString(toDayOfMonth(now('UTC'))), ' ', toString(toDayOfMonth(toStartOfMonth(toDate(now('UTC'))) - 1)))",
    )
    .await;
    assert_eq!(
        format!("{} {}", days("month_to_date"), days("previous_month")),
        engine
    );
    assert_eq!(rows[0]["estimated"], true);
}

/// A sum over fewer days than its period has would look as if it were measured.
#[tokio::test]
async fn a_period_that_was_not_read_to_its_end_has_no_sum() {
    let world = World::new().await;
    billed(&world, ACCOUNT, ACCOUNT, "USD", "1", 9).await;
    let rows = by_account(&world).await;
    assert_eq!(rows[0]["last_7_days"], "7");
    assert_eq!(rows[0]["last_30_days"], Value::Null);
    assert_eq!(rows[0]["previous_month"], Value::Null);

    // One day of the last seven was never read.
    sql::execute(
        &world.store,
        "ALTER TABLE cost_reads DELETE WHERE day = toDate(now('UTC')) - 4 SETTINGS mutations_sync = 1",
    )
    .await;
    let rows = by_account(&world).await;
    assert_eq!(rows[0]["last_7_days"], Value::Null);

    // A day of another payer is none of this one's.
    billed(&world, "999999999999", "210987654321", "USD", "1", 9).await;
    let rows = by_account(&world).await;
    assert_eq!(
        rows.iter()
            .map(|row| row["last_7_days"].clone())
            .collect::<Vec<_>>(),
        [Value::Null, json!("7")]
    );
}

#[tokio::test]
async fn without_a_bill_the_views_are_empty() {
    let world = World::new().await;
    for view in [
        "cost_current",
        "v_cost_daily",
        "v_cost_daily_by_region",
        "v_cost_daily_detail",
        "v_cost_by_account",
    ] {
        assert_eq!(
            sql::number(&world.store, &format!("SELECT count() FROM {view}")).await,
            0,
            "{view}"
        );
    }
}
