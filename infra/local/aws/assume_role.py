"""sts:AssumeRole that can refuse, and GetCallerIdentity that names the caller the rest of this local AWS decides by.

Invariant: credentials are issued only if the role exists under exactly the ARN asked for, its account is open, its trust policy
lets the caller in and no resource control policy denies it. All these answer the same AccessDenied, as AWS's do: who is outside
cannot tell them apart.
"""

import re
from typing import Any

from moto.core.responses import ActionResult
from moto.sts.exceptions import STSValidationError
from moto.sts.responses import TokenResponse

from aws import errors, organizations, permissions, sessions, trust
from aws.errors import Refusal
from aws.sessions import Caller

_ROLE_ARN = re.compile(r"arn:(aws|aws-cn|aws-us-gov):iam::(\d{12}):role/[\w+=,.@/-]+")
CHAINED_LIMIT_SECONDS = 3600


def _constraint(value: Any, member: str, constraint: str) -> STSValidationError:
    return STSValidationError(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}"
    )


def _check(role_arn: str, session_name: str, seconds: int, external_id: str | None) -> None:
    if len(role_arn) < 20:
        raise _constraint(role_arn, "roleArn", "have length greater than or equal to 20")
    if not 2 <= len(session_name) <= 64:
        size = "greater than or equal to 2" if len(session_name) < 2 else "less than or equal to 64"
        raise _constraint(session_name, "roleSessionName", f"have length {size}")
    if not re.fullmatch(r"[\w+=,.@-]*", session_name, re.ASCII):
        raise _constraint(session_name, "roleSessionName", r"satisfy regular expression pattern: [\w+=,.@-]*")
    if seconds < 900:
        raise _constraint(seconds, "durationSeconds", "have value greater than or equal to 900")
    if seconds > 43200:
        raise _constraint(seconds, "durationSeconds", "have value less than or equal to 43200")
    if external_id is not None and not re.fullmatch(r"[\w+=,.@:/-]{2,1224}", external_id, re.ASCII):
        raise _constraint(external_id, "externalId", r"satisfy regular expression pattern: [\w+=,.@:\/-]*")
    if not _ROLE_ARN.fullmatch(role_arn):
        raise STSValidationError(f"{role_arn} is invalid")


def _denied(caller: Caller, role_arn: str, reason: str = "") -> Refusal:
    # A Refusal, which the gate answers with status 403: moto's own exceptions would make it 400.
    return errors.access_denied("query", permissions.sentence(caller, "sts:AssumeRole", role_arn, reason))


def _assume_role(self: TokenResponse) -> ActionResult:
    caller: Caller = self.normalized_request.environ["polo.call"].caller
    role_arn = self._get_param("RoleArn") or ""
    session_name = self._get_param("RoleSessionName") or ""
    external_id = self._get_param("ExternalId")
    seconds = self._get_int_param("DurationSeconds", 3600)
    _check(role_arn, session_name, seconds, external_id)
    if self._get_param("PolicyArns"):
        raise STSValidationError("PolicyArns is not supported by the local AWS: pass the session policy itself as Policy")

    target = role_arn.split(":")[4]
    context = permissions.context_of(caller, self.region, target, {"sts:rolesessionname": session_name})
    if external_id is not None:
        context["sts:externalid"] = external_id
    if permissions.resource_control_denies(target, "sts:AssumeRole", role_arn, context):
        raise _denied(caller, role_arn, " with an explicit deny in a resource control policy")
    role = permissions.role_of(role_arn)
    if (
        role is None
        or organizations.state_of(target) in organizations.CLOSED_STATES
        or not trust.trusts_principal(
            role.assume_role_policy_document, caller.principal_arn, caller.arn, caller.account_id, context
        )
    ):
        raise _denied(caller, role_arn)
    if caller.is_role and seconds > CHAINED_LIMIT_SECONDS:
        raise STSValidationError("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
    if seconds > int(role.max_session_duration or 3600):
        raise STSValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")

    role.last_used = sessions.now()
    session = sessions.issue(role_arn, role.id, session_name, seconds, self._get_param("Policy"))
    return ActionResult(
        {
            "Credentials": {
                "AccessKeyId": session.access_key_id,
                "SecretAccessKey": session.secret_access_key,
                "SessionToken": session.session_token,
                "Expiration": session.expiration,
            },
            "AssumedRoleUser": {"AssumedRoleId": session.caller.user_id, "Arn": session.caller.arn},
            "PackedPolicySize": 6 if session.session_policy else None,
        }
    )


def _get_caller_identity(self: TokenResponse) -> ActionResult:
    caller: Caller = self.normalized_request.environ["polo.call"].caller
    return ActionResult({"UserId": caller.user_id, "Account": caller.account_id, "Arn": caller.arn})


def _federated(self: TokenResponse) -> ActionResult:
    # moto would let everybody in; identity providers are not part of the local AWS.
    raise errors.access_denied("query", f"Not authorized to perform sts:{self._get_action()}")


def install() -> None:
    """Put these answers in place of moto's, which let every AssumeRole succeed."""
    TokenResponse.assume_role = _assume_role
    TokenResponse.get_caller_identity = _get_caller_identity
    TokenResponse.assume_role_with_web_identity = _federated
    TokenResponse.assume_role_with_saml = _federated
