"""Service-managed StackSets: roles that really appear and vanish, auto-deployment, statuses, pages."""

import json
import unittest
from pathlib import Path

import harness as aws

SOURCE = Path(__file__).resolve().parents[3] / "roles" / "member-roles.template.json"
TEMPLATE = SOURCE.read_text().replace("${CollectorReadActions}", "ec2:DescribeInstances")
PARAMETERS = {
    "ReadRoleName": aws.READ_ROLE,
    "HubAccountId": aws.HUB,
    "ExternalId": aws.EXTERNAL_ID,
    "ReadRoleTrustedNames": "dev-polo-access-verifier,dev-polo-config_ec2",
}


def parameters(**more: str) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in {**PARAMETERS, **more}.items()]


class StackSets(unittest.TestCase):
    def setUp(self) -> None:
        aws.fresh()
        _, self.root_id = aws.organization()
        self.unit_id = aws.unit("Workloads", self.root_id)
        self.inner_id = aws.unit("Production", self.unit_id)
        self.other_id = aws.unit("Elsewhere", self.root_id)
        self.cloudformation = aws.client("cloudformation")

    def create(self, retain: bool = False, auto: bool = True) -> None:
        self.cloudformation.create_stack_set(
            StackSetName="polo-roles", TemplateBody=TEMPLATE, Parameters=parameters(), PermissionModel="SERVICE_MANAGED",
            AutoDeployment={"Enabled": auto, "RetainStacksOnAccountRemoval": retain}, Capabilities=["CAPABILITY_NAMED_IAM"],
            ManagedExecution={"Active": True},
        )  # fmt: skip

    def deploy(self, *unit_ids: str, **targets: object) -> str:
        return self.cloudformation.create_stack_instances(
            StackSetName="polo-roles", DeploymentTargets={"OrganizationalUnitIds": list(unit_ids), **targets}, Regions=["us-east-1"]
        )["OperationId"]

    def instances(self) -> dict[str, dict]:
        rows = self.cloudformation.list_stack_instances(StackSetName="polo-roles")["Summaries"]
        return {row["Account"]: row for row in rows}

    def works(self, account_id: str) -> bool:
        try:
            aws.assume(f"arn:aws:iam::{account_id}:role/{aws.READ_ROLE}")
            return True
        except aws.ClientError as error:
            self.assertEqual(error.response["Error"]["Code"], "AccessDenied")
            return False

    def test_deploys_real_roles_into_the_units_and_never_into_the_management_account(self) -> None:
        inside, nested, outside = aws.account("a", self.unit_id), aws.account("b", self.inner_id), aws.account("c", self.other_id)
        self.create()
        self.deploy(self.unit_id)
        self.assertEqual(set(self.instances()), {inside, nested})
        self.assertEqual([self.works(a) for a in (inside, nested, outside)], [True, True, False])
        row = self.instances()[nested]
        self.assertEqual(
            (row["Status"], row["StackInstanceStatus"], row["OrganizationalUnitId"]),
            ("CURRENT", {"DetailedStatus": "SUCCEEDED"}, self.inner_id),
        )
        role = aws.client("iam", aws.assume(f"arn:aws:iam::{inside}:role/{aws.READ_ROLE}")["Credentials"]).get_role(
            RoleName=aws.READ_ROLE
        )["Role"]
        self.assertTrue(role["Tags"])
        self.deploy(self.root_id)
        self.assertEqual(set(self.instances()), {inside, nested, outside})
        self.assertFalse(self.works(aws.HUB))

    def test_the_trust_names_the_functions(self) -> None:
        account_id = aws.account("a", self.unit_id)
        self.create()
        self.deploy(self.unit_id)
        arn = f"arn:aws:iam::{account_id}:role/{aws.READ_ROLE}"
        aws.assume(arn)
        self.assertEqual(aws.refused(lambda: aws.assume(arn, aws.function("dev-polo-collection-dispatcher")))[1], "AccessDenied")
        self.assertEqual(aws.refused(lambda: aws.assume(arn, external_id="other"))[1], "AccessDenied")

    def test_auto_deployment_follows_accounts(self) -> None:
        self.create()
        self.deploy(self.unit_id)
        account_id = aws.account("late")
        self.assertFalse(self.works(account_id))
        organizations = aws.client("organizations")
        organizations.move_account(AccountId=account_id, SourceParentId=self.root_id, DestinationParentId=self.inner_id)
        self.assertTrue(self.works(account_id))
        organizations.move_account(AccountId=account_id, SourceParentId=self.inner_id, DestinationParentId=self.other_id)
        self.assertEqual((self.instances(), self.works(account_id)), ({}, False))
        self.deploy(self.root_id)
        self.assertTrue(self.works(aws.account("born-in-a-target")))

    def test_retained_stacks_stay(self) -> None:
        account_id = aws.account("a", self.unit_id)
        self.create(retain=True)
        self.deploy(self.unit_id)
        aws.client("organizations").move_account(
            AccountId=account_id, SourceParentId=self.unit_id, DestinationParentId=self.other_id
        )
        self.assertEqual((self.instances(), self.works(account_id)), ({}, True))

    def test_without_auto_deployment_nothing_follows(self) -> None:
        self.create(auto=False)
        self.deploy(self.unit_id)
        account_id = aws.account("late", self.unit_id)
        self.assertEqual((self.instances(), self.works(account_id)), ({}, False))

    def test_account_filters(self) -> None:
        one, two = aws.account("one", self.unit_id), aws.account("two", self.unit_id)
        self.create()
        self.deploy(self.unit_id, Accounts=[one], AccountFilterType="INTERSECTION")
        self.assertEqual([self.works(one), self.works(two)], [True, False])
        three = aws.account("three", self.unit_id)
        self.assertFalse(self.works(three))
        self.deploy(self.unit_id, Accounts=[three], AccountFilterType="DIFFERENCE")
        self.assertEqual([self.works(two), self.works(three)], [True, False])
        direct = aws.refused(
            lambda: self.cloudformation.create_stack_instances(StackSetName="polo-roles", Accounts=[one], Regions=["us-east-1"])
        )
        self.assertEqual(direct[1], "ValidationError")

    def test_failed_deployment_is_told_and_leaves_no_role(self) -> None:
        account_id = aws.account("taken")
        aws.role(account_id, aws.trust({"AWS": "999999999999"}))
        self.create()
        self.deploy(self.root_id, Accounts=[account_id], AccountFilterType="INTERSECTION")
        row = self.instances()[account_id]
        self.assertEqual((row["Status"], row["StackInstanceStatus"]["DetailedStatus"]), ("OUTDATED", "FAILED"))
        self.assertIn("already exists", row["StatusReason"])
        self.assertFalse(self.works(account_id))

    def test_status_by_order(self) -> None:
        account_id = aws.account("a", self.unit_id)
        self.create()
        self.deploy(self.unit_id)
        order = {"stack_set_name": "polo-roles", "account_id": account_id, "status": "OUTDATED", "detailed_status": "FAILED",
                 "status_reason": "ResourceStatusReason:quota."}  # fmt: skip
        self.assertEqual(aws.control("POST", "stack-instance", order)[0], 200)
        row = self.cloudformation.describe_stack_instance(
            StackSetName="polo-roles", StackInstanceAccount=account_id, StackInstanceRegion="us-east-1"
        )["StackInstance"]
        self.assertEqual((row["Status"], row["StatusReason"]), ("OUTDATED", "ResourceStatusReason:quota."))
        self.assertFalse(self.works(account_id))
        aws.control("POST", "stack-instance", {"stack_set_name": "polo-roles", "account_id": account_id, "status": "CURRENT"})
        self.assertTrue(self.works(account_id))
        for wrong, status in (({"status": "BROKEN"}, 400), ({"account_id": "999999999999"}, 404), ({"stack_set_name": "x"}, 404)):
            self.assertEqual(aws.control("POST", "stack-instance", {**order, **wrong})[0], status)

    def test_suspended_accounts_are_skipped(self) -> None:
        account_id = aws.account("sleeping", self.unit_id)
        aws.control("POST", "account-state", {"account_id": account_id, "state": "SUSPENDED"})
        self.create()
        self.deploy(self.unit_id)
        row = self.instances()[account_id]
        self.assertEqual(row["StackInstanceStatus"]["DetailedStatus"], "SKIPPED_SUSPENDED_ACCOUNT")

    def test_update_and_delete(self) -> None:
        account_id = aws.account("a", self.unit_id)
        self.create()
        self.deploy(self.unit_id)
        self.cloudformation.update_stack_set(
            StackSetName="polo-roles", UsePreviousTemplate=True, Parameters=parameters(ExternalId="changed"),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )  # fmt: skip
        self.assertFalse(self.works(account_id))
        aws.assume(f"arn:aws:iam::{account_id}:role/{aws.READ_ROLE}", external_id="changed")
        self.cloudformation.update_stack_instances(
            StackSetName="polo-roles", DeploymentTargets={"OrganizationalUnitIds": [self.unit_id]}, Regions=["us-east-1"],
            ParameterOverrides=[{"ParameterKey": "ExternalId", "ParameterValue": aws.EXTERNAL_ID}],
        )  # fmt: skip
        self.assertTrue(self.works(account_id))
        described = self.cloudformation.describe_stack_instance(
            StackSetName="polo-roles", StackInstanceAccount=account_id, StackInstanceRegion="us-east-1"
        )["StackInstance"]
        self.assertEqual(described["ParameterOverrides"], [{"ParameterKey": "ExternalId", "ParameterValue": aws.EXTERNAL_ID}])
        operations = self.cloudformation.list_stack_set_operations(StackSetName="polo-roles")["Summaries"]
        self.assertEqual([operation["Action"] for operation in operations], ["CREATE", "UPDATE", "UPDATE"])
        results = self.cloudformation.list_stack_set_operation_results(
            StackSetName="polo-roles", OperationId=operations[0]["OperationId"]
        )["Summaries"]
        self.assertEqual([result["Account"] for result in results], [account_id])
        self.cloudformation.delete_stack_instances(
            StackSetName="polo-roles", DeploymentTargets={"OrganizationalUnitIds": [self.unit_id]}, Regions=["us-east-1"],
            RetainStacks=False,
        )  # fmt: skip
        self.assertEqual((self.instances(), self.works(account_id)), ({}, False))
        self.assertFalse(self.works(aws.account("later", self.unit_id)))

    def test_an_operation_is_the_callers_and_ends_account_by_account(self) -> None:
        works, taken, left = aws.account("works", self.unit_id), aws.account("taken", self.inner_id), aws.account("left", self.unit_id)
        aws.role(taken, aws.trust({"AWS": "999999999999"}))
        self.create(auto=False)
        operation_id = "0f8fad5b-d9cb-569f-a165-70867728950e"
        request = {
            "StackSetName": "polo-roles", "Regions": ["us-east-1"], "OperationId": operation_id,
            "DeploymentTargets": {
                "OrganizationalUnitIds": [self.unit_id], "Accounts": [works, taken], "AccountFilterType": "INTERSECTION"
            },
            "OperationPreferences": {"FailureTolerancePercentage": 100, "MaxConcurrentPercentage": 100},
        }  # fmt: skip
        unknown = aws.refused(
            lambda: self.cloudformation.describe_stack_set_operation(StackSetName="polo-roles", OperationId=operation_id)
        )
        self.assertEqual(unknown[1], "OperationNotFoundException")
        self.assertEqual(self.cloudformation.create_stack_instances(**request)["OperationId"], operation_id)
        again = aws.refused(lambda: self.cloudformation.create_stack_instances(**request))
        self.assertEqual(again[1], "OperationIdAlreadyExistsException")
        self.assertEqual([self.works(a) for a in (works, taken, left)], [True, False, False])

        operation = self.cloudformation.describe_stack_set_operation(StackSetName="polo-roles", OperationId=operation_id)
        self.assertEqual(operation["StackSetOperation"]["Status"], "SUCCEEDED")
        told = self.cloudformation.list_stack_set_operation_results(StackSetName="polo-roles", OperationId=operation_id)
        results = {row["Account"]: row for row in told["Summaries"]}
        self.assertEqual({a: row["Status"] for a, row in results.items()}, {works: "SUCCEEDED", taken: "FAILED"})
        self.assertIn("already exists", results[taken]["StatusReason"])
        first = self.cloudformation.list_stack_set_operation_results(
            StackSetName="polo-roles", OperationId=operation_id, MaxResults=1
        )
        self.assertEqual((len(first["Summaries"]), first["NextToken"]), (1, "1"))

    def test_pages_of_at_most_100(self) -> None:
        self.create()
        self.deploy(self.unit_id)
        for n in range(7):
            aws.account(f"n{n}", self.unit_id)
        first = self.cloudformation.list_stack_instances(StackSetName="polo-roles", MaxResults=5)
        second = self.cloudformation.list_stack_instances(StackSetName="polo-roles", MaxResults=5, NextToken=first["NextToken"])
        self.assertEqual((len(first["Summaries"]), len(second["Summaries"])), (5, 2))
        self.assertNotIn("NextToken", second)
        many = aws.refused(lambda: self.cloudformation.list_stack_instances(StackSetName="polo-roles", MaxResults=101))
        self.assertEqual(many[1], "ValidationError")

    def test_describe_and_missing(self) -> None:
        self.create()
        self.deploy(self.unit_id)
        stack_set = self.cloudformation.describe_stack_set(StackSetName="polo-roles")["StackSet"]
        self.assertIn({"ParameterKey": "ReadRoleName", "ParameterValue": aws.READ_ROLE}, stack_set["Parameters"])
        self.assertEqual(stack_set["AutoDeployment"], {"Enabled": True, "RetainStacksOnAccountRemoval": False})
        self.assertEqual((stack_set["OrganizationalUnitIds"], stack_set["ManagedExecution"]), ([self.unit_id], {"Active": True}))
        missing = aws.refused(lambda: self.cloudformation.list_stack_instances(StackSetName="nothing"))
        self.assertEqual(missing[:2], (404, "StackSetNotFoundException"))
        member = aws.client("cloudformation", aws.enter(aws.account("a", self.unit_id)))
        self.assertEqual(
            aws.refused(lambda: member.list_stack_instances(StackSetName="polo-roles"))[1], "StackSetNotFoundException"
        )

    def test_a_role_deleted_by_hand_stays_current(self) -> None:
        account_id = aws.account("a", self.unit_id)
        self.create()
        self.deploy(self.unit_id)
        iam = aws.client("iam", aws.enter(account_id))
        for name in iam.list_role_policies(RoleName=aws.READ_ROLE)["PolicyNames"]:
            iam.delete_role_policy(RoleName=aws.READ_ROLE, PolicyName=name)
        iam.delete_role(RoleName=aws.READ_ROLE)
        self.assertEqual((self.instances()[account_id]["Status"], self.works(account_id)), ("CURRENT", False))
        aws.client("organizations").move_account(
            AccountId=account_id, SourceParentId=self.unit_id, DestinationParentId=self.other_id
        )
        self.assertEqual(self.instances(), {})

    def test_verifier_reads_it_with_its_own_role(self) -> None:
        self.create()
        verifier = aws.client("cloudformation", aws.function())
        self.assertEqual(verifier.list_stack_instances(StackSetName="polo-roles")["Summaries"], [])
        self.assertEqual(aws.refused(lambda: verifier.list_stack_instances(StackSetName="others"))[1], "AccessDenied")
        self.assertEqual(aws.refused(lambda: verifier.delete_stack_set(StackSetName="polo-roles"))[1], "AccessDenied")

    def test_plain_stack_in_the_management_account(self) -> None:
        self.cloudformation.create_stack(
            StackName="polo-roles", TemplateBody=TEMPLATE, Parameters=parameters(), Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        self.assertTrue(self.works(aws.HUB))
        credentials = aws.assume(f"arn:aws:iam::{aws.HUB}:role/{aws.READ_ROLE}")["Credentials"]
        aws.client("ec2", credentials).describe_instances()
        self.assertEqual(aws.refused(aws.client("s3", credentials).list_buckets)[1], "AccessDenied")

    def test_template_is_small_enough_for_a_stack_set(self) -> None:
        self.assertLess(len(TEMPLATE), 51_200)
        json.loads(TEMPLATE)


if __name__ == "__main__":
    unittest.main()
