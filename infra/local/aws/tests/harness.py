"""One local AWS for all tests of this folder, driven with boto3 as an SDK's user would.

Invariant: `fresh()` gives every test class an empty AWS with the hub's roles; nothing leaks from one class to the next.
"""

import atexit
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

import boto3  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

HUB = "123456789012"
EXTERNAL_ID = "polo-external-id"
HUB_ROLE = f"arn:aws:iam::{HUB}:role/dev-polo-access-verifier"
OTHER_HUB_ROLE = f"arn:aws:iam::{HUB}:role/dev-polo-collection-dispatcher"
READ_ROLE = "dev-PoloReadRole"
_MANIFESTS = HERE.parents[3].glob("crates/collectors/*/collector.json")
# Variable -> role of every function that enters accounts, as `make up` writes them.
ROLE_ARNS = {
    f"POLO_ROLE_ARN_{function.upper().replace('-', '_')}": f"arn:aws:iam::{HUB}:role/dev-polo-{function}"
    for function in ("account-discovery", "access-verifier", *(path.parent.name for path in _MANIFESTS))
}

_address: list[str] = []
_session = boto3.session.Session()


def address() -> str:
    """The running local AWS; started on first use."""
    if not _address:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
        process = subprocess.Popen(
            [sys.executable, str(HERE.parent / "launcher.py"), "--port", "0", "--template", str(HERE / "hub.template.json"),
             "--external-id", EXTERNAL_ID],
            stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        atexit.register(process.wait)
        atexit.register(process.terminate)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "http://localhost:" in line, f"the local AWS did not start: {line!r}"
        _address.append(line.split(" on ")[1].split(",")[0])
    return _address[0]


def control(method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """One request to a control endpoint."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{address()}/polo-local/{path}", data=data, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def fresh() -> None:
    """An empty AWS."""
    status, answer = control("POST", "reset")
    assert status == 200, answer


def client(service: str, credentials: dict[str, Any] | None = None, region: str = "us-east-1") -> Any:
    """A boto3 client that never retries; without credentials it is the management account's administrator."""
    given = credentials or {"AccessKeyId": "AKIAMANAGEMENT000000", "SecretAccessKey": "secret", "SessionToken": None}
    return _session.client(
        service,
        region_name=region,
        endpoint_url=address(),
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        config=Config(retries={"total_max_attempts": 1}),
    )


def function(role_name: str = "dev-polo-access-verifier") -> dict[str, Any]:
    """Credentials of a hub function."""
    status, answer = control("GET", f"function-credentials?role_name={role_name}")
    assert status == 200, answer
    return answer


def organization(types: tuple[str, ...] = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")) -> tuple[str, str]:
    """A new organization with its policy types on: (organization id, root id)."""
    organizations = client("organizations")
    organization_id = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    root_id = organizations.list_roots()["Roots"][0]["Id"]
    for policy_type in types:
        organizations.enable_policy_type(RootId=root_id, PolicyType=policy_type)
    return organization_id, root_id


def account(name: str, parent_id: str | None = None) -> str:
    """A new member account, moved under a parent."""
    organizations = client("organizations")
    status = organizations.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]
    if parent_id:
        root_id = organizations.list_roots()["Roots"][0]["Id"]
        organizations.move_account(AccountId=status["AccountId"], SourceParentId=root_id, DestinationParentId=parent_id)
    return status["AccountId"]


def unit(name: str, parent_id: str) -> str:
    """A new OU."""
    return client("organizations").create_organizational_unit(ParentId=parent_id, Name=name)["OrganizationalUnit"]["Id"]


def attach(policy_type: str, target_id: str, statements: list[dict[str, Any]], name: str) -> str:
    """A new policy of the organization, attached."""
    organizations = client("organizations")
    policy_id = organizations.create_policy(
        Content=json.dumps({"Version": "2012-10-17", "Statement": statements}), Description=name, Name=name, Type=policy_type
    )["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=policy_id, TargetId=target_id)
    return policy_id


def enter(account_id: str) -> dict[str, Any]:
    """Administrator credentials in a member account."""
    role = f"arn:aws:iam::{account_id}:role/OrganizationAccountAccessRole"
    return client("sts").assume_role(RoleArn=role, RoleSessionName="setup")["Credentials"]


def trust(
    principal: Any = None, external_id: str | None = EXTERNAL_ID, principal_arns: list[str] | None = None, **conditions: Any
) -> dict[str, Any]:
    """A trust policy document."""
    condition: dict[str, Any] = dict(conditions)
    if external_id:
        condition.setdefault("StringEquals", {})["sts:ExternalId"] = external_id
    if principal_arns:
        condition.setdefault("ArnLike", {})["aws:PrincipalArn"] = principal_arns
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": principal or {"AWS": f"arn:aws:iam::{HUB}:root"},
                "Action": "sts:AssumeRole",
                "Condition": condition,
            }
        ],
    }


def role(account_id: str, document: dict[str, Any], actions: Any = None, name: str = READ_ROLE, **more: Any) -> str:
    """A role in a member account; returns its ARN."""
    iam = client("iam", enter(account_id))
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document), **more)["Role"]["Arn"]
    statements = actions if isinstance(actions, list) and actions and isinstance(actions[0], dict) else None
    if actions:
        statements = statements or [{"Effect": "Allow", "Action": actions, "Resource": "*"}]
        iam.put_role_policy(
            RoleName=name, PolicyName="read", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements})
        )
    return arn


def assume(role_arn: str, credentials: dict[str, Any] | None = None, external_id: str | None = EXTERNAL_ID, **more: Any) -> Any:
    """AssumeRole as a hub function."""
    if external_id:
        more["ExternalId"] = external_id
    more.setdefault("RoleSessionName", "polo-test")
    region = more.pop("region", "us-east-1")
    return client("sts", credentials or function(), region).assume_role(RoleArn=role_arn, **more)


def refused(call: Any) -> tuple[int, str, str]:
    """Status, code and message of a call that must be refused."""
    try:
        answer = call()
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"], error.response["Error"]["Message"]
    raise AssertionError(f"not refused, answered {answer}")


def follow(call: Any, key: str, answered: str, asked: str, **more: Any) -> list[list[Any]]:
    """All pages of a listing: `answered` is the token's name in answers, `asked` in requests."""
    pages, token = [], None
    while True:
        answer = call(**more, **({asked: token} if token else {}))
        pages.append(answer[key])
        token = answer.get(answered)
        if not token:
            return pages


def member(actions: list[str], name: str = "shop") -> tuple[str, dict[str, Any]]:
    """A new member account with a read role that may do `actions`, and the role's credentials as a hub function gets them."""
    account_id = account(name)
    return account_id, assume(role(account_id, trust(), actions))["Credentials"]


def seed(path: str, **rows: Any) -> Any:
    """Rows for the local AWS to answer from."""
    status, answer = control("POST", path, rows)
    assert status == 200, answer
    return answer
