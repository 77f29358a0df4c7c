"""EC2 in an account: instances, volumes, snapshots, addresses, NAT gateways, in two regions, and what CloudWatch saw of them.

Invariant: of each kind one is in use and one is not: an idle instance, a volume attached to nothing, one that nobody reads or writes, an
idle address, a NAT gateway without traffic.
"""

from dataclasses import dataclass
from typing import Any

from accounts import REGIONS, Account
from local_aws import LocalAws
from metrics import Metrics

IMAGE = "ami-0abcdef1234567890"
# Enough reservations of two that a listing of instances takes more than one page (the local AWS ends a page at 50 reservations).
LARGE_RESERVATIONS = 60
_COUNTED = (
    ("ec2_volume", "describe_volumes", "Volumes", {}),
    ("ec2_snapshot", "describe_snapshots", "Snapshots", {"OwnerIds": ["self"]}),
    ("ec2_nat_gateway", "describe_nat_gateways", "NatGateways", {}),
)


@dataclass(frozen=True)
class Servers:
    """What load balancers stand in front of."""

    vpc_id: str
    subnet_ids: list[str]
    running: list[str]
    spare: str


def fill(aws: LocalAws, account_id: str, account: Account, region: str, metrics: Metrics) -> Servers:
    """Create a region's resources; the spare instance is stopped later, when whoever needs it running has had it."""
    ec2 = aws.client("ec2", account_id, region)
    tags = [{"Key": "Name", "Value": account.name}, {"Key": "service", "Value": account.service}]
    running = _instances(ec2, "m6i.large", 2, tags)
    (spare,) = _instances(ec2, "t3.medium", 1, tags)
    terminated = _instances(ec2, "t3.micro", 1, tags)
    ec2.terminate_instances(InstanceIds=terminated)
    if account.size == "large" and region == REGIONS[0]:
        for _ in range(LARGE_RESERVATIONS):
            _instances(ec2, "t3.small", 2, tags)

    subnets = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    zone = subnets[0]["AvailabilityZone"]
    used, untouched = (_volume(ec2, zone, size, "gp3", tags) for size in (100, 200))
    for volume_id, instance_id in zip((used, untouched), running, strict=True):
        ec2.attach_volume(VolumeId=volume_id, InstanceId=instance_id, Device="/dev/sdf")
    _volume(ec2, zone, 500, "gp2", tags)  # attached to nothing: money for nothing
    ec2.create_snapshot(VolumeId=used, Description="before the upgrade", TagSpecifications=_tagged("snapshot", tags))

    ec2.allocate_address(Domain="vpc")  # idle
    address = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=running[0])
    if region == REGIONS[0]:
        address = ec2.allocate_address(Domain="vpc")
        gateway = ec2.create_nat_gateway(
            SubnetId=subnets[0]["SubnetId"], AllocationId=address["AllocationId"], TagSpecifications=_tagged("natgateway", tags)
        )["NatGateway"]["NatGatewayId"]
        for name in ("BytesOutToDestination", "BytesInFromSource", "BytesOutToSource", "BytesInFromDestination"):
            metrics.add(region, "AWS/NATGateway", name, {"NatGatewayId": gateway}, 0, unit="Bytes", every_s=60)
        metrics.add(region, "AWS/NATGateway", "ActiveConnectionCount", {"NatGatewayId": gateway}, 0, unit="Count", every_s=60)
    _observe(metrics, region, busy=running[0], idle=running[1], used=used, untouched=untouched)
    return Servers(subnets[0]["VpcId"], [subnet["SubnetId"] for subnet in subnets[:2]], running, spare)


def stop_spare(aws: LocalAws, account_id: str, region: str, servers: Servers) -> None:
    """Stop the spare instance."""
    aws.client("ec2", account_id, region).stop_instances(InstanceIds=[servers.spare])


def count(aws: LocalAws, account_id: str, region: str) -> dict[str, int]:
    """How many of each there are."""
    ec2 = aws.client("ec2", account_id, region)
    counts = {"ec2_instance": 0, "ec2_volume": 0, "ec2_snapshot": 0, "ec2_address": 0, "ec2_nat_gateway": 0}
    for page in ec2.get_paginator("describe_instances").paginate():
        counts["ec2_instance"] += sum(len(reservation["Instances"]) for reservation in page["Reservations"])
    for name, operation, key, more in _COUNTED:
        for page in ec2.get_paginator(operation).paginate(**more):
            counts[name] += len(page[key])
    counts["ec2_address"] += len(ec2.describe_addresses()["Addresses"])
    return counts


def _observe(metrics: Metrics, region: str, busy: str, idle: str, used: str, untouched: str) -> None:
    for instance_id, percent, swing, traffic in ((busy, 45, 20, 40_000_000), (idle, 0.8, 0.3, 20_000)):
        dimensions = {"InstanceId": instance_id}
        metrics.add(region, "AWS/EC2", "CPUUtilization", dimensions, percent, swing, "Percent")
        for name in ("NetworkIn", "NetworkOut"):
            metrics.add(region, "AWS/EC2", name, dimensions, traffic, unit="Bytes")
    for volume_id, operations in ((used, 1200), (untouched, 0)):
        for name, unit, each in (
            ("VolumeReadOps", "Count", 1), ("VolumeWriteOps", "Count", 1), ("VolumeReadBytes", "Bytes", 16_384),
            ("VolumeWriteBytes", "Bytes", 16_384),
        ):  # fmt: skip
            metrics.add(region, "AWS/EBS", name, {"VolumeId": volume_id}, operations * each, unit=unit)


def _instances(ec2: Any, instance_type: str, count: int, tags: list[dict[str, str]]) -> list[str]:
    answer = ec2.run_instances(
        ImageId=IMAGE, InstanceType=instance_type, MinCount=count, MaxCount=count, TagSpecifications=_tagged("instance", tags)
    )
    return [instance["InstanceId"] for instance in answer["Instances"]]


def _volume(ec2: Any, zone: str, size: int, volume_type: str, tags: list[dict[str, str]]) -> str:
    answer = ec2.create_volume(
        AvailabilityZone=zone, Size=size, VolumeType=volume_type, TagSpecifications=_tagged("volume", tags)
    )
    return str(answer["VolumeId"])


def _tagged(resource_type: str, tags: list[dict[str, str]]) -> list[dict[str, Any]]:
    return [{"ResourceType": resource_type, "Tags": tags}]
