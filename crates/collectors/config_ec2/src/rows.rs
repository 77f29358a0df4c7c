//! From EC2's words to rows. Pure.
//!
//! Invariant: a resource without an id is no resource; everything else that AWS leaves out is left out of the row too,
//! never filled with a value that looks measured.
//! The one word of ours is the lifecycle `on-demand`: AWS says it by leaving the element out.

use aws_sdk_ec2::types::{Address, Instance, NatGateway, Snapshot, Tag, Volume};
use polo_collect::attributes::{self, given};
use polo_collect::{Attributes, SeenResource, Target};
use serde_json::json;

/// An instance: what it is, since when it runs, and what it belongs to.
pub fn instance(target: &Target, instance: &Instance) -> Option<SeenResource> {
    let id = given(instance.instance_id())?;
    let attributes = Attributes::default()
        .text(
            "instance_type",
            instance.instance_type().map(|kind| kind.as_str()),
        )
        .text(
            "lifecycle",
            Some(
                instance
                    .instance_lifecycle()
                    .map_or("on-demand", |kind| kind.as_str()),
            ),
        )
        .text("platform", instance.platform_details())
        .text(
            "architecture",
            instance.architecture().map(|kind| kind.as_str()),
        )
        .text(
            "availability_zone",
            instance
                .placement()
                .and_then(|placement| placement.availability_zone()),
        )
        .text(
            "tenancy",
            instance
                .placement()
                .and_then(|placement| placement.tenancy())
                .map(|kind| kind.as_str()),
        )
        .text("vpc_id", instance.vpc_id())
        .text("image_id", instance.image_id())
        .text("state_reason", instance.state_transition_reason())
        .time("launched_at", instance.launch_time());
    Some(SeenResource {
        resource_type: "ec2_instance",
        arn: target.arn("ec2", &format!("instance/{id}")),
        state: instance
            .state()
            .and_then(|state| state.name())
            .map(|name| name.as_str().to_owned())
            .unwrap_or_default(),
        ..resource(id, instance.tags(), attributes)
    })
}

/// A volume: its size and speed, and whether anything uses it.
pub fn volume(target: &Target, volume: &Volume) -> Option<SeenResource> {
    let id = given(volume.volume_id())?;
    let attached_to: Vec<&str> = volume
        .attachments()
        .iter()
        .filter_map(|attachment| attachment.instance_id())
        .collect();
    let attributes = Attributes::default()
        .text(
            "volume_type",
            volume.volume_type().map(|kind| kind.as_str()),
        )
        .value("size_gib", volume.size())
        .value("iops", volume.iops())
        .value("throughput_mib_s", volume.throughput())
        .value("attached_to", Some(json!(attached_to)))
        .value("encrypted", volume.encrypted())
        .text("snapshot_id", volume.snapshot_id())
        .text("availability_zone", volume.availability_zone())
        .time("created_at", volume.create_time());
    Some(SeenResource {
        resource_type: "ec2_volume",
        arn: target.arn("ec2", &format!("volume/{id}")),
        state: volume
            .state()
            .map(|state| state.as_str().to_owned())
            .unwrap_or_default(),
        ..resource(id, volume.tags(), attributes)
    })
}

/// A snapshot that the account owns: how old it is and of what.
pub fn snapshot(target: &Target, snapshot: &Snapshot) -> Option<SeenResource> {
    let id = given(snapshot.snapshot_id())?;
    let attributes = Attributes::default()
        .value("volume_size_gib", snapshot.volume_size())
        .text("volume_id", snapshot.volume_id())
        .text(
            "storage_tier",
            snapshot.storage_tier().map(|tier| tier.as_str()),
        )
        .text("description", snapshot.description())
        .value("encrypted", snapshot.encrypted())
        .time("started_at", snapshot.start_time());
    Some(SeenResource {
        resource_type: "ec2_snapshot",
        arn: snapshot_arn(target, id),
        state: snapshot
            .state()
            .map(|state| state.as_str().to_owned())
            .unwrap_or_default(),
        ..resource(id, snapshot.tags(), attributes)
    })
}

/// A snapshot's ARN names no account.
///
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>
fn snapshot_arn(target: &Target, id: &str) -> String {
    let account = format!(":{}:", target.account_id());
    target
        .arn("ec2", &format!("snapshot/{id}"))
        .replacen(&account, "::", 1)
}

/// An Elastic IP address; one that is associated with nothing is paid for all the same.
pub fn address(target: &Target, address: &Address) -> Option<SeenResource> {
    // An address of EC2-Classic has no allocation, only itself.
    let id = given(address.allocation_id()).or(given(address.public_ip()))?;
    let associated =
        given(address.association_id()).is_some() || given(address.instance_id()).is_some();
    let attributes = Attributes::default()
        .text("public_ip", address.public_ip())
        .text("domain", address.domain().map(|domain| domain.as_str()))
        .text("association_id", address.association_id())
        .text("instance_id", address.instance_id())
        .text("network_interface_id", address.network_interface_id());
    Some(SeenResource {
        resource_type: "ec2_address",
        arn: target.arn("ec2", &format!("elastic-ip/{id}")),
        state: if associated { "associated" } else { "idle" }.to_owned(),
        ..resource(id, address.tags(), attributes)
    })
}

/// A NAT gateway, which costs by the hour whether anything goes through it or not.
pub fn nat_gateway(target: &Target, nat: &NatGateway) -> Option<SeenResource> {
    let id = given(nat.nat_gateway_id())?;
    let allocations: Vec<&str> = nat
        .nat_gateway_addresses()
        .iter()
        .filter_map(|address| address.allocation_id())
        .collect();
    let attributes = Attributes::default()
        .text(
            "connectivity_type",
            nat.connectivity_type().map(|kind| kind.as_str()),
        )
        .text("vpc_id", nat.vpc_id())
        .text("subnet_id", nat.subnet_id())
        .value("allocation_ids", Some(json!(allocations)))
        .time("created_at", nat.create_time());
    Some(SeenResource {
        resource_type: "ec2_nat_gateway",
        arn: target.arn("ec2", &format!("natgateway/{id}")),
        state: nat
            .state()
            .map(|state| state.as_str().to_owned())
            .unwrap_or_default(),
        ..resource(id, nat.tags(), attributes)
    })
}

/// What all kinds share.
fn resource(id: &str, tags: &[Tag], attributes: Attributes) -> SeenResource {
    let tags = attributes::tags(tags.iter().map(|tag| (tag.key(), tag.value())));
    let name = tags
        .iter()
        .find(|(key, _)| key == "Name")
        .map(|(_, value)| value.clone())
        .unwrap_or_default();
    SeenResource {
        resource_type: "",
        resource_id: id.to_owned(),
        arn: String::new(),
        name,
        state: String::new(),
        tags,
        attributes: attributes.into_value(),
    }
}
