//! Application, network and gateway load balancers, and target groups.

use aws_sdk_elasticloadbalancingv2::types::{LoadBalancer, Tag, TargetGroup};
use polo_collect::attributes::{self, given};
use polo_collect::{Attributes, SeenResource};

use super::{Tags, resource, with_health};
use crate::health::{Behind, Health};

const HEALTHY: &str = "healthy";
const LOAD_BALANCER: &str = "loadbalancer/";
const TARGET_GROUP: &str = "targetgroup/";

/// A load balancer: what it is, since when it is paid for, and how much of what is behind it can answer.
pub(crate) fn load_balancer(
    balancer: &LoadBalancer,
    behind: &Behind,
    tags: Option<&Tags>,
    unread: &[&'static str],
) -> Option<SeenResource> {
    let (arn, id) = arn_and_id(balancer.load_balancer_arn(), LOAD_BALANCER)?;
    let attributes = Attributes::default()
        .text("generation", Some("v2"))
        .text(
            "load_balancer_type",
            balancer.r#type().map(|kind| kind.as_str()),
        )
        .text("scheme", balancer.scheme().map(|scheme| scheme.as_str()))
        .text("vpc_id", balancer.vpc_id())
        .text("dns_name", balancer.dns_name())
        .sorted(
            "availability_zones",
            balancer
                .availability_zones
                .as_ref()
                .map(|zones| zones.iter().filter_map(|zone| zone.zone_name())),
        )
        .time("created_at", balancer.created_time())
        .value("target_groups", Some(behind.target_groups));
    let attributes = with_health(attributes, behind.health.as_ref(), HEALTHY).unreadable(unread);
    Some(SeenResource {
        arn: arn.to_owned(),
        state: balancer
            .state()
            .and_then(|state| state.code())
            .map(|code| code.as_str().to_owned())
            .unwrap_or_default(),
        ..resource(
            "elb_load_balancer",
            id,
            balancer.load_balancer_name(),
            tags,
            attributes,
        )
    })
}

/// A target group: what it takes, whose it is, and the states of its targets. A group of Lambda functions has neither
/// protocol nor port.
pub(crate) fn target_group(
    group: &TargetGroup,
    health: Option<&Health>,
    tags: Option<&Tags>,
    unread: &[&'static str],
) -> Option<SeenResource> {
    let (arn, id) = arn_and_id(group.target_group_arn(), TARGET_GROUP)?;
    let attributes = Attributes::default()
        .text(
            "protocol",
            group.protocol().map(|protocol| protocol.as_str()),
        )
        .value("port", group.port())
        .text("target_type", group.target_type().map(|kind| kind.as_str()))
        .text("vpc_id", group.vpc_id())
        .sorted(
            "load_balancer_arns",
            group
                .load_balancer_arns
                .as_ref()
                .map(|arns| arns.iter().map(String::as_str)),
        );
    let attributes = with_health(attributes, health, HEALTHY).unreadable(unread);
    Some(SeenResource {
        arn: arn.to_owned(),
        ..resource(
            "elb_target_group",
            id,
            group.target_group_name(),
            tags,
            attributes,
        )
    })
}

/// AWS's tags, as they are stored.
pub(crate) fn tags(tags: &[Tag]) -> Tags {
    attributes::tags(tags.iter().map(|tag| (tag.key(), tag.value())))
}

/// The ARN of a load balancer, if it has one that names a load balancer.
pub(crate) fn load_balancer_arn(balancer: &LoadBalancer) -> Option<&str> {
    arn_and_id(balancer.load_balancer_arn(), LOAD_BALANCER).map(|(arn, _)| arn)
}

/// The ARN of a target group, if it has one that names a target group.
pub(crate) fn target_group_arn(group: &TargetGroup) -> Option<&str> {
    arn_and_id(group.target_group_arn(), TARGET_GROUP).map(|(arn, _)| arn)
}

/// An ARN with the id in it: `app/my-load-balancer/50dc6c495c0c9188`, `my-targets/73e2d6bc24d8a067`.
///
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_elasticloadbalancingv2.html>
fn arn_and_id<'a>(arn: Option<&'a str>, kind: &str) -> Option<(&'a str, &'a str)> {
    let arn = given(arn)?;
    let resource = arn.splitn(6, ':').nth(5)?;
    Some((arn, given(resource.strip_prefix(kind))?))
}
