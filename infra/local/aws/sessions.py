"""Who is calling: credentials issued by this local AWS and the principals behind them.

Invariant: temporary credentials (`ASIA…`) are good only if this process issued them, with their own session token and before they
expire. Any other access key that is no IAM user's stands for an administrator of the management account.
"""

import datetime
import secrets
import string
from dataclasses import dataclass

from moto.iam.models import iam_backends

# The hub account, which here is the management account too; set once, at start.
hub_account_id = "123456789012"
_ALPHABET = string.ascii_uppercase + "234567"


@dataclass(frozen=True)
class Caller:
    """A principal: `arn` is what GetCallerIdentity answers, `principal_arn` what aws:PrincipalArn holds."""

    account_id: str
    arn: str
    principal_arn: str
    user_id: str
    is_role: bool


@dataclass(frozen=True)
class Session:
    """One set of temporary credentials."""

    caller: Caller
    access_key_id: str
    secret_access_key: str
    session_token: str
    expiration: datetime.datetime
    session_policy: str | None
    # The ARNs of further roles whose policies count: `cargo lambda watch` gives all functions one set of credentials.
    also: tuple[str, ...] = ()


_sessions: dict[str, Session] = {}


def reset() -> None:
    """Forget every issued credential."""
    _sessions.clear()


def issue(
    role_arn: str, role_id: str, session_name: str, seconds: int, session_policy: str | None = None, also: tuple[str, ...] = ()
) -> Session:
    """Temporary credentials for a role's session."""
    partition, account_id, role_name = role_arn.split(":")[1], role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    caller = Caller(
        account_id=account_id,
        arn=f"arn:{partition}:sts::{account_id}:assumed-role/{role_name}/{session_name}",
        principal_arn=role_arn,
        user_id=f"{role_id}:{session_name}",
        is_role=True,
    )
    session = Session(
        caller=caller,
        access_key_id="ASIA" + "".join(secrets.choice(_ALPHABET) for _ in range(16)),
        secret_access_key=secrets.token_urlsafe(30),
        session_token="IQoJb3JpZ2luX2Vj" + secrets.token_urlsafe(120),
        expiration=now() + datetime.timedelta(seconds=seconds),
        session_policy=session_policy,
        also=also,
    )
    _sessions[session.access_key_id] = session
    return session


def now() -> datetime.datetime:
    """The time in UTC, to the second, as STS gives it."""
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def session_of(access_key_id: str) -> Session | None:
    """The session that these credentials belong to."""
    return _sessions.get(access_key_id)


def user_of(access_key_id: str) -> Caller | None:
    """The IAM user that owns a long-term access key."""
    for account_id, account in list(iam_backends.items()):
        backend = account["aws"]
        if access_key_id in backend.access_keys:
            user = backend.get_user_from_access_key_id(access_key_id)
            if user is not None:
                return Caller(account_id, user.arn, user.arn, user.id, is_role=False)
    return None


def administrator() -> Caller:
    """The person at the keyboard: an administrator of the management account."""
    arn = f"arn:aws:iam::{hub_account_id}:user/local-administrator"
    return Caller(hub_account_id, arn, arn, "AIDALOCALADMINISTRATOR", is_role=False)
