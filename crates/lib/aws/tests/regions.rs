//! The regions of an account.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

use polo_aws::{Backoff, config_for, list_regions};
use polo_core::ErrorClass;
use polo_testkit::aws::{FakeAws, Reply, regions_page};

#[tokio::test(start_paused = true)]
async fn all_regions_are_listed_with_their_opt_in_status() {
    let fake = FakeAws::new();
    fake.queue(
        "ec2",
        "DescribeRegions",
        [
            Reply::error(503, "RequestLimitExceeded", "Request limit exceeded."),
            regions_page(&[
                ("us-east-1", "opt-in-not-required"),
                ("af-south-1", "not-opted-in"),
                ("me-central-1", "opted-in"),
            ]),
        ],
    );
    let regions = list_regions(&fake.config(), &Backoff::default())
        .await
        .unwrap();
    let seen: Vec<(&str, &str, bool)> = regions
        .iter()
        .map(|r| (r.region.as_str(), r.opt_in_status.as_str(), r.enabled))
        .collect();
    assert_eq!(
        seen,
        [
            ("af-south-1", "not-opted-in", false),
            ("me-central-1", "opted-in", true),
            ("us-east-1", "opt-in-not-required", true),
        ]
    );
    assert!(
        fake.calls()
            .iter()
            .all(|call| call.parameter("AllRegions") == "true")
    );
}

#[tokio::test(start_paused = true)]
async fn a_denial_by_scp_and_a_disabled_region_are_told_apart() {
    let denied = "You are not authorized to perform this operation. User: x is not authorized to perform: \
                  ec2:DescribeRegions with an explicit deny in a service control policy";
    let refused = "AWS was not able to validate the provided access credentials";
    for (region, code, message, class) in [
        (
            "us-east-1",
            "UnauthorizedOperation",
            denied,
            ErrorClass::DeniedByScp,
        ),
        (
            "us-east-1",
            "AuthFailure",
            refused,
            ErrorClass::InvalidToken,
        ),
        (
            "ap-east-1",
            "AuthFailure",
            refused,
            ErrorClass::RegionDisabled,
        ),
        (
            "us-east-1",
            "OptInRequired",
            "You are not subscribed to this service.",
            ErrorClass::NotReady,
        ),
    ] {
        let fake = FakeAws::new();
        fake.on("ec2", "DescribeRegions", move |_| {
            Reply::error(403, code, message)
        });
        let base = fake.config();
        let config = config_for(&base, region, base.credentials_provider().unwrap());
        let failure = list_regions(&config, &Backoff::default())
            .await
            .unwrap_err();
        assert_eq!(failure.class, class, "{failure}");
        assert_eq!(
            (failure.action.as_str(), failure.code.as_str()),
            ("ec2:DescribeRegions", code)
        );
        assert_eq!(fake.calls().len(), 1);
        assert_eq!(fake.calls()[0].region, region);
    }
}
