"""Load balancers in an account: an application one at work, a network one whose only target is stopped, a classic one of old.

Invariant: an instance is registered while it runs and stopped afterwards, as AWS takes none that does not run.
"""

from typing import Any

from accounts import Account
from compute import Servers
from local_aws import LocalAws
from metrics import Metrics


def fill(aws: LocalAws, account_id: str, account: Account, region: str, servers: Servers, metrics: Metrics) -> None:
    """Create a region's load balancers and target groups."""
    elbv2, elb = aws.client("elbv2", account_id, region), aws.client("elb", account_id, region)
    tags = [{"Key": "service", "Value": account.service}]
    web = _balancer(elbv2, "web", "application", ("HTTP", 80), servers, servers.running, tags)
    events = _balancer(elbv2, "events", "network", ("TCP", 9092), servers, [servers.spare], tags)
    elbv2.create_target_group(Name="left-over", Protocol="HTTP", Port=8080, VpcId=servers.vpc_id, TargetType="instance")
    elb.create_load_balancer(
        LoadBalancerName="legacy", Subnets=servers.subnet_ids, Tags=tags,
        Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}],
    )  # fmt: skip
    elb.register_instances_with_load_balancer(LoadBalancerName="legacy", Instances=[{"InstanceId": servers.spare}])
    for namespace, name, dimensions, value in (
        ("AWS/ApplicationELB", "RequestCount", {"LoadBalancer": web}, 5400),
        ("AWS/NetworkELB", "ProcessedBytes", {"LoadBalancer": events}, 0),
        ("AWS/NetworkELB", "NewFlowCount", {"LoadBalancer": events}, 0),
        ("AWS/ELB", "RequestCount", {"LoadBalancerName": "legacy"}, 0),
    ):
        metrics.add(region, namespace, name, dimensions, value, unit="Bytes" if "Bytes" in name else "Count", every_s=60)


def count(aws: LocalAws, account_id: str, region: str) -> dict[str, int]:
    """How many there are; both generations are load balancers."""
    elbv2, elb = aws.client("elbv2", account_id, region), aws.client("elb", account_id, region)
    counts = {"elb_load_balancer": 0, "elb_target_group": 0}
    for name, client, operation, key in (
        ("elb_load_balancer", elbv2, "describe_load_balancers", "LoadBalancers"),
        ("elb_load_balancer", elb, "describe_load_balancers", "LoadBalancerDescriptions"),
        ("elb_target_group", elbv2, "describe_target_groups", "TargetGroups"),
    ):
        counts[name] += sum(len(page[key]) for page in client.get_paginator(operation).paginate())
    return counts


def _balancer(
    elbv2: Any, name: str, kind: str, listener: tuple[str, int], servers: Servers, targets: list[str], tags: list[dict[str, str]]
) -> str:
    """A load balancer with one target group; returns what CloudWatch calls it."""
    protocol, port = listener
    arn = elbv2.create_load_balancer(Name=name, Type=kind, Subnets=servers.subnet_ids, Tags=tags)["LoadBalancers"][0]["LoadBalancerArn"]
    group = elbv2.create_target_group(
        Name=f"{name}-servers", Protocol=protocol, Port=port, VpcId=servers.vpc_id, TargetType="instance", Tags=tags
    )["TargetGroups"][0]["TargetGroupArn"]
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": instance_id} for instance_id in targets])
    elbv2.create_listener(
        LoadBalancerArn=arn, Protocol=protocol, Port=port, DefaultActions=[{"Type": "forward", "TargetGroupArn": group}]
    )
    return str(arn.split(":loadbalancer/")[1])
