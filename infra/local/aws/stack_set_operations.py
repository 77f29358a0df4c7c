"""The operations of service-managed StackSets: an id that the caller may give, and how each account ended.

Invariant: an operation's id is used once, so that a repeated request begins nothing. Operations end at once here.
"""

import uuid
from typing import Any

from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.cloudformation.models import StackSet
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult

from aws.stack_sets import lock, managed

PAGE_LIMIT = 100


def new_id(stack_set: StackSet, given: str | None) -> str:
    """The id of an operation that is about to begin: the caller's, if nothing has it yet, or one of its own."""
    if given and any(operation["OperationId"] == given for operation in stack_set.operations):
        raise CloudFormationError("OperationIdAlreadyExistsException", f"The operation {given} already exists")
    return given or str(uuid.uuid4())


def _known(self: CloudFormationResponse, stack_set: StackSet) -> dict[str, Any]:
    wanted = self._get_param("OperationId")
    with lock:
        for operation in stack_set.operations:
            if operation["OperationId"] == wanted:
                return operation
    raise CloudFormationError("OperationNotFoundException", f"The operation {wanted} was not found")


def _describe(original: Any) -> Any:
    def describe(self: CloudFormationResponse) -> ActionResult:
        stack_set = self.cloudformation_backend.describe_stack_set(self._get_param("StackSetName"))
        if not managed(stack_set):
            return original(self)
        operation = _known(self, stack_set)
        told = {key: operation[key] for key in ("OperationId", "Action", "Status", "CreationTimestamp", "EndTimestamp")}
        return ActionResult({"StackSetOperation": {"StackSetId": stack_set.id, **told}})

    return describe


def _results(original: Any) -> Any:
    def results(self: CloudFormationResponse) -> ActionResult:
        stack_set = self.cloudformation_backend.describe_stack_set(self._get_param("StackSetName"))
        if not managed(stack_set):
            return original(self)
        rows = _known(self, stack_set).get("Results", [])
        limit, token = self._get_int_param("MaxResults", PAGE_LIMIT), self._get_param("NextToken")
        if not 1 <= limit <= PAGE_LIMIT or (token is not None and not str(token).isdigit()):
            raise ValidationError(message=f"MaxResults {limit} or NextToken {token} is not valid")
        start = int(token or 0)
        result: dict[str, Any] = {"Summaries": rows[start : start + limit]}
        if start + limit < len(rows):
            result["NextToken"] = str(start + limit)
        return ActionResult(result)

    return results


def install() -> None:
    """Put these reads in place of moto's."""
    response = CloudFormationResponse
    response.describe_stack_set_operation = _describe(response.describe_stack_set_operation)
    response.list_stack_set_operation_results = _results(response.list_stack_set_operation_results)
