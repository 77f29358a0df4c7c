"""Pages for the ec2 listings that moto answers in one piece.

Invariant: following NextToken to its end yields every entry once, and no page is longer than asked for or than the option
`ec2_page_limit` (AWS too may return fewer than asked for).
"""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses.elastic_block_store import ElasticBlockStore
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.nat_gateways import NatGateways

from aws import options, pages


def _paged(describe: Callable[[Any], ActionResult], key: str, smallest: int) -> Callable[[Any], ActionResult]:
    def paged(self: Any) -> ActionResult:
        token = self._get_param("NextToken")
        asked = self._get_param("MaxResults")
        if asked is not None and not smallest <= int(asked) <= 1000:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Value ( {asked} ) for parameter maxResults is invalid. Expecting a value between {smallest} and 1000.",
            )
        rows = list(describe(self).result[key])  # type: ignore[index]
        try:
            page, following = pages.cut(key, rows, token, min(int(asked or 1000), options.values["ec2_page_limit"]))
        except pages.BadToken:
            raise EC2ClientError("InvalidNextToken", "The token provided in the request is invalid.") from None
        return ActionResult({key: page, "NextToken": following})

    return paged


def _reservations(self: Any) -> ActionResult:
    instance_ids = self._get_param("InstanceIds", [])
    filters = self._filters_from_querystring()
    if instance_ids and self._get_param("MaxResults") is not None:
        raise EC2ClientError(
            "InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults"
        )
    self.error_on_dryrun()
    if instance_ids:
        return ActionResult({"Reservations": self.ec2_backend.get_reservations_by_instance_ids(instance_ids, filters=filters)})
    return ActionResult({"Reservations": self.ec2_backend.describe_instances(filters=filters)})


def install() -> None:
    """Give the listings their pages."""
    InstanceResponse.describe_instances = _paged(_reservations, "Reservations", 5)
    ElasticBlockStore.describe_volumes = _paged(ElasticBlockStore.describe_volumes, "Volumes", 5)
    ElasticBlockStore.describe_snapshots = _paged(ElasticBlockStore.describe_snapshots, "Snapshots", 5)
    NatGateways.describe_nat_gateways = _paged(NatGateways.describe_nat_gateways, "NatGateways", 5)
