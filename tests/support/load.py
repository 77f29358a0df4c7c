"""Loads a small organization into the stack that the environment points at: its description on stdin, the ids on stdout, both JSON.

Invariant: everything is made by the calls with which it is made in life, with nothing but what `make up` writes into `.local/env`.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "infra/local/example"
sys.path.insert(0, str(EXAMPLE))

import member_role  # noqa: E402
from local_aws import LocalAws, required  # noqa: E402

IMAGE = "ami-0abcdef1234567890"


def function_roles() -> list[str]:
    """The roles of Polo's functions."""
    return sorted(value for name, value in os.environ.items() if name.startswith("POLO_ROLE_ARN_"))


def make_role(aws: LocalAws, account_id: str | None, kind: str) -> None:
    """The read role: `pinned` names the functions, `open` trusts the whole hub account with the external id."""
    condition: dict[str, Any] = {"StringEquals": {"sts:ExternalId": required("POLO_EXTERNAL_ID")}}
    if kind == "pinned":
        condition["ArnLike"] = {"aws:PrincipalArn": function_roles()}
    trust = {
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{required('POLO_HUB_ACCOUNT_ID')}:root"},
            "Action": "sts:AssumeRole", "Condition": condition,
        }],
    }  # fmt: skip
    actions = [*member_role.read_actions(), "iam:GetRole"]
    may = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    iam, name = aws.client("iam", account_id), required("POLO_READ_ROLE_NAME")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=json.dumps(may))


def roll_out(aws: LocalAws, unit_ids: list[str]) -> None:
    """A service-managed StackSet with the example's template over the units."""
    cloudformation, organizations = aws.client("cloudformation"), aws.client("organizations")
    organizations.enable_aws_service_access(ServicePrincipal="member.org.stacksets.cloudformation.amazonaws.com")
    name = required("POLO_STACK_SET_NAME")
    cloudformation.create_stack_set(
        StackSetName=name, PermissionModel="SERVICE_MANAGED", ManagedExecution={"Active": True},
        AutoDeployment={"Enabled": True, "RetainStacksOnAccountRemoval": False},
        TemplateBody=member_role.TEMPLATE.read_text(), Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=member_role.parameters(),
    )  # fmt: skip
    cloudformation.create_stack_instances(
        StackSetName=name, Regions=[aws.region], DeploymentTargets={"OrganizationalUnitIds": unit_ids},
        OperationPreferences={"FailureTolerancePercentage": 100},
    )  # fmt: skip


def load(aws: LocalAws, wanted: dict[str, Any]) -> dict[str, Any]:
    """Create it all."""
    organizations = aws.client("organizations")
    aws.control("POST", "options", {"enabled_regions": wanted["regions"]})
    organization = organizations.create_organization(FeatureSet="ALL")["Organization"]
    root_id = organizations.list_roots()["Roots"][0]["Id"]
    units = {"": root_id}
    for name, parent in wanted["units"]:
        unit = organizations.create_organizational_unit(ParentId=units[parent], Name=name)["OrganizationalUnit"]
        units[name] = unit["Id"]
    if wanted["stack_set_units"]:
        roll_out(aws, [units[name] for name in wanted["stack_set_units"]])
    accounts: dict[str, str] = {}
    for account in wanted["accounts"]:
        status = organizations.create_account(AccountName=account["name"], Email=f"aws+{account['name']}@example.com")
        account_id = accounts[account["name"]] = status["CreateAccountStatus"]["AccountId"]
        if account["unit"]:
            organizations.move_account(
                AccountId=account_id, SourceParentId=root_id, DestinationParentId=units[account["unit"]]
            )
        if account["role"] != "none":
            make_role(aws, account_id, account["role"])
        if account["alias"]:
            aws.client("iam", account_id).create_account_alias(AccountAlias=account["alias"])
        for region, number in account["instances"].items():
            for _ in range(number):  # a reservation each, so that they take pages
                aws.client("ec2", account_id, region).run_instances(
                    ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1
                )
    return {
        "organization_id": organization["Id"],
        "management_id": organization["MasterAccountId"],
        "units": units,
        "accounts": accounts,
    }


if __name__ == "__main__":
    print(json.dumps(load(LocalAws(), json.load(sys.stdin))))
