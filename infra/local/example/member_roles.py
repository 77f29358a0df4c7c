"""The member roles as they are rolled out here: the one source (infra/roles), filled in, and its parameters from the environment.

Invariant: nothing about the roles is written here. The source says what they are, the collectors' manifests what is read, and the
environment that `make up` writes who is trusted.
"""

import json
import os
from pathlib import Path
from typing import Any

from local_aws import LocalAws, SetupError, required

_ROOT = Path(__file__).resolve().parents[3]
_SOURCE = _ROOT / "infra" / "roles" / "member-roles.template.json"
_COLLECTORS = _ROOT / "crates" / "collectors"
# The hole in the source: the one entry of a list, in place of which come the actions (infra/roles/README.md).
_HOLE = '"${CollectorReadActions}"'


def template() -> str:
    """The source with every action that a manifest declares, each once and sorted, as a template body."""
    actions = sorted({action for manifest in _manifests() for action in manifest["read_actions"]})
    before, *after = _SOURCE.read_text().split(_HOLE)
    if len(after) != 1:
        raise SetupError(f"{_SOURCE} has {len(after)} times {_HOLE}, which stands for what collectors read: it has to be there once")
    # Without white space, as the body of a call has room for 51,200 bytes.
    return json.dumps(json.loads(before + ", ".join(map(json.dumps, actions)) + after[0]), separators=(",", ":"))


def parameters(**more: str) -> list[dict[str, str]]:
    """The template's parameters: the environment's, and those given over them."""
    values = {
        "ReadRoleName": required("POLO_READ_ROLE_NAME"),
        "HubAccountId": required("POLO_HUB_ACCOUNT_ID"),
        "ExternalId": required("POLO_EXTERNAL_ID"),
        "ReadRoleTrustedNames": ",".join(_readers()),
        "ActionRoleTrustedNames": _role_name("access-verifier"),
        **more,
    }
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


def body(**more: str) -> dict[str, Any]:
    """What a stack and a StackSet are both created with."""
    return {"TemplateBody": template(), "Parameters": parameters(**more), "Capabilities": ["CAPABILITY_NAMED_IAM"]}


def deploy(aws: LocalAws, account_id: str | None, stack_name: str, **more: str) -> None:
    """The roles as a plain stack of one account; without an account, of the management account."""
    aws.client("cloudformation", account_id).create_stack(StackName=stack_name, **body(**more))


def _readers() -> list[str]:
    """The functions that enter accounts: all but the dispatcher, which only asks the others to."""
    return [_role_name(function) for function in ("account-discovery", "access-verifier", *(row["id"] for row in _manifests()))]


def _role_name(function: str) -> str:
    variable = f"POLO_ROLE_ARN_{function.upper().replace('-', '_')}"
    if not os.environ.get(variable):
        raise SetupError(f"{variable} is not set, so {function} could not be trusted: run make up and load .local/env first")
    return required(variable).rsplit("/", 1)[-1]


def _manifests() -> list[dict[str, Any]]:
    manifests = []
    for path in sorted(_COLLECTORS.glob("*/collector.json")):
        manifest = json.loads(path.read_text())
        if missing := {"id", "read_actions"} - set(manifest):
            raise SetupError(f"{path} is no manifest: give it {' and '.join(sorted(missing))}")
        manifests.append(manifest)
    if not manifests:
        raise SetupError(f"no collector has a manifest in {_COLLECTORS}: the read role would be allowed nothing")
    return manifests
