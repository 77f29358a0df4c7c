"""What CloudFormation refuses before it creates a stack, and what a stack's roles are then like in IAM.

Invariant: a parameter outside of its constraints, a named role without CAPABILITY_NAMED_IAM or a template too long for a call creates
nothing; a default counts as a value that is given. Inline policies are JSON, whoever wrote them. The constraints are those of
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

import json
import re
from functools import lru_cache
from typing import Any

from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.cloudformation.models import Stack
from moto.cloudformation.parsing import ResourceMap
from moto.cloudformation.responses import CloudFormationResponse
from moto.iam.models import Role

TEMPLATE_LIMIT_BYTES = 51_200


def check_template(body: str, capabilities: list[str]) -> None:
    """Refuse a template that no call takes, or that names roles although the caller did not acknowledge it."""
    if len(body.encode()) > TEMPLATE_LIMIT_BYTES:
        raise ValidationError(
            message="1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
            f"Member must have length less than or equal to {TEMPLATE_LIMIT_BYTES}"
        )
    roles = [row for row in _parsed(body).get("Resources", {}).values() if row.get("Type") == "AWS::IAM::Role"]
    named = any("RoleName" in row.get("Properties", {}) for row in roles)
    needed = "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM" if roles else None
    if needed and not {needed, "CAPABILITY_NAMED_IAM"} & set(capabilities):
        raise CloudFormationError("InsufficientCapabilitiesException", f"Requires capabilities : [{needed}]")


def check_parameters(body: str, given: dict[str, str]) -> None:
    """Refuse values that the template's own constraints do not allow, defaults included."""
    declared: dict[str, dict[str, Any]] = _parsed(body).get("Parameters", {})
    if unknown := sorted(set(given) - set(declared)):
        raise ValidationError(message=f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    if missing := [name for name, row in declared.items() if name not in given and "Default" not in row]:
        raise ValidationError(message=f"Parameters: [{', '.join(missing)}] must have values")
    for name, row in declared.items():
        value = str(given.get(name, row.get("Default")))
        values = value.split(",") if row["Type"] == "CommaDelimitedList" else [value]
        if not all(_fits(row, one) for one in values):
            rule = row.get("ConstraintDescription") or "see the template"
            raise ValidationError(message=f"Parameter {name} failed to satisfy constraint: {rule}")


@lru_cache(maxsize=8)
def _parsed(body: str) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = json.loads(body)  # much faster than moto's parser, which takes YAML as well
        return parsed
    except ValueError:
        return Stack.parse_template(body)


def _fits(row: dict[str, Any], value: str) -> bool:
    return (
        ("AllowedPattern" not in row or re.fullmatch(row["AllowedPattern"], value) is not None)
        and ("AllowedValues" not in row or value in map(str, row["AllowedValues"]))
        and int(row.get("MinLength", 0)) <= len(value) <= int(row.get("MaxLength", 4096))
    )


def _create_stack(original: Any) -> Any:
    def create(self: CloudFormationResponse) -> Any:
        body = self._get_param("TemplateBody")
        if body:
            check_template(body, self._get_param("Capabilities") or [])
            check_parameters(body, {row["ParameterKey"]: row["ParameterValue"] for row in self._get_param("Parameters") or []})
        return original(self)

    return create


def _put_policy(original: Any) -> Any:
    # moto keeps a stack's documents as the objects that the template has, and GetRolePolicy would not answer JSON.
    def put(self: Role, policy_name: str, document: Any) -> None:
        original(self, policy_name, document if isinstance(document, str) else json.dumps(document))

    return put


def _load_parameters(original: Any) -> Any:
    # moto makes lists of the lists that are given, and leaves those that a template has as defaults one text.
    def load(self: ResourceMap) -> None:
        declared = self._template.get("Parameters", {}).items()
        defaults = {name: str(row["Default"]) for name, row in declared if row["Type"] == "CommaDelimitedList" and "Default" in row}
        self.input_parameters = {**defaults, **self.input_parameters}
        original(self)

    return load


def install() -> None:
    """Put these checks before moto's CreateStack, and mend what its stacks make of lists and policies."""
    ResourceMap.load_parameters = _load_parameters(ResourceMap.load_parameters)
    CloudFormationResponse.create_stack = _create_stack(CloudFormationResponse.create_stack)
    Role.put_policy = _put_policy(Role.put_policy)
