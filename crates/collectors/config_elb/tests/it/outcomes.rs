//! How a run ends, and what it leaves in the tables.

use polo_testkit::aws::{Reply, regions_page};
use polo_testkit::sql;

use crate::world::*;

/// One of each kind: `app/n/1`, `n/1` and `n`.
async fn one_of_each() -> World {
    let world = World::empty().await;
    for (version, operation, _) in LISTINGS {
        world.lists(version, operation, &[item(version, operation, "n")]);
    }
    world
}

#[tokio::test]
async fn an_account_without_load_balancers() {
    let world = World::empty().await;
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(answer["rows_written"], 0);
    assert_eq!(world.targets().await, ["us-east-1 complete"]);
    // Nothing is asked about nothing.
    assert!(world.aws.calls_of("DescribeTags").is_empty());
}

#[tokio::test]
async fn a_denied_listing_is_named_and_nothing_is_gone_whatever_the_others_said() {
    for (version, operation, _) in LISTINGS {
        let world = one_of_each().await;
        world.run("one").await;
        let before = world.ids().await;
        assert_eq!(before.len(), LISTINGS.len());

        for (other, named, _) in LISTINGS {
            world.lists(other, named, &[]);
        }
        world.answers(version, operation, denied(operation));
        let answer = world.run("two").await;
        assert_eq!(
            (answer["outcome"].as_str(), answer["error_class"].as_str()),
            (Some("failed"), Some("denied")),
            "{version} {operation}: {answer}"
        );
        assert_eq!(
            world.targets().await[1],
            format!("us-east-1 denied(denied) elasticloadbalancing:{operation}")
        );
        assert_eq!(world.ids().await, before, "{version} {operation}");
    }
}

#[tokio::test]
async fn a_region_that_is_denied_keeps_no_other_from_being_read() {
    let world = one_of_each().await;
    world.aws.on("ec2", "DescribeRegions", |_| {
        regions_page(&[
            ("eu-west-1", "opt-in-not-required"),
            ("us-east-1", "opt-in-not-required"),
        ])
    });
    world.on(V2, "DescribeTargetGroups", |call| {
        if call.region == "eu-west-1" {
            denied("DescribeTargetGroups")
        } else {
            page(
                "DescribeTargetGroups",
                "TargetGroups",
                &group("n", &[]),
                None,
            )
        }
    });
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "partial", "{answer}");
    let mut targets = world.targets().await;
    targets.sort();
    assert_eq!(
        targets,
        [
            "eu-west-1 denied(denied) elasticloadbalancing:DescribeTargetGroups",
            "us-east-1 complete"
        ]
    );
    assert_eq!(world.ids().await, ["app/n/1", "n", "n/1"]);
}

#[tokio::test]
async fn calls_are_made_with_the_accounts_credentials_in_its_region() {
    let world = one_of_each().await;
    world.run("one").await;
    for (version, operation, _) in LISTINGS {
        let calls = world.calls(version, operation);
        assert_eq!(calls.len(), 1, "{version} {operation}");
        assert_eq!(
            (calls[0].account_id(), calls[0].region.as_str()),
            (Some("123456789012"), "us-east-1")
        );
        assert!(
            calls[0]
                .uri
                .starts_with("https://elasticloadbalancing.us-east-1.amazonaws.com/"),
            "{}",
            calls[0].uri
        );
    }
}

#[tokio::test]
async fn an_account_that_may_not_use_the_service_yet() {
    let world = one_of_each().await;
    world.run("one").await;
    for (version, operation, _) in LISTINGS {
        let not_yet = Reply::error(
            403,
            "OptInRequired",
            "The AWS Access Key Id needs a subscription for the service",
        );
        world.answers(version, operation, not_yet);
    }
    let answer = world.run("two").await;
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(answer["rows_written"], 0, "{answer}");
    assert_eq!(world.targets().await[1], "us-east-1 not_enabled");
    assert_eq!(world.ids().await.len(), 3);
}

#[tokio::test]
async fn a_listing_that_is_throttled_once_is_asked_for_again() {
    for (version, operation, list) in LISTINGS {
        let world = World::empty().await;
        let one = item(version, operation, "n");
        world.throttles_once(version, operation, page(operation, list, &one, None));
        let answer = world.run("one").await;
        assert_eq!(answer["outcome"], "complete", "{operation}: {answer}");
        assert_eq!(world.ids().await, [id(version, operation, "n")]);
    }
}

#[tokio::test]
async fn a_listing_that_stays_throttled_is_retried_by_lambda() {
    for (version, operation, _) in LISTINGS {
        let world = one_of_each().await;
        world.answers(version, operation, throttling());
        let error = world.try_run("one").await.unwrap_err();
        assert_eq!(error.error_type(), "RunFailed", "{version} {operation}");
        world.lists(version, operation, &[item(version, operation, "n")]);
        let answer = world.run("one").await;
        assert_eq!(
            (answer["outcome"].as_str(), answer["attempt"].as_u64()),
            (Some("complete"), Some(2)),
            "{version} {operation}"
        );
        assert_eq!(world.ids().await, ["app/n/1", "n", "n/1"]);
    }
}

#[tokio::test]
async fn changes_are_history_and_what_vanishes_is_gone() {
    let world = one_of_each().await;
    world.run("one").await;
    world.lists(V2, "DescribeTargetGroups", &[]);
    let internal = "<member><LoadBalancerName>n</LoadBalancerName><Instances/><Scheme>internal</Scheme></member>";
    world.lists(CLASSIC, "DescribeLoadBalancers", &[internal.to_owned()]);
    world.run("two").await;
    assert_eq!(
        world.changes().await,
        [
            "appeared app/n/1",
            "appeared n",
            "appeared n/1",
            "changed n",
            "gone n/1"
        ]
    );
    assert_eq!(world.ids().await, ["app/n/1", "n"]);
    assert_eq!(world.attributes("n").await["scheme"], "internal");
}

#[tokio::test]
async fn a_delivery_that_comes_twice_is_done_once() {
    let world = one_of_each().await;
    let first = world.run("one").await;
    let calls = world.aws.calls().len();
    let rows = sql::row_counts(&world.store).await;
    let second = world.run("one").await;
    assert_eq!(second["repeated_delivery"], true);
    assert_eq!(world.aws.calls().len(), calls);
    assert_eq!(sql::row_counts(&world.store).await, rows);
    for field in ["run_id", "outcome", "resources_seen", "rows_written"] {
        assert_eq!(first[field], second[field], "{field}");
    }
}
