"""Does a role's trust policy let this caller assume it?

Invariant: no matching Allow means no; an explicit Deny wins; unknown condition operators fail closed (see `policy`).
"""

from typing import Any

from aws import policy
from aws.policy import Context


def _allows(document: Any, action: str, names_caller: Any, context: Context) -> bool:
    allowed = False
    for statement in policy.load(document):
        if not policy.action_matches(statement, action) or not names_caller(statement):
            continue
        if not policy.conditions_hold(statement, context):
            continue
        if statement.get("Effect") == "Deny":
            return False
        allowed = allowed or statement.get("Effect") == "Allow"
    return allowed


def trusts_principal(document: Any, principal_arn: str, session_arn: str, account_id: str, context: Context) -> bool:
    """Whether the trust policy allows sts:AssumeRole to this principal under this context."""
    return _allows(
        document,
        "sts:AssumeRole",
        lambda statement: policy.principal_matches(statement, principal_arn, session_arn, account_id),
        context,
    )


def trusts_service(document: Any, service: str, context: Context) -> bool:
    """Whether the trust policy allows sts:AssumeRole to an AWS service, such as lambda.amazonaws.com."""
    return _allows(document, "sts:AssumeRole", lambda statement: policy.service_principal_matches(statement, service), context)
