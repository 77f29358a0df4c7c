"""Regions per account: which are enabled, and what calls to the others answer.

Invariant: DescribeRegions and the refusal of calls use the same list.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses.availability_zones_and_regions import AvailabilityZonesAndRegions

from aws import errors, options
from aws.api_call import ApiCall
from aws.errors import Refusal

# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
DEFAULT_REGIONS = [
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
    "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1",
    "us-east-1", "us-east-2", "us-west-1", "us-west-2",
]  # fmt: skip
OPT_IN_REGIONS = [
    "af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-7",
    "ca-west-1", "eu-central-2", "eu-south-1", "eu-south-2", "il-central-1", "me-central-1", "me-south-1", "mx-central-1",
]  # fmt: skip
# One endpoint for all regions: the region in the signature says nothing about where the account is active.
GLOBAL_SERVICES = {"iam", "organizations", "ce", "savingsplans", "account", "cloudfront", "route53", "budgets", "support"}


def enabled(account_id: str) -> list[str]:
    """The account's enabled regions."""
    if account_id in options.regions_by_account:
        return options.regions_by_account[account_id]
    return options.values["enabled_regions"] or DEFAULT_REGIONS


def refuse_if_disabled(call: ApiCall) -> Refusal | None:
    """The answer of a region that the caller's account has not enabled."""
    if call.caller is None or call.service in GLOBAL_SERVICES or call.region in enabled(call.caller.account_id):
        return None
    if call.region not in DEFAULT_REGIONS and call.region not in OPT_IN_REGIONS:
        return None  # no AWS region by that name in this partition: moto answers
    if call.service == "sts":
        return Refusal(
            403,
            "RegionDisabledException",
            f"STS is not activated in this region for account:{call.caller.account_id}. "
            "Your account administrator can activate STS in this region using the IAM Console.",
        )
    return errors.invalid_token(call.protocol)


def _describe_regions(self: Any) -> ActionResult:
    self.error_on_dryrun()
    on = enabled(self.current_account)
    wanted = self._get_param("RegionNames", [])
    everything = sorted(set(DEFAULT_REGIONS) | set(OPT_IN_REGIONS) | set(on))
    for name in wanted:
        if name not in everything:
            raise EC2ClientError("InvalidParameterValue", f"Invalid region name: '{name}'")
    # With a list of our own the regions off the list are shown as not opted in, which a default region never is on AWS.
    narrowed = on is not DEFAULT_REGIONS
    rows = []
    for name in everything:
        if name in on:
            status = "opted-in" if name in OPT_IN_REGIONS else "opt-in-not-required"
        else:
            status = "not-opted-in" if narrowed or name in OPT_IN_REGIONS else "opt-in-not-required"
        rows.append({"RegionName": name, "Endpoint": f"ec2.{name}.amazonaws.com", "OptInStatus": status})
    if not self._get_bool_param("AllRegions", False):
        rows = [row for row in rows if row["OptInStatus"] != "not-opted-in"]
    if wanted:
        rows = [row for row in rows if row["RegionName"] in wanted]
    keys = {"opt-in-status": "OptInStatus", "region-name": "RegionName", "endpoint": "Endpoint"}
    for name, accepted in self._filters_from_querystring().items():
        if name not in keys:
            raise EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid")
        rows = [row for row in rows if row[keys[name]] in accepted]
    return ActionResult({"Regions": rows})


def install() -> None:
    """Put the account's own regions in place of moto's fixed list."""
    AvailabilityZonesAndRegions.describe_regions = _describe_regions
