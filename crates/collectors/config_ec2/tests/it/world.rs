//! An active account with one region in which EC2 is empty, until a test puts something there.

use config_ec2::ConfigEc2;
use polo_testkit::aws::{Reply, ec2_page};
use polo_testkit::collector;

/// The listings, each with its list's element.
pub(crate) const LISTINGS: [(&str, &str); 5] = [
    ("DescribeInstances", "reservationSet"),
    ("DescribeVolumes", "volumeSet"),
    ("DescribeSnapshots", "snapshotSet"),
    ("DescribeAddresses", "addressesSet"),
    ("DescribeNatGateways", "natGatewaySet"),
];

/// The world of a test.
pub(crate) type World = collector::World<ConfigEc2>;

/// An account in which there is nothing.
pub(crate) async fn empty() -> World {
    let world = World::new().await;
    for (operation, set) in LISTINGS {
        answers(&world, operation, ec2_page(operation, set, "", None));
    }
    world
}

/// One operation of EC2 answers with this from now on.
pub(crate) fn answers(world: &World, operation: &str, reply: Reply) {
    world.answers("ec2", operation, reply);
}

/// One operation of EC2 answers with these pages; the token of a page is its number.
pub(crate) fn answers_pages(world: &World, operation: &str, pages: Vec<Reply>) {
    world.answers_pages("ec2", operation, "NextToken", pages);
}
