"""Loads a small organization into the stack that the environment points at: its description on stdin, the ids on stdout, both JSON.

Invariant: everything is made by the calls with which it is made in life, with nothing but what `make up` writes into `.local/env`.
"""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "infra/local/example"
sys.path.insert(0, str(EXAMPLE))

import member_roles  # noqa: E402
from local_aws import LocalAws, required  # noqa: E402

IMAGE = "ami-0abcdef1234567890"
STACK = "polo-roles"


def make_roles(aws: LocalAws, account_id: str, kind: str) -> None:
    """The member roles as a plain stack: `pinned` as they are, `open` with a trust that somebody edited to the whole hub account."""
    member_roles.deploy(aws, account_id, STACK)
    if kind == "pinned":
        return
    iam, name = aws.client("iam", account_id), required("POLO_READ_ROLE_NAME")
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    (statement,) = trust["Statement"]
    del statement["Condition"]["ArnLike"]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))


def roll_out(aws: LocalAws, organization_id: str, unit_ids: list[str]) -> None:
    """A service-managed StackSet of the member roles over the units."""
    cloudformation, organizations = aws.client("cloudformation"), aws.client("organizations")
    organizations.enable_aws_service_access(ServicePrincipal="member.org.stacksets.cloudformation.amazonaws.com")
    name = required("POLO_STACK_SET_NAME")
    cloudformation.create_stack_set(
        StackSetName=name, PermissionModel="SERVICE_MANAGED", ManagedExecution={"Active": True},
        AutoDeployment={"Enabled": True, "RetainStacksOnAccountRemoval": False},
        **member_roles.body(OrganizationId=organization_id),
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
        roll_out(aws, organization["Id"], [units[name] for name in wanted["stack_set_units"]])
    accounts: dict[str, str] = {}
    for account in wanted["accounts"]:
        status = organizations.create_account(AccountName=account["name"], Email=f"aws+{account['name']}@example.com")
        account_id = accounts[account["name"]] = status["CreateAccountStatus"]["AccountId"]
        if account["unit"]:
            organizations.move_account(
                AccountId=account_id, SourceParentId=root_id, DestinationParentId=units[account["unit"]]
            )
        if account["role"] != "none":
            make_roles(aws, account_id, account["role"])
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
