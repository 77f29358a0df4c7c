"""Loads the example organization into the local AWS: over 20 accounts under nested OUs, one or more in every condition.

    set -a; . .local/env; set +a; .tools/venv/bin/python infra/local/example/example_organization.py

Reads the environment that `make up` writes, prints the manifest as JSON on stdout and progress on stderr. Invariant: an organization
that exists already is left as it is; the manifest is then read from it.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import bills
import conditions
import member_roles
import resources
from accounts import ACCOUNTS, EXPECTED, OUT_OF_SCOPE_UNIT, REGIONS, TARGET_UNITS, UNITS, Account
from botocore.exceptions import BotoCoreError, ClientError
from local_aws import LocalAws, SetupError

CONDITION_TAG = "example:condition"
RESOURCES_TAG = "example:resources:"  # and the kind of resource
COMPLETE_TAG = "example:complete"
AT_ONCE = 4  # accounts that are filled at the same time


def say(text: str) -> None:
    """Progress, for people."""
    print(text, file=sys.stderr, flush=True)


def progress(text: str) -> None:
    """Progress that only someone who watches needs."""
    if sys.stderr.isatty():
        say(text)


def load(aws: LocalAws) -> None:
    """Create everything, in the order in which it happens in life."""
    organizations, cloudformation = aws.client("organizations"), aws.client("cloudformation")
    member_roles.parameters()  # what is missing is named before the first change
    aws.control("POST", "options", {"enabled_regions": REGIONS})

    organization = organizations.create_organization(FeatureSet="ALL")["Organization"]
    root_id = organizations.list_roots()["Roots"][0]["Id"]
    for policy_type in ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"):
        organizations.enable_policy_type(RootId=root_id, PolicyType=policy_type)
    organizations.enable_aws_service_access(ServicePrincipal="member.org.stacksets.cloudformation.amazonaws.com")
    unit_ids = {"": root_id}
    for name, parent in UNITS.items():
        unit = organizations.create_organizational_unit(ParentId=unit_ids[parent], Name=name)["OrganizationalUnit"]
        unit_ids[name] = unit["Id"]
    say(f"organization with {len(UNITS)} OUs")

    cloudformation.create_stack_set(
        StackSetName=conditions.STACK_SET, PermissionModel="SERVICE_MANAGED", ManagedExecution={"Active": True},
        AutoDeployment={"Enabled": True, "RetainStacksOnAccountRemoval": False},
        **member_roles.body(OrganizationId=organization["Id"]),
    )  # fmt: skip
    cloudformation.create_stack_instances(
        StackSetName=conditions.STACK_SET, Regions=[aws.region],
        DeploymentTargets={"OrganizationalUnitIds": [unit_ids[name] for name in TARGET_UNITS]},
        OperationPreferences={"FailureTolerancePercentage": 100},
    )  # fmt: skip
    # StackSets leave the management account out, so the same template is deployed there as a plain stack.
    member_roles.deploy(aws, None, conditions.STACK_SET, OrganizationId=organization["Id"])
    say(f"StackSet {conditions.STACK_SET}, and the same roles as a plain stack in the management account")

    account_ids: dict[str, str] = {}
    for account in ACCOUNTS:
        tags = {"owner": f"team-{account.service}", CONDITION_TAG: account.condition}
        status = organizations.create_account(
            AccountName=account.name, Email=f"aws+{account.name}@example.com",
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )["CreateAccountStatus"]  # fmt: skip
        account_id = account_ids[account.name] = status["AccountId"]
        organizations.move_account(AccountId=account_id, SourceParentId=root_id, DestinationParentId=unit_ids[account.unit])
    bills.load(aws, {account_ids[account.name]: account for account in ACCOUNTS}, aws.management_id())
    say(f"{len(ACCOUNTS)} accounts, and what they cost")

    def fill(account: Account) -> dict[str, int]:
        resources.fill(aws, account_ids[account.name], account)
        return resources.count(aws, account_ids[account.name], account)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number, (account, counts) in enumerate(zip(ACCOUNTS, pool.map(fill, ACCOUNTS), strict=True), start=1):
            account_id = account_ids[account.name]
            # A tag each: a tag's value has room for 256 characters.
            tags = {f"{RESOURCES_TAG}{kind}": str(many) for kind, many in counts.items()}
            organizations.tag_resource(ResourceId=account_id, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
            progress(f"[{number}/{len(ACCOUNTS)}] {account_id} {account.name} in {account.unit}: {sum(counts.values())} resources")

    # The throttle comes last: it would meet the loader's own calls too.
    for account in sorted(ACCOUNTS, key=lambda account: account.condition == "throttled_at_first"):
        conditions.make(aws, account.condition, account_ids[account.name])
    organizations.tag_resource(ResourceId=root_id, Tags=[{"Key": COMPLETE_TAG, "Value": "true"}])
    say("every account is in its condition")


def pages(call: Any, key: str, **more: Any) -> list[dict[str, Any]]:
    """All pages of an Organizations listing."""
    rows, token = [], None
    while True:
        answer = call(**more, **({"NextToken": token} if token else {}))
        rows += answer[key]
        token = answer.get("NextToken")
        if token is None:
            return rows


def manifest(aws: LocalAws) -> dict[str, Any]:
    """What was loaded and what Polo must make of it, read from the organization itself."""
    organizations = aws.client("organizations")
    organization = organizations.describe_organization()["Organization"]
    root_id = organizations.list_roots()["Roots"][0]["Id"]
    unit_ids: dict[str, str] = {}
    waiting = [root_id]
    while waiting:
        for unit in pages(organizations.list_organizational_units_for_parent, "OrganizationalUnits", ParentId=waiting.pop()):
            unit_ids[unit["Name"]] = unit["Id"]
            waiting.append(unit["Id"])
    management_id = organization["MasterAccountId"]
    rows = []
    for account in pages(organizations.list_accounts, "Accounts"):
        account_id = account["Id"]
        tags = {tag["Key"]: tag["Value"] for tag in organizations.list_tags_for_resource(ResourceId=account_id)["Tags"]}
        condition = "management_account" if account_id == management_id else tags.get(CONDITION_TAG)
        if condition is None:
            continue  # somebody's own account beside the example's
        status, reason = EXPECTED[condition]
        row: dict[str, Any] = {
            "account_id": account_id,
            "name": account["Name"],
            "condition": condition,
            "expected_polo_status": status,
            "expected_status_reason": reason,
        }
        if condition == "excluded_by_operator":
            row["operator"] = {"action": "exclude", "reason": "read by an outside auditor under its own contract"}
        if condition == "role_elsewhere":
            row["operator"] = {"action": "set", "read_role_arn": conditions.role_elsewhere_arn(account_id)}
        if status == "active":
            # What Polo must find: where a policy denies ec2 there is nothing to find, and the management account is empty.
            found = {key.removeprefix(RESOURCES_TAG): int(value) for key, value in tags.items() if key.startswith(RESOURCES_TAG)}
            row["expected_resources"] = found
        rows.append(row)
    return {
        "organization_id": organization["Id"],
        "root_id": root_id,
        "management_account_id": management_id,
        "organizational_units": unit_ids,
        "out_of_scope_ou_ids": [unit_ids[OUT_OF_SCOPE_UNIT]],
        "stack_set_name": conditions.STACK_SET,
        "regions": REGIONS,
        "accounts": rows,
    }


def loaded(aws: LocalAws) -> bool:
    """Whether the example is there already; an organization that is not it, or only half of it, is an error."""
    organizations = aws.client("organizations")
    try:
        root_id = organizations.list_roots()["Roots"][0]["Id"]
    except organizations.exceptions.AWSOrganizationsNotInUseException:
        return False
    tags = {tag["Key"] for tag in organizations.list_tags_for_resource(ResourceId=root_id)["Tags"]}
    if COMPLETE_TAG not in tags:
        raise SetupError("the local AWS has an organization that is not the complete example: start again with make down up")
    return True


def main() -> int:
    """Load if need be, then print the manifest."""
    try:
        aws = LocalAws()
        if loaded(aws):
            say("the example organization exists already: nothing is changed")
        else:
            load(aws)
        print(json.dumps(manifest(aws), indent=2))
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (ClientError, BotoCoreError) as error:
        print(f"error: the local AWS refused a step: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
