"""What runs in the accounts: instances, volumes, snapshots, addresses, NAT gateways, in two regions, and account aliases.

Invariant: the counts of `count` come from AWS's own answers, so what Polo collects can be compared with them; they are kept as a tag
of the account, so that reading them later makes no call into it.
"""

from typing import Any

from accounts import Account
from local_aws import LocalAws

REGIONS = ["us-east-1", "eu-central-1"]
IMAGE = "ami-0abcdef1234567890"
# Enough reservations of two that a listing of instances takes more than one page (the local AWS ends a page at 50 reservations).
LARGE_RESERVATIONS = 60


def fill(aws: LocalAws, account_id: str, account: Account) -> None:
    """Create the account's resources and alias."""
    if account.alias:
        aws.client("iam", account_id).create_account_alias(AccountAlias=f"acme-{account.name}")
    if account.size == "none":
        return
    for region in REGIONS:
        _fill_region(aws.client("ec2", account_id, region), region, account)


def _fill_region(ec2: Any, region: str, account: Account) -> None:
    zone = f"{region}a"
    tags = [{"Key": "Name", "Value": account.name}, {"Key": "service", "Value": account.name.split("-")[0]}]
    running = _instances(ec2, "m6i.large", 2, tags)
    stopped = _instances(ec2, "t3.medium", 1, tags)
    ec2.stop_instances(InstanceIds=stopped)
    terminated = _instances(ec2, "t3.micro", 1, tags)
    ec2.terminate_instances(InstanceIds=terminated)
    if account.size == "large" and region == REGIONS[0]:
        for _ in range(LARGE_RESERVATIONS):
            _instances(ec2, "t3.small", 2, tags)

    attached = _volume(ec2, zone, 100, "gp3", tags)
    ec2.attach_volume(VolumeId=attached, InstanceId=running[0], Device="/dev/sdf")
    _volume(ec2, zone, 500, "gp2", tags)  # attached to nothing: money for nothing
    ec2.create_snapshot(VolumeId=attached, Description="before the upgrade", TagSpecifications=_tagged("snapshot", tags))

    ec2.allocate_address(Domain="vpc")  # idle
    used = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=used["AllocationId"], InstanceId=running[0])
    if region == REGIONS[0]:
        subnet = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"][0]["SubnetId"]
        address = ec2.allocate_address(Domain="vpc")
        ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address["AllocationId"], TagSpecifications=_tagged("natgateway", tags))


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


def as_tag(counts: dict[str, int]) -> str:
    """The counts as a tag's value: `instances=8 volumes=10`."""
    return " ".join(f"{name}={number}" for name, number in counts.items())


def from_tag(value: str) -> dict[str, int]:
    """The counts in a tag's value."""
    return {name: int(number) for name, _, number in (part.partition("=") for part in value.split())}


def count(aws: LocalAws, account_id: str) -> dict[str, int]:
    """How many of each there are, over both regions."""
    counts = {"ec2_instance": 0, "ec2_volume": 0, "ec2_snapshot": 0, "ec2_address": 0, "ec2_nat_gateway": 0}
    for region in REGIONS:
        ec2 = aws.client("ec2", account_id, region)
        for page in ec2.get_paginator("describe_instances").paginate():
            counts["ec2_instance"] += sum(len(reservation["Instances"]) for reservation in page["Reservations"])
        for name, operation, key, more in (
            ("ec2_volume", "describe_volumes", "Volumes", {}),
            ("ec2_snapshot", "describe_snapshots", "Snapshots", {"OwnerIds": ["self"]}),
            ("ec2_nat_gateway", "describe_nat_gateways", "NatGateways", {}),
        ):
            for page in ec2.get_paginator(operation).paginate(**more):
                counts[name] += len(page[key])
        counts["ec2_address"] += len(ec2.describe_addresses()["Addresses"])
    return counts
