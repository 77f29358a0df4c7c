//! What a run reads, and what the runs after it leave out.

use polo_testkit::sql;
use serde_json::json;

use crate::world::*;

#[tokio::test]
async fn the_first_run_reads_a_month_newest_days_first() {
    let world = payer(Bill::example()).await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(world.targets().await, ["payer complete"]);
    let asked = asked_from(&world, 0);
    assert_eq!(
        asked[..7],
        [
            "account_service 0-6",
            "account_service 7-13",
            "account_service 14-20",
            "account_service 21-27",
            "account_service 28-30",
            "region 0-6",
            "region 7-13",
        ]
    );
    assert_eq!(
        asked[10..14],
        [
            "account_service_region/eu-west-1 0-6",
            "account_service_region/global 0-6",
            "account_service_region/us-east-1 0-6",
            "account_service_region/eu-west-1 7-13",
        ]
    );
    assert_eq!(
        read_days(&world).await,
        [
            "account_service 31",
            "account_service_region/eu-west-1 31",
            "account_service_region/global 31",
            "account_service_region/us-east-1 31",
            "region 31"
        ]
    );
    let noted = sql::text(
        &world.store,
        "SELECT concat(toString(sum(units)), ' ', toString(sum(cost_usd))) FROM billed_calls FINAL",
    )
    .await;
    assert_eq!(noted, "25 0.25");
    assert_eq!(calls(&world), 25);
}

#[tokio::test]
async fn the_same_day_again_reads_only_what_can_change() {
    let world = payer(Bill::example()).await;
    world.run("one").await;
    let before = calls(&world);
    let answer = world.run("two").await;
    assert_eq!(answer["outcome"], "complete");
    assert_eq!(
        asked_from(&world, before),
        ["account_service 0-3", "region 0-3"]
    );
}

#[tokio::test]
async fn an_outage_heals_itself() {
    let world = payer(Bill::example()).await;
    world.run("one").await;
    days_pass(&world, 9).await;
    let before = calls(&world);
    world.run("two").await;
    assert_eq!(
        asked_from(&world, before)[..4],
        [
            "account_service 0-6",
            "account_service 7-11",
            "region 0-6",
            "region 7-11"
        ]
    );
    let days = sql::text(
        &world.store,
        "SELECT concat(toString(count()), ' ', toString(dateDiff('day', min(day), max(day)))) FROM cost_reads FINAL WHERE grouping = 'region'",
    )
    .await;
    assert_eq!(days, "40 39", "no day between is missing");
}

/// A month that is over and was an estimate when it was last read, and what the collector then does every day.
#[tokio::test]
async fn estimates_of_a_closed_month_are_read_again() {
    let world = payer(Bill {
        estimated: true,
        ..Bill::example()
    })
    .await;
    world.run("one").await;
    // Whatever today is: what is more than 31 days old lies in an earlier month.
    days_pass(&world, 38).await;
    bills(&world, Bill::example());
    let before = calls(&world);
    world.run("two").await;
    let asked = asked_from(&world, before);
    assert_eq!(
        asked[..9],
        [
            "account_service 0-6",
            "account_service 7-13",
            "account_service 14-20",
            "account_service 21-27",
            "account_service 28-30",
            "account_service 38-44",
            "account_service 45-51",
            "account_service 52-58",
            "account_service 59-61"
        ]
    );
    // They are final now.
    let before = calls(&world);
    days_pass(&world, 1).await;
    world.run("three").await;
    assert_eq!(
        asked_from(&world, before),
        ["account_service 0-3", "region 0-3"]
    );
}

#[tokio::test]
async fn every_page_is_read_and_an_empty_one_ends_nothing() {
    let world = payer(Bill::example()).await;
    world.run("one").await;
    let rows = "SELECT count() FROM cost_current";
    let expected = sql::number(&world.store, rows).await;

    let paged = payer(Bill {
        pages: 3,
        ..Bill::example()
    })
    .await;
    // The second of the three pages of each question is empty.
    let bill = Bill {
        pages: 2,
        ..Bill::example()
    };
    paged.aws.on("ce", OPERATION, move |call| {
        let mut call = call.clone();
        let page: usize = call.parameter("NextPageToken").parse().unwrap_or_default();
        if page == 1 {
            return polo_testkit::aws::Reply::json(
                json!({ "ResultsByTime": [], "NextPageToken": "2" }),
            );
        }
        if page == 2 {
            call.json["NextPageToken"] = "1".into();
        }
        bill.answer(&call)
    });
    let answer = paged.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(sql::number(&paged.store, rows).await, expected);
    assert_eq!(calls(&paged), 75);
    assert_eq!(
        asked_from(&paged, 0)[..3],
        [
            "account_service 0-6",
            "account_service 0-6 page 2",
            "account_service 0-6 page 3"
        ]
    );
}

#[tokio::test]
async fn a_payer_without_cost_is_complete_and_has_no_rows() {
    let world = payer(Bill::of(Vec::new())).await;
    let answer = world.run("one").await;
    assert_eq!(
        (
            answer["outcome"].as_str(),
            answer["resources_seen"].as_u64()
        ),
        (Some("complete"), Some(0)),
        "{answer}"
    );
    assert_eq!(
        sql::number(&world.store, "SELECT count() FROM cost_daily").await,
        0
    );
    assert_eq!(read_days(&world).await, ["account_service 31", "region 31"]);
    assert_eq!(calls(&world), 10, "no region has spend");
}

#[tokio::test]
async fn a_repeated_delivery_asks_nothing() {
    let world = payer(Bill::example()).await;
    let first = world.run("one").await;
    let before = world.aws.calls().len();
    let second = world.run("one").await;
    assert_eq!(world.aws.calls().len(), before);
    assert_eq!(second["repeated_delivery"], true);
    assert_eq!(second["run_id"], first["run_id"]);
    assert_eq!(second["outcome"], first["outcome"]);
}

/// Two payers' reads are each other's business in nothing.
#[tokio::test]
async fn what_another_payer_read_does_not_count() {
    let world = payer(Bill::example()).await;
    sql::execute(
        &world.store,
        "INSERT INTO cost_reads SELECT '999999999999', 'account_service', '', toDate(now('UTC')) - number, true, generateUUIDv4(), now64(3), 1 FROM numbers(31)",
    )
    .await;
    world.run("one").await;
    assert_eq!(
        asked_from(&world, 0)[..2],
        ["account_service 0-6", "account_service 7-13"]
    );
}
