"""May this caller make this call? Service control policies, resource control policies and the caller's own role policies.

Invariant: an explicit Deny wins; an assumed role may do only what its policies allow; the management account is never subject to
service or resource control policies. IAM users and the administrator are not restricted by identity policies.
"""

import json
from functools import lru_cache
from typing import Any

from moto.iam.models import Role, iam_backends

from aws import actions, errors, organizations, policy, sessions
from aws.api_call import ApiCall
from aws.errors import Refusal
from aws.policy import Context
from aws.sessions import Caller


def context_of(caller: Caller, region: str, target_account_id: str, extra: Context | None = None) -> Context:
    """The request's condition keys, as far as they are known here; an absent key is absent for the conditions too."""
    context: Context = {
        "aws:principalarn": caller.principal_arn,
        "aws:principalaccount": caller.account_id,
        "aws:principaltype": "AssumedRole" if caller.is_role else "User",
        "aws:userid": caller.user_id,
        "aws:requestedregion": region,
        "aws:resourceaccount": target_account_id,
        "aws:securetransport": "true",  # AWS is reached by TLS only; that the local one is not must not change a decision
        "aws:principalisawsservice": "false",
        "aws:viaawsservice": "false",
    }
    for prefix, account_id in (("principal", caller.account_id), ("resource", target_account_id)):
        backend = organizations.owner_of(account_id)
        account = organizations.account_in(backend, account_id) if backend else None
        if backend is not None and account is not None:
            context[f"aws:{prefix}orgid"] = backend.org.id
            context[f"aws:{prefix}orgpaths"] = [organizations.path_of(backend, account)]
    if caller.is_role:
        role = role_of(caller.principal_arn)
        for key, value in _tags(role).items() if role else ():
            context[f"aws:principaltag/{key.lower()}"] = value
    return {**context, **(extra or {})}


def role_of(role_arn: str) -> Role | None:
    """The role with exactly this ARN (path and all)."""
    parts = role_arn.split(":", 5)
    account = iam_backends.get(parts[4]) if len(parts) == 6 else None
    if account is None:
        return None
    return next((role for role in list(account["aws"].roles.values()) if role.arn == role_arn), None)


def refuse(call: ApiCall) -> Refusal | None:
    """The refusal of a call that the caller may not make; None if it may."""
    caller = call.caller
    if caller is None or (call.service, call.operation) in actions.ALWAYS_ALLOWED:
        return None
    action = actions.iam_action(call.service, call.operation)
    resource = actions.resource_of(call.service, call.operation, call.params, call.path, caller.account_id, call.region)
    if call.service == "iam" and "RoleName" in call.params:
        resource = _with_path(resource)
    target = resource.split(":")[4] if action.startswith("sts:AssumeRole") and resource.count(":") >= 5 else caller.account_id
    extra: Context = {}
    if "ExternalId" in call.params:
        extra["sts:externalid"] = call.params["ExternalId"]
    if "RoleSessionName" in call.params:
        extra["sts:rolesessionname"] = call.params["RoleSessionName"]
    if call.service == "ec2":
        extra["ec2:region"] = call.region
    context = context_of(caller, call.region, target, extra)
    reason = _service_control(caller, action, resource, context) or _identity(caller, call, action, resource, context)
    if reason is None:
        return None
    return errors.access_denied(call.protocol, sentence(caller, action, resource, reason))


def _with_path(role_arn: str) -> str:
    """The ARN with the role's path, which requests to IAM leave out."""
    account_id, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    named = (role for role in list(iam_backends[account_id]["aws"].roles.values()) if role.name == name)
    return next((role.arn for role in named), role_arn)


def sentence(caller: Caller, action: str, resource: str, reason: str) -> str:
    """AWS's sentence for a denied call."""
    on = "" if resource == "*" else f" on resource: {resource}"
    return f"User: {caller.arn} is not authorized to perform: {action}{on}{reason}"


def resource_control_denies(account_id: str, action: str, resource: str, context: Context) -> bool:
    """Whether a resource control policy over the account denies the action on its resource."""
    return _denied_by(account_id, "RESOURCE_CONTROL_POLICY", action, resource, context) is not None


def _service_control(caller: Caller, action: str, resource: str, context: Context) -> str | None:
    outcome = _denied_by(caller.account_id, "SERVICE_CONTROL_POLICY", action, resource, context)
    if outcome == "deny":
        return " with an explicit deny in a service control policy"
    if outcome == "none":
        return f" because no service control policy allows the {action} action"
    return None


def _denied_by(account_id: str, policy_type: str, action: str, resource: str, context: Context) -> str | None:
    """`deny` or `none` (not allowed on some level); None if nothing stands against the action."""
    if organizations.is_management(account_id):
        return None
    missing = False
    for level in organizations.policy_levels(account_id, policy_type):
        outcomes = [policy.verdict(statements, action, resource, context) for statements in level]
        if "deny" in outcomes:
            return "deny"
        missing = missing or "allow" not in outcomes
    return "none" if missing else None


def _identity(caller: Caller, call: ApiCall, action: str, resource: str, context: Context) -> str | None:
    if not caller.is_role:
        return None
    session = sessions.session_of(call.access_key_id) if call.access_key_id else None
    roles = [role_of(arn) for arn in dict.fromkeys([caller.principal_arn, *(session.also if session else ())])]
    statements = [statement for role in roles if role for statement in _role_statements(role)]
    outcome = policy.verdict(statements, action, resource, context)
    if outcome == "allow" and session is not None and session.session_policy:
        outcome = policy.verdict(policy.load(session.session_policy), action, resource, context)
        if outcome != "allow":
            return f" because no session policy allows the {action} action"
    if outcome == "deny":
        return " with an explicit deny in an identity-based policy"
    if outcome == "none":
        return f" because no identity-based policy allows the {action} action"
    return None


def _role_statements(role: Role) -> list[dict[str, Any]]:
    documents: list[Any] = list(role.policies.values())
    for arn, managed in role.managed_policies.items():
        documents.append(_aws_managed(arn.rsplit("/", 1)[-1]) if ":iam::aws:policy/" in arn else managed.document)
    return [statement for document in documents for statement in policy.load(document)]


@lru_cache(maxsize=64)
def _aws_managed(name: str) -> Any:
    # Read on first use: moto's table of them is three megabytes.
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    return json.loads(aws_managed_policies_data).get(name, {}).get("Document", {})


def _tags(role: Role) -> dict[str, str]:
    tags = role.tags or {}
    if isinstance(tags, list):
        return {tag["Key"]: tag["Value"] for tag in tags}
    return {key: value["Value"] if isinstance(value, dict) else value for key, value in tags.items()}
