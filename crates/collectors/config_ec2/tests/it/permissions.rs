//! The manifest's permissions are the calls that are made, no more and no fewer.

use std::collections::BTreeSet;

use config_ec2::ConfigEc2;
use polo_core::CollectorManifest;
use polo_runtime::Collector;

use crate::world::World;

#[tokio::test]
async fn the_declared_actions_are_the_calls_on_the_wire() {
    let world = World::new().await;
    assert_eq!(world.run("one").await["outcome"], "complete");
    // Each EC2 operation is authorized by the action of its own name:
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    let made: BTreeSet<String> = world
        .aws
        .calls()
        .into_iter()
        .filter(|call| call.account_id().is_some())
        .map(|call| format!("{}:{}", call.service, call.operation))
        .collect();
    let manifest = CollectorManifest::parse(ConfigEc2::ID, ConfigEc2::MANIFEST).unwrap();
    let declared: BTreeSet<String> = manifest.read_actions.into_iter().collect();
    assert_eq!(made, declared);
}
