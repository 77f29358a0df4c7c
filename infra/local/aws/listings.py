"""Pages, at AWS's sizes, for listings that moto answers in one piece, in pages of other sizes, or for any token: SageMaker's, log groups,
the tagging API's.

Invariant: following the token to its end yields every entry once, in the same pages if a page is asked for again; a token that is none is
refused.
"""

import json
from typing import Any

from moto.core.resource_tagging import TaggedResource
from moto.core.responses import ActionResult
from moto.logs.exceptions import InvalidParameterException
from moto.logs.responses import LogsResponse
from moto.resourcegroupstaggingapi.exceptions import ResourceGroupsTaggingAPIError
from moto.resourcegroupstaggingapi.responses import ResourceGroupsTaggingAPIResponse
from moto.s3.models import s3_backends
from moto.sagemaker.responses import SageMakerResponse

from aws import pages
from aws.errors import Refusal

EVERYTHING = 1_000_000
SAGEMAKER_DEFAULT, SAGEMAKER_LIMIT = 10, 100
LOG_GROUP_LIMIT = 50
TAGGED_DEFAULT, TAGGED_LIMIT = 50, 100


def _sagemaker(list_all: Any, key: str) -> Any:
    def paged(self: SageMakerResponse) -> ActionResult:
        size = self._get_int_param("MaxResults", SAGEMAKER_DEFAULT)
        if not 1 <= size <= SAGEMAKER_LIMIT:
            raise Refusal(
                400,
                "ValidationException",
                f"1 validation error detected: Value '{size}' at 'maxResults' failed to satisfy constraint: "
                f"Member must have value between 1 and {SAGEMAKER_LIMIT}",
            )
        token = self._get_param("NextToken")
        # Moto's own paging is asked for everything at once.
        asked, self.params = self.params, {**self.params, "MaxResults": EVERYTHING, "NextToken": None}
        rows = list_all(self).result[key]
        try:
            page, following = pages.cut(pages.fingerprint(key, asked, "MaxResults", "NextToken"), rows, token, size)
        except pages.BadToken:
            raise Refusal(400, "ValidationException", "Invalid NextToken") from None
        return ActionResult({key: page, "NextToken": following})

    return paged


def _describe_log_groups(self: LogsResponse) -> str:
    limit = self._get_param("limit", LOG_GROUP_LIMIT)
    if not 1 <= limit <= LOG_GROUP_LIMIT:
        raise InvalidParameterException(
            constraint=f"Member must have value less than or equal to {LOG_GROUP_LIMIT}", parameter="limit", value=limit
        )
    prefix, pattern = self._get_param("logGroupNamePrefix"), self._get_param("logGroupNamePattern")
    groups = [
        group for name, group in sorted(self.logs_backend.groups.items())
        if name.startswith(prefix or "") and (pattern or "").lower() in name.lower()
    ]  # fmt: skip
    try:
        page, following = pages.cut(f"log-groups {prefix} {pattern}", groups, self._get_param("nextToken"), limit)
    except pages.BadToken:
        raise InvalidParameterException("The specified nextToken is invalid.") from None
    answer: dict[str, Any] = {"logGroups": [{**group.to_describe_dict(), "logGroupClass": "STANDARD"} for group in page]}
    return json.dumps({**answer, "nextToken": following} if following else answer)


def _get_resources(self: ResourceGroupsTaggingAPIResponse) -> ActionResult:
    size = self._get_int_param("ResourcesPerPage", TAGGED_DEFAULT)
    if not 1 <= size <= TAGGED_LIMIT:
        raise ResourceGroupsTaggingAPIError("InvalidParameterException", f"ResourcesPerPage must be between 1 and {TAGGED_LIMIT}")
    if self._get_param("TagsPerPage") is not None:
        raise NotImplementedError("pages by number of tags")
    arns = self._get_param("ResourceARNList", [])
    if arns and (self._get_param("TagFilters") or self._get_param("ResourceTypeFilters") or self._get_param("PaginationToken")):
        raise ResourceGroupsTaggingAPIError("InvalidParameterException", "ResourceARNList cannot be combined with filters or pages")
    found = self.backend._get_resources_generator(
        tag_filters=self._get_param("TagFilters", []),
        resource_type_filters=self._get_param("ResourceTypeFilters", []),
        resource_arn_list=arns,
    )
    rows = sorted(
        ((_arn(resource), resource.tags) for resource in found if resource.tags and _arn_in(self.region, _arn(resource))),
        key=lambda row: row[0],
    )
    asked = pages.fingerprint("tagged", self.params, "PaginationToken", "ResourcesPerPage")
    try:
        page, following = pages.cut(asked, rows, self._get_param("PaginationToken") or None, size)
    except pages.BadToken:
        raise ResourceGroupsTaggingAPIError("PaginationTokenExpiredException", "The pagination token is invalid or has expired") from None
    mappings = [{"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]} for arn, tags in page]
    # At its end AWS answers an empty token, not none.
    return ActionResult({"ResourceTagMappingList": mappings, "PaginationToken": following or ""})


def _arn(resource: TaggedResource) -> str:
    # Moto's ARN of an endpoint configuration is a tuple of one.
    return str(resource.arn[0] if isinstance(resource.arn, tuple) else resource.arn)


def _arn_in(region: str, arn: str) -> bool:
    """Whether the tagging API of a region knows the ARN; a bucket's holds no region, but a bucket has one."""
    if not arn.startswith("arn:aws:s3:::"):
        return True
    name = arn.removeprefix("arn:aws:s3:::")
    partition, account_id = s3_backends.bucket_accounts[name]
    return bool(s3_backends[account_id][partition].buckets[name].region_name == region)


def install() -> None:
    """Put these pages in place of moto's."""
    for operation, key in (
        ("list_notebook_instances", "NotebookInstances"), ("list_endpoints", "Endpoints"),
        ("list_endpoint_configs", "EndpointConfigs"), ("list_models", "Models"),
    ):  # fmt: skip
        setattr(SageMakerResponse, operation, _sagemaker(getattr(SageMakerResponse, operation), key))
    LogsResponse.describe_log_groups = _describe_log_groups
    ResourceGroupsTaggingAPIResponse.get_resources = _get_resources
