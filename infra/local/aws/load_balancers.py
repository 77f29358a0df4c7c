"""Elastic Load Balancing, both generations: pages, limits, ARNs by type, why a target or an instance is not in service.

Invariant: following Marker to its end yields every entry once
(https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html).
"""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.elb.responses import ELBResponse
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeLoadBalancer
from moto.elbv2.responses import ELBV2Response

from aws import pages
from aws.errors import Refusal

PAGE_LIMIT = 400
TAGGED_LIMIT = 20  # resources in one DescribeTags
_ARN_WORDS = {"network": "net", "gateway": "gwy"}


def _invalid(message: str) -> Refusal:
    return Refusal(400, "ValidationError", message)


def _paged(describe: Callable[[Any], ActionResult], key: str) -> Callable[[Any], ActionResult]:
    """A listing in pages; `describe` answers it in one piece."""

    def paged(self: Any) -> ActionResult:
        size, marker = self._get_int_param("PageSize", PAGE_LIMIT), self._get_param("Marker")
        if not 1 <= size <= PAGE_LIMIT:
            raise _invalid(
                f"1 validation error detected: Value '{size}' at 'pageSize' failed to satisfy constraint: "
                f"Member must have value between 1 and {PAGE_LIMIT}"
            )
        try:
            rows, following = pages.cut(key, list(describe(self).result[key]), marker, size)  # type: ignore[index]
        except pages.BadToken:
            raise _invalid("Invalid marker") from None
        return ActionResult({key: rows, "NextMarker": following})

    return paged


def _all_load_balancers(self: ELBV2Response) -> ActionResult:
    found = self.elbv2_backend.describe_load_balancers(self._get_param("LoadBalancerArns", []), self._get_param("Names", []))
    return ActionResult({"LoadBalancers": found})


def _all_classic(self: ELBResponse) -> ActionResult:
    found = self.elb_backend.describe_load_balancers(self._get_param("LoadBalancerNames", []))
    return ActionResult({"LoadBalancerDescriptions": list(found)})


def _limited_tags(describe: Callable[[Any], ActionResult], parameter: str) -> Callable[[Any], ActionResult]:
    def tags(self: Any) -> ActionResult:
        wanted = self._get_param(parameter, [])
        if not 1 <= len(wanted) <= TAGGED_LIMIT:
            raise _invalid(
                f"1 validation error detected: Value '{wanted}' at '{parameter[0].lower()}{parameter[1:]}' failed to satisfy "
                f"constraint: Member must have length between 1 and {TAGGED_LIMIT}"
            )
        return describe(self)

    return tags


def _create(original: Any) -> Any:
    def create(self: ELBv2Backend, *args: Any, tags: Any = None, **kwargs: Any) -> FakeLoadBalancer:
        made = original(self, *args, tags=None, **kwargs)
        made.scheme = made.scheme or "internet-facing"
        word = _ARN_WORDS.get(made.type)
        if word:  # moto makes every load balancer's ARN an application one's
            del self.load_balancers[made.arn]
            made.arn = made.arn.replace(":loadbalancer/app/", f":loadbalancer/{word}/")
            self.load_balancers[made.arn] = made
        self.tagging_service.tag_resource(made.arn, tags)
        return made

    return create


def _target_health(original: Any) -> Any:
    def describe(self: ELBv2Backend, target_group_arn: str, targets: list[dict[str, Any]]) -> list[FakeHealthStatus]:
        found = original(self, target_group_arn, targets)
        if not self.target_groups[target_group_arn].load_balancer_arns:
            for health in found:
                health.status, health.reason = "unused", "Target.NotInUse"
                health.description = "Target group is not configured to receive traffic from the load balancer"
        return found

    return describe


def _instance_health(original: Any) -> Any:
    def describe(self: ELBResponse) -> ActionResult:
        answer = original(self)
        for row in answer.result["InstanceStates"]:
            if row["State"] == "OutOfService":
                row["Description"], row["ReasonCode"] = "Instance is in stopped state.", "Instance"
        return answer

    return describe


def install() -> None:
    """Put these answers in place of moto's."""
    ELBV2Response.describe_load_balancers = _paged(_all_load_balancers, "LoadBalancers")
    ELBV2Response.describe_target_groups = _paged(ELBV2Response.describe_target_groups, "TargetGroups")
    ELBV2Response.describe_tags = _limited_tags(ELBV2Response.describe_tags, "ResourceArns")
    ELBResponse.describe_load_balancers = _paged(_all_classic, "LoadBalancerDescriptions")
    ELBResponse.describe_tags = _limited_tags(ELBResponse.describe_tags, "LoadBalancerNames")
    ELBResponse.describe_instance_health = _instance_health(ELBResponse.describe_instance_health)
    ELBv2Backend.create_load_balancer = _create(ELBv2Backend.create_load_balancer)
    ELBv2Backend.describe_target_health = _target_health(ELBv2Backend.describe_target_health)
