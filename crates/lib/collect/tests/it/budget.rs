//! What AWS bills is counted before it is asked, and stops at the cap of the run and of the day.

use polo_testkit::aws::{FakeAws, Reply};
use polo_testkit::collector::World;
use polo_testkit::sql;

use crate::payer::{snapshots, till};
use crate::till::Till;

/// As many billed pages as anyone asks for.
fn endless(aws: &FakeAws) {
    let mut page = 0;
    aws.on("ec2", "DescribeSnapshots", move |_| {
        page += 1;
        snapshots(&[&format!("snap-{page}")], Some(&page.to_string()))
    });
}

async fn spent(world: &World<Till>) -> String {
    sql::text(
        &world.store,
        "SELECT concat(toString(sum(units)), ' ', toString(sum(cost_usd))) FROM billed_calls FINAL",
    )
    .await
}

#[tokio::test]
async fn what_is_asked_is_noted_with_its_price() {
    let world = till().await;
    world.run("one").await;
    assert_eq!(spent(&world).await, "1 0.01");
}

#[tokio::test]
async fn a_run_ends_partial_at_its_cap_and_keeps_what_it_read() {
    let world = till().await;
    endless(&world.aws);
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "partial", "{answer}");
    let reason = answer["reason"].as_str().unwrap();
    assert!(reason.contains("3 requests at most"), "{reason}");
    assert_eq!(
        world.targets().await,
        [
            "global complete",
            "payer failed(budget) ec2:DescribeSnapshots"
        ]
    );
    assert_eq!(world.aws.calls_of("DescribeSnapshots").len(), 3);
    assert_eq!(world.ids().await, ["snap-1", "snap-2", "snap-3", "vol-1"]);
    let shown = sql::text(&world.store, "SELECT last_scan_error FROM v_accounts").await;
    assert!(
        shown.contains("till/payer: budget: ec2:DescribeSnapshots"),
        "{shown}"
    );
}

#[tokio::test]
async fn the_day_has_a_cap_over_all_runs_and_what_it_refuses_is_not_counted() {
    let world = till().await;
    endless(&world.aws);
    world.run("one").await;
    let answer = world.run("two").await;
    assert_eq!(world.aws.calls_of("DescribeSnapshots").len(), 5);
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("may cost 0.05 USD a day"),
        "{answer}"
    );
    assert_eq!(spent(&world).await, "5 0.05");

    // A run that finds nothing left has not failed: Lambda must not try it again.
    let answer = world.run("three").await;
    assert_eq!(answer["outcome"], "partial", "{answer}");
    assert_eq!(world.aws.calls_of("DescribeSnapshots").len(), 5);
}

#[tokio::test]
async fn yesterday_is_another_day() {
    let world = till().await;
    endless(&world.aws);
    world.run("one").await;
    sql::execute(
        &world.store,
        "INSERT INTO billed_calls SELECT * REPLACE (day - 1 AS day) FROM billed_calls FINAL",
    )
    .await;
    sql::execute(
        &world.store,
        "DELETE FROM billed_calls WHERE day = toDate(now('UTC'))",
    )
    .await;
    world.run("two").await;
    assert_eq!(world.aws.calls_of("DescribeSnapshots").len(), 6);
}

#[tokio::test]
async fn the_deployment_may_set_another_cap_and_nothing_means_nothing() {
    for (cap, calls) in [("0.02", 2), ("0", 0)] {
        let world = World::<Till>::with_settings(&[("POLO_DAY_USD_AT_MOST", cap)]).await;
        endless(&world.aws);
        world.answers("ec2", "DescribeVolumes", crate::payer::volumes(&[]));
        let answer = world.run("one").await;
        assert_eq!(answer["outcome"], "partial", "{answer}");
        assert_eq!(
            world.aws.calls_of("DescribeSnapshots").len(),
            calls,
            "{cap}"
        );
    }
}

#[tokio::test]
async fn a_call_that_fails_is_paid_for_all_the_same() {
    let world = till().await;
    world.answers(
        "ec2",
        "DescribeSnapshots",
        Reply::error(400, "InvalidParameterValue", "no"),
    );
    world.run("one").await;
    assert_eq!(spent(&world).await, "1 0.01");
}
