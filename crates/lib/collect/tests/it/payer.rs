//! What only the account that pays can tell is asked there, once, as a target of its own; and nowhere else.

use polo_testkit::aws::{Reply, ec2_denied, ec2_page};
use polo_testkit::collector::{ACCOUNT, World};
use polo_testkit::{accounts, sql};
use serde_json::json;

use crate::till::Till;

/// A collector of payers alone.
struct Payers;

impl polo_collect::Collector for Payers {
    const ID: &'static str = "payers";
    const MANIFEST: &'static str = r#"{
        "id": "payers", "description": "nothing", "schedule": "daily", "scope": "payer", "period_hours": 24,
        "freshness_hours": 36, "memory_mb": 128, "timeout_s": 900, "read_actions": ["ce:GetCostAndUsage"], "tables": ["t"]
    }"#;

    fn new() -> Self {
        Self
    }

    async fn collect(
        &self,
        _: &polo_collect::Target,
        _: &mut polo_collect::Sink<'_>,
    ) -> Result<(), polo_collect::CollectError> {
        Ok(())
    }
}

pub(crate) fn volumes(ids: &[&str]) -> Reply {
    let items: String = ids
        .iter()
        .map(|id| format!("<item><volumeId>{id}</volumeId></item>"))
        .collect();
    ec2_page("DescribeVolumes", "volumeSet", &items, None)
}

pub(crate) fn snapshots(ids: &[&str], next: Option<&str>) -> Reply {
    let items: String = ids
        .iter()
        .map(|id| format!("<item><snapshotId>{id}</snapshotId></item>"))
        .collect();
    ec2_page("DescribeSnapshots", "snapshotSet", &items, next)
}

/// An account with a volume and a billed page, which pays for itself.
pub(crate) async fn till() -> World<Till> {
    let world = World::<Till>::new().await;
    fill(&world);
    world
}

fn fill(world: &World<Till>) {
    world.answers("ec2", "DescribeVolumes", volumes(&["vol-1"]));
    world.answers("ec2", "DescribeSnapshots", snapshots(&["snap-1"], None));
    world.answers(
        "ec2",
        "DescribeAddresses",
        ec2_page("DescribeAddresses", "addressesSet", "", None),
    );
}

#[tokio::test]
async fn the_payer_has_a_target_for_itself_and_one_for_all_that_it_pays_for() {
    let world = till().await;
    assert_eq!(world.run("one").await["outcome"], "complete");
    assert_eq!(world.targets().await, ["global complete", "payer complete"]);
    assert_eq!(world.ids().await, ["snap-1", "vol-1"]);
}

#[tokio::test]
async fn an_account_that_another_one_pays_for_is_asked_for_its_own_alone() {
    let world = till().await;
    sql::execute(&world.store, "TRUNCATE TABLE account_payers").await;
    accounts::pays_for(&world.store, "999999999999", ACCOUNT).await;
    assert_eq!(world.run("one").await["outcome"], "complete");
    assert_eq!(world.targets().await, ["global complete"]);
    assert!(world.aws.calls_of("DescribeSnapshots").is_empty());
}

#[tokio::test]
async fn trouble_at_the_payer_leaves_the_accounts_own_alone_and_the_other_way_round() {
    for (operation, targets) in [
        (
            "DescribeSnapshots",
            [
                "global complete",
                "payer denied(denied) ec2:DescribeSnapshots",
            ],
        ),
        (
            "DescribeVolumes",
            [
                "global denied(denied) ec2:DescribeVolumes",
                "payer complete",
            ],
        ),
    ] {
        let world = till().await;
        let denied = ec2_denied(
            &format!("ec2:{operation}"),
            "no identity-based policy allows it",
        );
        world.answers("ec2", operation, denied);
        assert_eq!(world.run("one").await["outcome"], "partial");
        assert_eq!(world.targets().await, targets);
    }
}

#[tokio::test]
async fn a_collector_of_payers_refuses_another_account_by_hand_and_skips_it_in_a_sweep() {
    let world = World::<Payers>::new().await;
    assert_eq!(world.run("one").await["outcome"], "complete");
    assert_eq!(world.targets().await, ["payer complete"]);

    sql::execute(&world.store, "TRUNCATE TABLE account_payers").await;
    let before = sql::row_counts(&world.store).await;
    let error = world.try_run("two").await.unwrap_err();
    assert_eq!(error.error_type(), "RequestRefused");
    assert!(error.chain().contains("pays for none"), "{}", error.chain());
    assert_eq!(sql::row_counts(&world.store).await, before);

    let event = json!({
        "id": "7bf73129-1428-4cd3-a780-95db273d1602", "time": "2026-11-21T05:17:00Z",
        "source": "polo.collection-dispatcher", "detail-type": "Collect Account",
        "detail": { "account_id": ACCOUNT, "collector": "payers", "sweep_id": "0b6ab4ac-0d4b-5d43-8f30-9a9a4d3c1c4e" }
    });
    let answer = world.invoke(&event, "three").await.unwrap();
    assert_eq!(
        (answer["outcome"].as_str(), answer["reason"].as_str()),
        (Some("skipped"), Some("not_the_payer"))
    );
}

#[tokio::test]
async fn a_detail_that_is_denied_ends_the_target_as_denied_and_loses_nothing_of_the_listing() {
    let world = till().await;
    world.answers(
        "ec2",
        "DescribeVolumes",
        volumes(&["vol-1", "vol-2", "vol-3"]),
    );
    world.run("one").await;

    world.answers("ec2", "DescribeVolumes", volumes(&["vol-2", "vol-3"]));
    world.answers(
        "ec2",
        "DescribeAddresses",
        ec2_denied("ec2:DescribeAddresses", "a policy denies it"),
    );
    let answer = world.run("two").await;
    assert_eq!(answer["outcome"], "partial", "{answer}");
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("one of 2 details"),
        "{answer}"
    );
    assert_eq!(
        world.targets().await[2..],
        [
            "global denied(denied) ec2:DescribeAddresses",
            "payer complete"
        ]
    );
    // The listing was whole: what it does not show is gone.
    assert_eq!(world.ids().await, ["snap-1", "vol-2", "vol-3"]);
}

#[tokio::test]
async fn a_detail_of_a_service_that_is_not_ready_does_not_make_the_target_conclusive() {
    let world = till().await;
    let not_ready = Reply::error(
        400,
        "OptInRequired",
        "You are not subscribed to this service.",
    );
    world.answers("ec2", "DescribeAddresses", not_ready);
    world.run("one").await;
    assert_eq!(
        world.targets().await[0],
        "global failed(not_ready) ec2:DescribeAddresses"
    );
}
