"""The member roles' own template, filled in, as the local AWS deploys and decides by it: whom it lets in, and what it lets them do."""

import importlib
import json
import os
import sys
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import harness as aws

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "example"))
member_roles = importlib.import_module("member_roles")

ENVIRONMENT = {
    "POLO_HUB_ACCOUNT_ID": aws.HUB, "POLO_EXTERNAL_ID": aws.EXTERNAL_ID, "POLO_READ_ROLE_NAME": aws.READ_ROLE, **aws.ROLE_ARNS,
}  # fmt: skip
ACTION_ROLE = "dev-polo-action-role"
ACTING = {"EnableActionRole": "true", "ActionRoleName": ACTION_ROLE}


def body(**more: str) -> dict[str, Any]:
    with mock.patch.dict(os.environ, ENVIRONMENT):
        return dict(member_roles.body(**more))


class Deployed(unittest.TestCase):
    def setUp(self) -> None:
        aws.fresh()
        self.organization_id, self.root_id = aws.organization()
        self.account_id = aws.account("shop")
        self.administrator = aws.enter(self.account_id)
        self.cloudformation = aws.client("cloudformation", self.administrator)
        self.read_arn = f"arn:aws:iam::{self.account_id}:role/{aws.READ_ROLE}"
        self.action_arn = f"arn:aws:iam::{self.account_id}:role/{ACTION_ROLE}"

    def deploy(self, **more: str) -> None:
        self.cloudformation.create_stack(StackName="polo-roles", **body(**more))

    def enters(self, arn: str, **more: Any) -> bool:
        try:
            aws.assume(arn, **more)
            return True
        except aws.ClientError as error:
            self.assertEqual(error.response["Error"]["Code"], "AccessDenied")
            return False

    def test_lets_in_the_functions_named_and_nobody_else(self) -> None:
        self.deploy()
        self.assertTrue(self.enters(self.read_arn))
        self.assertFalse(self.enters(self.read_arn, credentials=aws.function("dev-polo-collection-dispatcher")))
        self.assertFalse(self.enters(self.read_arn, external_id="another"))
        self.assertFalse(self.enters(self.read_arn, external_id=None))
        administrator = aws.client("sts")
        refused = aws.refused(
            lambda: administrator.assume_role(RoleArn=self.read_arn, RoleSessionName="by-hand", ExternalId=aws.EXTERNAL_ID)
        )
        self.assertEqual(refused[1], "AccessDenied")

    def test_a_role_of_that_name_under_a_path_is_another(self) -> None:
        self.deploy()
        iam = aws.client("iam")
        iam.create_role(RoleName="dev-polo-cost", Path="/elsewhere/", AssumeRolePolicyDocument=json.dumps(aws.trust()))
        everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        iam.put_role_policy(RoleName="dev-polo-cost", PolicyName="all", PolicyDocument=json.dumps(everything))
        session = aws.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{aws.HUB}:role/elsewhere/dev-polo-cost", RoleSessionName="path", ExternalId=aws.EXTERNAL_ID
        )
        self.assertFalse(self.enters(self.read_arn, credentials=session["Credentials"]))

    def test_the_organization_counts_where_it_is_given(self) -> None:
        self.deploy(OrganizationId=self.organization_id)
        self.assertTrue(self.enters(self.read_arn))
        self.cloudformation.delete_stack(StackName="polo-roles")
        self.assertFalse(self.enters(self.read_arn))
        self.deploy(OrganizationId="o-anotherorg1")
        self.assertFalse(self.enters(self.read_arn))

    def test_the_trust_as_text_decides_as_the_trust_as_an_object(self) -> None:
        user = aws.client("iam").create_user(UserName="port-ocean")["User"]["Arn"]
        key = aws.client("iam").create_access_key(UserName="port-ocean")["AccessKey"]
        port = {"AccessKeyId": key["AccessKeyId"], "SecretAccessKey": key["SecretAccessKey"], "SessionToken": None}
        for more, expected in (({}, False), ({"ExtraPrincipalArns": user}, True)):
            self.deploy(OrganizationId=self.organization_id, **more)
            self.assertTrue(self.enters(self.read_arn))
            self.assertFalse(self.enters(self.read_arn, credentials=aws.function("dev-polo-collection-dispatcher")))
            self.assertFalse(self.enters(self.read_arn, external_id="another"))
            self.assertEqual(self.enters(self.read_arn, credentials=port), expected)
            self.assertFalse(self.enters(self.read_arn, credentials=port, external_id="another"))
            self.cloudformation.delete_stack(StackName="polo-roles")

    def test_reads_what_the_manifests_declare_and_never_data(self) -> None:
        self.deploy()
        s3 = aws.client("s3", self.administrator)
        s3.create_bucket(Bucket="customers")
        s3.put_object(Bucket="customers", Key="one", Body=b"secret")
        # Somebody attaches more than Polo asked for: the denial holds.
        iam = aws.client("iam", self.administrator)
        everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        iam.put_role_policy(RoleName=aws.READ_ROLE, PolicyName="everything", PolicyDocument=json.dumps(everything))
        session = aws.assume(self.read_arn)["Credentials"]
        self.assertEqual([row["Name"] for row in aws.client("s3", session).list_buckets()["Buckets"]], ["customers"])
        aws.client("ec2", session).describe_instances()
        aws.client("sqs", session).list_queues()  # only what was attached allows it
        aws.client("iam", session).get_role(RoleName=aws.READ_ROLE)
        for service, operation, arguments in (
            ("s3", "get_object", {"Bucket": "customers", "Key": "one"}),
            ("ec2", "describe_instance_attribute", {"InstanceId": "i-0123456789abcdef0", "Attribute": "userData"}),
            ("ec2", "get_console_output", {"InstanceId": "i-0123456789abcdef0"}),
            ("logs", "get_log_events", {"logGroupName": "app", "logStreamName": "one"}),
            ("secretsmanager", "get_secret_value", {"SecretId": "password"}),
            ("ssm", "get_parameters_by_path", {"Path": "/"}),
            ("dynamodb", "scan", {"TableName": "customers"}),
        ):
            with self.subTest(operation=operation):
                call = getattr(aws.client(service, session), operation)
                self.assertIn("explicit deny in an identity-based policy", aws.refused(lambda call=call, a=arguments: call(**a))[2])

    def test_without_more_attached_it_may_do_what_it_declares_alone(self) -> None:
        self.deploy()
        session = aws.assume(self.read_arn)["Credentials"]
        aws.client("ec2", session).describe_instances()
        self.assertIn("no identity-based policy allows", aws.refused(aws.client("sqs", session).list_queues)[2])
        other = aws.refused(lambda: aws.client("iam", session).get_role(RoleName="OrganizationAccountAccessRole"))
        self.assertEqual(other[1], "AccessDenied")

    def test_the_action_role_is_there_where_it_is_enabled(self) -> None:
        self.deploy(**ACTING)  # and nobody named who may assume it but the verifier
        self.assertTrue(self.enters(self.action_arn))
        self.assertFalse(self.enters(self.action_arn, credentials=aws.function("dev-polo-collection-dispatcher")))
        self.assertFalse(self.enters(self.action_arn, external_id="another"))
        session = aws.assume(self.action_arn)["Credentials"]
        self.assertEqual(aws.refused(aws.client("ec2", session).describe_instances)[1], "UnauthorizedOperation")
        self.cloudformation.delete_stack(StackName="polo-roles")
        self.assertFalse(self.enters(self.action_arn))
        self.deploy()
        self.assertFalse(self.enters(self.action_arn))

    def test_defaults_of_the_template_count_as_values_that_are_given(self) -> None:
        wanted = body(OrganizationId=self.organization_id, **ACTING)
        template = json.loads(wanted["TemplateBody"])
        for row in wanted["Parameters"]:
            template["Parameters"][row["ParameterKey"]]["Default"] = row["ParameterValue"]
        self.cloudformation.create_stack(
            StackName="polo-roles", TemplateBody=json.dumps(template), Capabilities=wanted["Capabilities"]
        )
        self.assertTrue(self.enters(self.read_arn))
        self.assertFalse(self.enters(self.read_arn, credentials=aws.function("dev-polo-collection-dispatcher")))
        self.assertTrue(self.enters(self.action_arn))

    def test_objects_are_deleted_in_the_buckets_named(self) -> None:
        self.deploy(DeletableBucketArns="arn:aws:s3:::exports-2019,arn:aws:s3:::exports-2020", **ACTING)
        s3 = aws.client("s3", self.administrator)
        for bucket in ("exports-2020", "exports-2021"):
            s3.create_bucket(Bucket=bucket)
            s3.put_object(Bucket=bucket, Key="one", Body=b"old")
        acting = aws.client("s3", aws.assume(self.action_arn)["Credentials"])
        acting.delete_object(Bucket="exports-2020", Key="one")
        self.assertEqual(aws.refused(lambda: acting.delete_object(Bucket="exports-2021", Key="one"))[1], "AccessDenied")
        self.assertEqual(aws.refused(lambda: acting.get_object(Bucket="exports-2021", Key="one"))[1], "AccessDenied")

    def test_both_roles_tell_their_version_and_their_policies_are_json(self) -> None:
        self.deploy(**ACTING)
        iam = aws.client("iam", self.administrator)
        for name in (aws.READ_ROLE, ACTION_ROLE):
            self.assertEqual([tag["Key"] for tag in iam.get_role(RoleName=name)["Role"]["Tags"]], ["polo:template-version"])
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
                self.assertIn("Statement", iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])


class Refused(unittest.TestCase):
    """What CloudFormation takes from nobody; each leaves the account as it was."""

    def setUp(self) -> None:
        aws.fresh()
        _, self.root_id = aws.organization()
        self.cloudformation = aws.client("cloudformation")

    def refused(self, **changed: Any) -> tuple[str, str]:
        wanted = {**body(), **changed}
        refused = aws.refused(lambda: self.cloudformation.create_stack(StackName="polo-roles", **wanted))[1:]
        self.assertEqual([row["StackName"] for row in self.cloudformation.list_stacks()["StackSummaries"]], ["hub"])
        return refused

    def test_a_parameter_outside_of_its_constraints(self) -> None:
        for name, value, rule in (
            ("ExternalId", "x", "must have 2 to 1224"),
            ("ExternalId", "two words", "must have 2 to 1224"),
            ("EnableActionRole", "yes", "must be true or false"),
            ("ReadRoleTrustedNames", "dev-polo-cost,*", "must list role names"),
            ("DeletableBucketArns", "arn:aws:s3:::exports/*", "must list bucket ARNs"),
        ):
            with self.subTest(name=name, value=value):
                code, message = self.refused(**{"Parameters": body(**{name: value})["Parameters"]})
                self.assertEqual(code, "ValidationError")
                self.assertIn(f"Parameter {name} failed to satisfy constraint: {rule}", message)

    def test_a_parameter_that_is_missing_or_unknown(self) -> None:
        given = [row for row in body()["Parameters"] if row["ParameterKey"] != "ExternalId"]
        self.assertIn("[ExternalId] must have values", self.refused(Parameters=given)[1])
        self.assertIn("[RoleName] do not exist", self.refused(**body(RoleName="one"))[1])

    def test_a_named_role_nobody_acknowledged(self) -> None:
        for capabilities in ([], ["CAPABILITY_IAM"]):
            code, message = self.refused(Capabilities=capabilities)
            self.assertEqual((code, message), ("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]"))

    def test_a_template_too_long_for_a_call(self) -> None:
        code, message = self.refused(TemplateBody=body()["TemplateBody"] + " " * 51_200)
        self.assertEqual(code, "ValidationError")
        self.assertIn("51200", message)

    def test_a_stack_set_says_why_it_failed_in_an_account(self) -> None:
        account_id = aws.account("shop")
        self.cloudformation.create_stack_set(
            StackSetName="polo-roles", PermissionModel="SERVICE_MANAGED",
            AutoDeployment={"Enabled": True, "RetainStacksOnAccountRemoval": False}, **body(),
        )  # fmt: skip
        self.cloudformation.create_stack_instances(
            StackSetName="polo-roles", Regions=["us-east-1"], DeploymentTargets={"OrganizationalUnitIds": [self.root_id]},
            ParameterOverrides=[{"ParameterKey": "ExternalId", "ParameterValue": "x"}],
        )  # fmt: skip
        (row,) = self.cloudformation.list_stack_instances(StackSetName="polo-roles")["Summaries"]
        self.assertEqual((row["Account"], row["StackInstanceStatus"]), (account_id, {"DetailedStatus": "FAILED"}))
        self.assertIn("must have 2 to 1224", row["StatusReason"])


if __name__ == "__main__":
    unittest.main()
