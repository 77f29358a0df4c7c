//! The metrics, one table of them: what is asked about which resource. Pure.
//!
//! Invariant: a resource that is in no row is not asked about. A metric that is added here counts in no verdict of
//! the view `cloudwatch_metrics_idle` before the view says how.

use polo_store::known_resources::KnownResource;
use serde_json::Value;

/// The kinds of resources that are asked about. Where the budget ends before the resources do, what costs most for
/// doing nothing has been asked about.
pub(crate) const KINDS: [&str; 4] = [NAT_GATEWAY, LOAD_BALANCER, "ec2_instance", "ec2_volume"];

const NAT_GATEWAY: &str = "ec2_nat_gateway";
const LOAD_BALANCER: &str = "elb_load_balancer";

/// A metric of a kind of resource.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Metric {
    resource_type: &'static str,
    /// Of which resources of this kind: those in this state, of load balancers those of this type.
    only: &'static str,
    /// CloudWatch's namespace.
    pub(crate) namespace: &'static str,
    /// The dimension that holds the resource's id.
    pub(crate) dimension: &'static str,
    /// CloudWatch's name of it.
    pub(crate) name: &'static str,
    /// What is asked of the values of an hour.
    pub(crate) statistic: &'static str,
}

/// Sources: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html>,
/// <https://docs.aws.amazon.com/ebs/latest/userguide/using_cloudwatch_ebs.html>,
/// <https://docs.aws.amazon.com/vpc/latest/userguide/metrics-dimensions-nat-gateway.html>,
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html>,
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html>,
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/gateway/cloudwatch-metrics.html>,
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-cloudwatch-metrics.html>
#[rustfmt::skip]
const METRICS: [Metric; 12] = [
    metric("ec2_instance", "running", "AWS/EC2", "InstanceId", "CPUUtilization", "Average"),
    metric("ec2_instance", "running", "AWS/EC2", "InstanceId", "CPUUtilization", "Maximum"),
    metric("ec2_instance", "running", "AWS/EC2", "InstanceId", "NetworkIn", "Sum"),
    metric("ec2_instance", "running", "AWS/EC2", "InstanceId", "NetworkOut", "Sum"),
    metric("ec2_volume", "in-use", "AWS/EBS", "VolumeId", "VolumeReadOps", "Sum"),
    metric("ec2_volume", "in-use", "AWS/EBS", "VolumeId", "VolumeWriteOps", "Sum"),
    metric(NAT_GATEWAY, "available", "AWS/NATGateway", "NatGatewayId", "BytesOutToDestination", "Sum"),
    metric(NAT_GATEWAY, "available", "AWS/NATGateway", "NatGatewayId", "BytesInFromDestination", "Sum"),
    metric(LOAD_BALANCER, "application", "AWS/ApplicationELB", "LoadBalancer", "RequestCount", "Sum"),
    metric(LOAD_BALANCER, "network", "AWS/NetworkELB", "LoadBalancer", "ProcessedBytes", "Sum"),
    metric(LOAD_BALANCER, "gateway", "AWS/GatewayELB", "LoadBalancer", "ProcessedBytes", "Sum"),
    metric(LOAD_BALANCER, "classic", "AWS/ELB", "LoadBalancerName", "RequestCount", "Sum"),
];

const fn metric(
    resource_type: &'static str,
    only: &'static str,
    namespace: &'static str,
    dimension: &'static str,
    name: &'static str,
    statistic: &'static str,
) -> Metric {
    Metric {
        resource_type,
        only,
        namespace,
        dimension,
        name,
        statistic,
    }
}

/// What is asked about a resource as it is now.
pub(crate) fn of(resource: &KnownResource) -> impl Iterator<Item = &'static Metric> {
    let resource_type = resource.resource_type.clone();
    let is = if resource_type == LOAD_BALANCER {
        load_balancer_type(&resource.attributes)
    } else {
        resource.state.clone()
    };
    METRICS
        .iter()
        .filter(move |metric| metric.resource_type == resource_type && metric.only == is)
}

/// The first generation had no types.
fn load_balancer_type(attributes: &str) -> String {
    let attributes: Value = serde_json::from_str(attributes).unwrap_or_default();
    let text = |name| attributes[name].as_str().unwrap_or_default().to_owned();
    match text("generation").as_str() {
        "classic" => "classic".to_owned(),
        _ => text("load_balancer_type"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_of_a_kind_that_is_asked_about_and_stands_once() {
        for (at, metric) in METRICS.iter().enumerate() {
            assert!(KINDS.contains(&metric.resource_type), "{metric:?}");
            assert!(!METRICS[..at].contains(metric), "{metric:?} stands twice");
        }
        for kind in KINDS {
            assert!(
                METRICS.iter().any(|metric| metric.resource_type == kind),
                "{kind}"
            );
        }
    }
}
