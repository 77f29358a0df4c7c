//! Rows of every kind of resource, from answers of the shape that the EC2 API reference publishes.
//!
//! Each answer also holds a resource of which AWS says next to nothing, and one without an id, which is none.

use polo_testkit::aws::Reply;

use crate::world::{answers, empty};

macro_rules! rows_of {
    ($test:ident, $operation:literal, $fixture:literal) => {
        #[tokio::test]
        async fn $test() {
            let world = empty().await;
            answers(&world, $operation,
                Reply::ok(include_str!(concat!("../fixtures/", $fixture))),
            );
            let answer = world.run("one").await;
            assert_eq!(answer["outcome"], "complete", "{answer}");
            let resources = world.resources().await;
            insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
                insta::assert_json_snapshot!(stringify!($test), resources);
            });
        }
    };
}

rows_of!(instances, "DescribeInstances", "describe_instances.xml");
rows_of!(volumes, "DescribeVolumes", "describe_volumes.xml");
rows_of!(snapshots, "DescribeSnapshots", "describe_snapshots.xml");
rows_of!(addresses, "DescribeAddresses", "describe_addresses.xml");
rows_of!(
    nat_gateways,
    "DescribeNatGateways",
    "describe_nat_gateways.xml"
);
