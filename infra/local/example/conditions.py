"""What goes wrong in an account: each condition is made with the calls by which it happens in life.

Invariant: a condition is made after the roles are rolled out and the resources exist, as it would be.
"""

import json
from collections.abc import Callable
from typing import Any

import member_roles
from local_aws import LocalAws, required

STACK_SET = "polo-roles"
ROLE_ELSEWHERE = "/platform/finops/acquired-reader"


def make(aws: LocalAws, condition: str, account_id: str) -> None:
    """Put the account into the condition; conditions that need nothing done are not in the table."""
    if condition in _MAKERS:
        _MAKERS[condition](aws, account_id)


def role_elsewhere_arn(account_id: str) -> str:
    """The read role that the acquired company made for itself, under its own path and name."""
    return f"arn:aws:iam::{account_id}:role{ROLE_ELSEWHERE}"


def _delete_role(aws: LocalAws, account_id: str) -> None:
    iam, name = aws.client("iam", account_id), required("POLO_READ_ROLE_NAME")
    for policy_name in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy_name)
    iam.delete_role(RoleName=name)


def _edit_trust(change: Callable[[dict[str, Any]], None]) -> Callable[[LocalAws, str], None]:
    def edit(aws: LocalAws, account_id: str) -> None:
        iam, name = aws.client("iam", account_id), required("POLO_READ_ROLE_NAME")
        document = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        change(document["Statement"][0])
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(document))

    return edit


def _trust_another_account(statement: dict[str, Any]) -> None:
    statement["Principal"] = {"AWS": "arn:aws:iam::999988887777:root"}


def _expect_another_external_id(statement: dict[str, Any]) -> None:
    statement["Condition"]["StringEquals"]["sts:ExternalId"] = "the-id-of-last-year"


def _attach(policy_type: str, name: str, statement: dict[str, Any]) -> Callable[[LocalAws, str], None]:
    def attach(aws: LocalAws, account_id: str) -> None:
        organizations = aws.client("organizations")
        content = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        policy = organizations.create_policy(Name=name, Description=name, Type=policy_type, Content=content)["Policy"]
        organizations.attach_policy(PolicyId=policy["PolicySummary"]["Id"], TargetId=account_id)

    return attach


def _state(state: str) -> Callable[[LocalAws, str], None]:
    return lambda aws, account_id: aws.control("POST", "account-state", {"account_id": account_id, "state": state})


def _deployment(detailed_status: str, reason: str) -> Callable[[LocalAws, str], None]:
    def deployment(aws: LocalAws, account_id: str) -> None:
        aws.control("POST", "stack-instance", {
            "stack_set_name": STACK_SET, "account_id": account_id, "status": "OUTDATED",
            "detailed_status": detailed_status, "status_reason": reason,
        })  # fmt: skip

    return deployment


def _own_role(aws: LocalAws, account_id: str) -> None:
    path, name = ROLE_ELSEWHERE.rsplit("/", 1)
    member_roles.deploy(aws, account_id, "finops-reader", ReadRoleName=name, RolePath=f"{path}/")


def _throttle(aws: LocalAws, account_id: str) -> None:
    aws.control("POST", "faults", {
        "service": "sts", "operation": "AssumeRole", "account_id": account_id, "status": 400, "code": "Throttling",
        "message": "Rate exceeded", "times": 2,
    })  # fmt: skip


_MAKERS: dict[str, Callable[[LocalAws, str], None]] = {
    "role_missing": _delete_role,
    "trust_broken": _edit_trust(_trust_another_account),
    "external_id_wrong": _edit_trust(_expect_another_external_id),
    "denied_by_rcp": _attach(
        "RESOURCE_CONTROL_POLICY", "no-outside-access",
        {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*",
         "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*"}}},
    ),
    "ec2_denied_by_scp": _attach(
        "SERVICE_CONTROL_POLICY", "no-ec2-near-cards", {"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}
    ),
    "deployment_failed": _deployment(
        "FAILED",
        "ResourceLogicalId:ReadRole, ResourceType:AWS::IAM::Role, ResourceStatusReason:Resource handler returned message: "
        "\"User is not authorized to perform: iam:CreateRole with an explicit deny in a service control policy\".",
    ),
    "brand_new": _deployment("PENDING", "The account joined a moment ago; its stack is waiting to be created."),
    "role_elsewhere": _own_role,
    "suspended": _state("SUSPENDED"),
    "pending_closure": _state("PENDING_CLOSURE"),
    "closed": _state("CLOSED"),
    "throttled_at_first": _throttle,
}  # fmt: skip
