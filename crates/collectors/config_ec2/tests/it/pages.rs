//! Every listing to its last page, and none that ends short taken for a whole one.

use polo_testkit::aws::{Reply, ec2_denied, ec2_page};

use crate::world::{LISTINGS, answers, answers_pages, empty};

/// An item of a listing with this id.
fn item(operation: &str, id: &str) -> String {
    let one = |element: &str| format!("<item><{element}>{id}</{element}></item>");
    match operation {
        "DescribeInstances" => format!(
            "<item><instancesSet>{}</instancesSet></item>",
            one("instanceId")
        ),
        "DescribeVolumes" => one("volumeId"),
        "DescribeSnapshots" => one("snapshotId"),
        "DescribeAddresses" => one("allocationId"),
        _ => one("natGatewayId"),
    }
}

/// DescribeAddresses has no pages.
fn paginated() -> impl Iterator<Item = (&'static str, &'static str)> {
    LISTINGS
        .into_iter()
        .filter(|(operation, _)| *operation != "DescribeAddresses")
}

#[tokio::test]
async fn every_page_is_read_and_an_empty_one_ends_nothing() {
    for (operation, set) in paginated() {
        let world = empty().await;
        let page = |ids: &[&str], next: Option<&str>| {
            let items: String = ids.iter().map(|id| item(operation, id)).collect();
            ec2_page(operation, set, &items, next)
        };
        answers_pages(
            &world,
            operation,
            vec![
                page(&["id-1", "id-2"], Some("1")),
                page(&[], Some("2")),
                page(&["id-3"], Some("3")),
                page(&[], None),
            ],
        );
        let answer = world.run("one").await;
        assert_eq!(answer["outcome"], "complete", "{operation}: {answer}");
        assert_eq!(world.ids().await, ["id-1", "id-2", "id-3"], "{operation}");
        assert_eq!(answer["resources_seen"], 3, "{operation}");
        assert_eq!(world.aws.calls_of(operation).len(), 4, "{operation}");
    }
}

/// The SDK's paginators end without a word at such a token; what lies behind it would then count as gone.
#[tokio::test]
async fn a_listing_that_names_the_same_page_twice_is_not_a_whole_one() {
    for (operation, set) in paginated() {
        let world = empty().await;
        let page =
            |id: &str, next: Option<&str>| ec2_page(operation, set, &item(operation, id), next);
        answers_pages(
            &world,
            operation,
            vec![page("id-1", Some("1")), page("id-2", None)],
        );
        world.run("one").await;

        answers_pages(
            &world,
            operation,
            vec![page("id-1", Some("1")), page("id-1", Some("1"))],
        );
        let answer = world.run("two").await;
        assert_eq!(
            (answer["outcome"].as_str(), answer["error_class"].as_str()),
            (Some("failed"), Some("bug")),
            "{operation}: {answer}"
        );
        assert!(
            answer["reason"].as_str().unwrap().contains(operation),
            "{operation}: {answer}"
        );
        assert_eq!(world.ids().await, ["id-1", "id-2"], "{operation}");
    }
}

#[tokio::test]
async fn a_denied_call_is_named_and_nothing_is_gone_whatever_the_other_calls_said() {
    for (operation, set) in LISTINGS {
        let world = empty().await;
        for (other, other_set) in LISTINGS {
            answers(
                &world,
                other,
                ec2_page(other, other_set, &item(other, &format!("id-{other}")), None),
            );
        }
        world.run("one").await;
        let before = world.ids().await;
        assert_eq!(before.len(), LISTINGS.len());

        for (other, other_set) in LISTINGS {
            answers(&world, other, ec2_page(other, other_set, "", None));
        }
        let action = format!("ec2:{operation}");
        answers(
            &world,
            operation,
            ec2_denied(&action, "no identity-based policy allows the action"),
        );
        let answer = world.run("two").await;
        assert_eq!(
            (answer["outcome"].as_str(), answer["error_class"].as_str()),
            (Some("failed"), Some("denied")),
            "{set}: {answer}"
        );
        assert!(
            answer["reason"].as_str().unwrap().contains(&action),
            "{answer}"
        );
        assert_eq!(world.ids().await, before, "{operation}");
    }
}

#[tokio::test]
async fn only_the_accounts_own_snapshots_are_asked_for() {
    let world = empty().await;
    world.run("one").await;
    let calls = world.aws.calls_of("DescribeSnapshots");
    assert_eq!(calls[0].parameter("Owner.1"), "self");
}

#[tokio::test]
async fn calls_are_made_with_the_accounts_credentials_in_its_region() {
    let world = empty().await;
    world.run("one").await;
    for (operation, _) in LISTINGS {
        let calls = world.aws.calls_of(operation);
        assert_eq!(calls.len(), 1, "{operation}");
        assert_eq!(
            (calls[0].account_id(), calls[0].region.as_str()),
            (Some("123456789012"), "us-east-1"),
            "{operation}"
        );
        assert!(
            calls[0].uri.contains("ec2.us-east-1.amazonaws.com"),
            "{}",
            calls[0].uri
        );
    }
}

#[tokio::test]
async fn a_second_page_that_is_throttled_once_is_asked_for_again() {
    let world = empty().await;
    let mut throttled_once = false;
    world.aws.on("ec2", "DescribeVolumes", move |call| {
        let second = call.parameter("NextToken") == "1";
        if second && !std::mem::replace(&mut throttled_once, true) {
            return Reply::error(503, "RequestLimitExceeded", "Request limit exceeded.");
        }
        let (id, next) = if second {
            ("vol-2", None)
        } else {
            ("vol-1", Some("1"))
        };
        ec2_page(
            "DescribeVolumes",
            "volumeSet",
            &item("DescribeVolumes", id),
            next,
        )
    });
    let answer = world.run("one").await;
    assert_eq!(answer["outcome"], "complete");
    assert_eq!(world.ids().await, ["vol-1", "vol-2"]);
}
