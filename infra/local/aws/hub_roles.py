"""The hub's roles, created from the synthesized templates: each function runs as the role that ships.

Invariant: names, trust policies and permissions are the template's own; nothing is added to them.
"""

import json
from pathlib import Path
from typing import Any

from moto.iam.models import ManagedPolicy, iam_backends

from aws import organizations, permissions, sessions, trust
from aws.sessions import Session
from aws.template import Template, TemplateError


def load(paths: list[Path], account_id: str, region: str, parameters: dict[str, str]) -> list[Template]:
    """Read the templates; each can see the others' outputs."""
    templates: list[Template] = []
    for path in paths:
        templates.append(Template(path, account_id, region, parameters, templates))
    return templates


def create(templates: list[Template], account_id: str) -> list[str]:
    """Create every AWS::IAM::Role of the templates in the hub account; returns their ARNs."""
    backend = iam_backends[account_id]["aws"]
    arns = []
    for template in templates:
        extra = _separate_policies(template)
        for logical_id, raw in template.of_type("AWS::IAM::Role"):
            properties = template.resolve(raw)
            name = template.physical_name(logical_id)
            if any(role.name == name for role in backend.roles.values()):
                raise TemplateError(f"{template.name} names the role {name}, which exists already: give each role its own name")
            role = backend.create_role(
                role_name=name,
                assume_role_policy_document=json.dumps(properties["AssumeRolePolicyDocument"]),
                path=properties.get("Path", "/"),
                permissions_boundary=None,
                description=properties.get("Description", ""),
                tags=properties.get("Tags", []),
                max_session_duration=str(properties.get("MaxSessionDuration", 3600)),
            )
            for policy in [*properties.get("Policies", []), *extra.get(name, [])]:
                role.put_policy(policy["PolicyName"], json.dumps(policy["PolicyDocument"]))
            for arn in properties.get("ManagedPolicyArns", []):
                role.managed_policies[arn] = backend.managed_policies.get(arn) or _aws_managed(arn, account_id)
            arns.append(role.arn)
    return arns


def _separate_policies(template: Template) -> dict[str, list[dict[str, Any]]]:
    """AWS::IAM::Policy resources, by the name of the role that they are attached to."""
    by_role: dict[str, list[dict[str, Any]]] = {}
    for resource_type in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for logical_id, raw in template.of_type(resource_type):
            properties = template.resolve(raw)
            policy = {"PolicyName": properties.get("PolicyName", logical_id), "PolicyDocument": properties["PolicyDocument"]}
            for role_name in properties.get("Roles", []):
                by_role.setdefault(role_name, []).append(policy)
    return by_role


def _aws_managed(arn: str, account_id: str) -> ManagedPolicy:
    # Its document is read from AWS's own policies when a permission is decided (permissions._aws_managed).
    return ManagedPolicy(name=arn.rsplit("/", 1)[-1], account_id=account_id, region="us-east-1", document="{}")


def function_credentials(role_name: str, account_id: str, also: tuple[str, ...] = ()) -> Session:
    """Credentials as Lambda gives them to a function with this role; LookupError in one sentence if it would not.

    With `also`, the policies of those roles count as well.
    """
    backend = iam_backends[account_id]["aws"]
    role = next((role for role in list(backend.roles.values()) if role.name == role_name), None)
    if role is None:
        raise LookupError(f"the hub account {account_id} has no role {role_name!r}: it is in none of the templates given")
    caller = sessions.administrator()
    context = permissions.context_of(caller, "us-east-1", account_id)
    if not trust.trusts_service(role.assume_role_policy_document, "lambda.amazonaws.com", context):
        raise LookupError(f"the role {role_name!r} does not trust lambda.amazonaws.com, so no function can run with it")
    return sessions.issue(role.arn, role.id, role_name, 12 * 3600, also=also)


def organization_of(account_id: str) -> str | None:
    """The id of the organization that the hub account is in."""
    backend = organizations.owner_of(account_id)
    return backend.org.id if backend else None
