//! Classic load balancers.

use aws_sdk_elasticloadbalancing::types::{LoadBalancerDescription, Tag};
use polo_collect::attributes::{self, given};
use polo_collect::{Attributes, SeenResource, Target};

use super::{Tags, resource, with_health};
use crate::health::Health;

/// A classic load balancer. Its targets are its instances; AWS gives it no state.
pub(crate) fn load_balancer(
    target: &Target,
    balancer: &LoadBalancerDescription,
    health: Option<&Health>,
    tags: Option<&Tags>,
    unread: &[&'static str],
) -> Option<SeenResource> {
    let name = name(balancer)?;
    let attributes = Attributes::default()
        .text("generation", Some("classic"))
        .text("load_balancer_type", Some("classic"))
        .text("scheme", balancer.scheme())
        .text("vpc_id", balancer.vpc_id())
        .text("dns_name", balancer.dns_name())
        .sorted(
            "availability_zones",
            balancer
                .availability_zones
                .as_ref()
                .map(|zones| zones.iter().map(String::as_str)),
        )
        .time("created_at", balancer.created_time());
    let attributes = with_health(attributes, health, "InService").unreadable(unread);
    Some(SeenResource {
        arn: target.arn("elasticloadbalancing", &format!("loadbalancer/{name}")),
        ..resource("elb_load_balancer", name, Some(name), tags, attributes)
    })
}

/// The name, which is the id.
pub(crate) fn name(balancer: &LoadBalancerDescription) -> Option<&str> {
    given(balancer.load_balancer_name())
}

/// AWS's tags, as they are stored.
pub(crate) fn tags(tags: &[Tag]) -> Tags {
    attributes::tags(tags.iter().map(|tag| (Some(tag.key()), tag.value())))
}
