"""What the read role of a member account may do, and the parameters of its template.

Invariant: nothing is listed by hand that a collector's manifest lists: the role may do the union of every manifest's `read_actions`, and
what the access checks need.
"""

import json
import os
from pathlib import Path

from local_aws import SetupError, required

TEMPLATE = Path(__file__).resolve().parent / "member-role.template.json"
_COLLECTORS = Path(__file__).resolve().parents[3] / "crates" / "collectors"
# Beside iam:GetRole on the role itself, which the template allows.
_CHECK_ACTIONS = {"organizations:DescribeOrganization"}


def read_actions() -> list[str]:
    """Every IAM action that a collector or a check calls on any resource."""
    manifests = sorted(_COLLECTORS.glob("*/collector.json"))
    if not manifests:
        raise SetupError(f"no collector has a manifest in {_COLLECTORS}: the read role would be allowed nothing")
    actions = set(_CHECK_ACTIONS)
    for path in manifests:
        try:
            actions |= set(json.loads(path.read_text())["read_actions"])
        except (ValueError, KeyError) as error:
            raise SetupError(f"{path} is no manifest ({error!r}): give it read_actions") from None
    return sorted(actions)


def parameters() -> list[dict[str, str]]:
    """The template's parameters, from the environment and the manifests."""
    function_roles = sorted(value for name, value in os.environ.items() if name.startswith("POLO_ROLE_ARN_") and value)
    if not function_roles:
        raise SetupError("no POLO_ROLE_ARN_… is set, so no function could be trusted: run make up and load .local/env first")
    values = {
        "RoleName": required("POLO_READ_ROLE_NAME"),
        "HubAccountId": required("POLO_HUB_ACCOUNT_ID"),
        "ExternalId": required("POLO_EXTERNAL_ID"),
        "FunctionRoleArns": ",".join(function_roles),
        "ReadActions": ",".join(read_actions()),
    }
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
